import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Rooms whose tests leave nothing behind in the modules that they import: those are loaded once for all of them. */
export const SHARED = [
  'conformance',
  'editors',
  'hosts',
  'redis/cache',
  'redis/port',
  'redis/primitives',
  'server',
  'settings',
];

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'shared', isolate: false, include: SHARED.map((room) => `test/${room}/**/*.test.ts`) },
      },
      {
        extends: true,
        test: { name: 'apart', include: ['test/**/*.test.ts'], exclude: SHARED.map((room) => `test/${room}/**`) },
      },
    ],
  },
});
