// The names of the output formats.

export const outputFormats = ['table', 'tsv', 'json', 'ndjson', 'ids'] as const;

export type OutputFormat = (typeof outputFormats)[number];
