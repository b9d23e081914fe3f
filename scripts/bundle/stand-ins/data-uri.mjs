// For node-fetch: only http and https addresses are ever asked for.
import { missing } from './missing.mjs';

export default missing('a data: address');
