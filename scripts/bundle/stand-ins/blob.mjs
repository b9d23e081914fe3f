// For node-fetch, which imports the class by itself in places.
export { Blob as default } from './fetch-blob.mjs';
