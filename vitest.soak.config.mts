import { defineConfig } from 'vitest/config';
import { trimmedAliases } from './scripts/bundle/trimmed-library.mjs';

export default defineConfig({
  resolve: { alias: await trimmedAliases() },
  test: {
    include: ['test/soak/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    retry: 0,
    reporters: ['default', './test/support/closing-line.ts'],
  },
});
