// What each measured thing may cost at most, and what stands in the way where that is missed.
//
// `whyMissed` is printed below the table when the target is not met: what was measured, and whose limit it is.

const isOldNode = Number.parseInt(process.versions.node, 10) < 22;

export const targets = {
  version: { atMost: 1.15 },
  help: { atMost: 1.25 },
  completion: { atMost: 1.5 },
  list: {
    atMost: 2,
    whyMissed:
      'a process that writes to a pipe and makes one GET with node:http takes 1.45, with node-fetch 1.75; loading the program from its code cache, the configuration, the token, the page and the table take the rest',
  },
  // Node 20 reads its root certificates anew in every process.
  listOverHttps: {
    atMost: isOldNode ? 3.2 : 2.5,
    whyMissed: 'what a list takes over http, and about 1.1 for TLS, its modules and the root certificates',
  },
  standaloneVersion: { atMost: 1 },
  ndjsonTime: {
    atMost: 0.12,
    whyMissed:
      'node-fetch, reading the same pages and doing nothing with them, takes about half of the processor time; checking and slicing the JSON takes a tenth; below 100,000 jobs start-up counts',
  },
  ndjsonMemory: { atMost: 2.5 },
  ndjsonGrowth: { atMost: 10, unit: ' MB' },
  eightAtOnce: {
    atMost: 1.15,
    whyMissed:
      'the first three requests go out one after the other, because only their answers tell what start counts (0.1), and start-up takes 0.05',
  },
  table: {
    atMost: 25,
    whyMissed:
      'the same rows as tsv take 20: reading 22 MB and decoding every job; cli-table3, its width measure replaced, takes the rest',
  },
  unchangedLook: {
    atMost: 60,
    unit: ' ms',
    whyMissed:
      'node-fetch takes about 55 ms for a hundred requests of 100 ids; comparing 23 MB with the last look, the ledger of 10,000 jobs and their forecasts take the rest',
  },
};
