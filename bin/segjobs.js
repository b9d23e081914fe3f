#!/usr/bin/env node
require('../dist/segjobs.cjs').start(process);
