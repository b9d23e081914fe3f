// Where a standalone program begins: what bin/segjobs.js is to the package. The program is one file, which starts itself.
import { writeSync } from 'node:fs';
import { evenOut } from './even-out.mjs';

/** False, with nothing written, where main.ts has to find out what is wrong with stdout. */
function isVersionTold() {
  try {
    return writeSync(1, `${SEGJOBS_VERSION}\n`) > 0;
  } catch {
    return false;
  }
}

const [word, ...others] = process.argv.slice(2);
if (others.length > 0 || (word !== '--version' && word !== '-V') || !isVersionTold()) {
  evenOut(process);
  // What is imported late is not run for the version.
  void import('../../src/main.ts')
    .then(({ main }) => main(process, [process.execPath]))
    .then((code) => {
      process.exitCode = code;
    });
}
