// For vitest: `const redis = useServer()` at the top of a test file.

import { afterAll, beforeAll, beforeEach } from 'vitest';
import { installServer } from './hooks.ts';
import type { HookOptions } from './hooks.ts';
import type { StartedServer } from './start-server.ts';

/** A server for this file (or this `describe`): started before its tests, put back between them, stopped after them. */
export function useServer(options: HookOptions = {}): StartedServer {
  return installServer({ beforeAll, beforeEach, afterAll }, options);
}
