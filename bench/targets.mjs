// What each measured thing may cost at most, and what stands in the way where that is missed.
//
// `whyMissed` is printed below the table when the target is not met: what was measured, and whose limit it is.

const isOldNode = Number.parseInt(process.versions.node, 10) < 22;

export const targets = {
  version: { atMost: 1.15 },
  help: { atMost: 1.25 },
  completion: { atMost: 1.5 },
  list: { atMost: 2 },
  // Node 20 reads its root certificates anew in every process.
  listOverHttps: { atMost: isOldNode ? 3.2 : 2.5 },
  standaloneVersion: { atMost: 1 },
  ndjsonTime: { atMost: 0.12 },
  ndjsonMemory: { atMost: 2.5 },
  ndjsonGrowth: { atMost: 10, unit: ' MB' },
  eightAtOnce: { atMost: 1.15 },
  table: { atMost: 25 },
  unchangedLook: { atMost: 60, unit: ' ms' },
};
