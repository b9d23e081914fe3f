import { defineConfig } from 'vitest/config';
import { trimmedAliases } from './scripts/bundle/trimmed-library.mjs';

// The end-to-end tests, played against the standalone program.
export default defineConfig({
  resolve: { alias: await trimmedAliases() },
  test: {
    include: ['e2e', 'standalone', 'transcripts'].map((name) => `test/${name}/**/*.test.ts`),
    // What is about the package, or about what V8 loads, compiles and holds.
    exclude: ['package', 'binary-start', 'binary-large', 'code-cache', 'trimmed-build'].map(
      (name) => `test/e2e/${name}.test.ts`,
    ),
    env: { SEGJOBS_TEST_PROGRAM: 'build/standalone/segjobs' },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 4,
    retry: process.env['CI'] === 'true' ? 2 : 0,
    reporters: ['default', './test/support/closing-line.ts'],
  },
});
