import { defineConfig } from 'vitest/config';
import { trimmedAliases } from './scripts/bundle/trimmed-library.mjs';

export default defineConfig({
  resolve: { alias: await trimmedAliases() },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**', 'test/standalone/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    sequence: { shuffle: true },
    // Most tests wait for processes and sockets: more workers than the two cores that the suite is made for.
    maxWorkers: 4,
    // Tests of the real binary in a real terminal share two cores with the rest: in CI one may be tried again.
    retry: process.env['CI'] === 'true' ? 2 : 0,
    reporters: ['default', './test/support/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
  },
});
