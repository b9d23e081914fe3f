// For conf: the file has no migrations.
import { missing } from './missing.mjs';

const compare = missing('a migration');
export default {
  satisfies: compare,
  gt: compare,
  lt: compare,
  gte: compare,
  lte: compare,
  valid: compare,
  validRange: compare,
  eq: compare,
  compare,
};
