#!/usr/bin/env node
require('../dist/segjobs.cjs')
  .main(process)
  .then((code) => {
    process.exitCode = code;
  });
