// For cli-table3 and ora: our own measure of text, which has a fast path for ASCII and newer tables.
module.exports = require('../../../src/output/width.ts').visibleWidth;
