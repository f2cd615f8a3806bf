// For jest and other runners whose hooks are global: `const redis = useServer()` at the top of a test file.

import { installServer } from './hooks.ts';
import type { HookOptions, TestHooks } from './hooks.ts';
import type { StartedServer } from './start-server.ts';

/** A server for this file (or this `describe`): started before its tests, put back between them, stopped after them. */
export function useServer(options: HookOptions = {}): StartedServer {
  const { beforeAll, beforeEach, afterAll } = globalThis as unknown as Partial<TestHooks>;
  if (beforeAll === undefined || beforeEach === undefined || afterAll === undefined) {
    throw new Error('useServer() needs global beforeAll, beforeEach and afterAll; installServer() takes others');
  }
  return installServer({ beforeAll, beforeEach, afterAll }, options);
}
