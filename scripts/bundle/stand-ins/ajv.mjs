// For conf: the file is checked by our own decoder, never by a JSON Schema.
import { missing } from './missing.mjs';

export class Ajv2020 {
  constructor() {
    missing('a JSON Schema')();
  }
}
export default missing('a JSON Schema');
