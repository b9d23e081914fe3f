// For node-fetch: request bodies are strings, and answers are read as streams. `instanceof` still has its classes.
import { missing } from './missing.mjs';

export class Blob {}
export class File extends Blob {}
export const fileFromSync = missing('File');
export const fileFrom = missing('File');
export const blobFromSync = missing('Blob');
export const blobFrom = missing('Blob');
