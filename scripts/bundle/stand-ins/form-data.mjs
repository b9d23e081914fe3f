// For node-fetch: no form is ever sent. `instanceof` still has its class.
import { missing } from './missing.mjs';

export class FormData {}
export const formDataToBlob = missing('FormData');
