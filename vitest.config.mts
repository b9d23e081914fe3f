import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    sequence: { shuffle: true },
    reporters: ['default', './test/support/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
  },
});
