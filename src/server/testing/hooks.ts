// A server for a test file: started before its tests, put back between them, stopped after them.

import type { Snapshot } from './snapshot.ts';
import { startServer } from './start-server.ts';
import type { StartedServer, StartOptions } from './start-server.ts';

/** What vitest, jest, node:test and others call alike. */
export interface TestHooks {
  beforeAll(run: () => Promise<void>): unknown;
  beforeEach(run: () => void): unknown;
  afterAll(run: () => Promise<void>): unknown;
}

export interface HookOptions extends StartOptions {
  /**
   * `snapshot` (default): each test finds the data as it was when the first test began, fixtures of `beforeAll`
   * included. `flush`: each test begins empty. `none`: tests share what they leave.
   */
  readonly isolate?: 'snapshot' | 'flush' | 'none';
  /** Set this environment variable to the URL while the file's tests run. */
  readonly env?: string;
}

/**
 * Install the hooks and return the server they manage. It may be used inside tests and hooks; before that there is no
 * server yet, and reading from it throws.
 */
export function installServer(hooks: TestHooks, options: HookOptions = {}): StartedServer {
  const { isolate = 'snapshot', env } = options;
  let current: StartedServer | undefined;
  let fixtures: Snapshot | undefined;
  const before = env === undefined ? undefined : process.env[env];
  hooks.beforeAll(async () => {
    current = await startServer(options);
    if (env !== undefined) process.env[env] = current.url;
  });
  hooks.beforeEach(() => {
    const redis = current!;
    redis.faults.clear();
    redis.commands.clear();
    if (isolate === 'flush') redis.flush();
    else if (isolate === 'snapshot') {
      if (fixtures === undefined) fixtures = redis.snapshot();
      else redis.restore(fixtures);
    }
  });
  hooks.afterAll(async () => {
    await current?.stop();
    if (env === undefined) return;
    if (before === undefined) delete process.env[env];
    else process.env[env] = before;
  });
  return new Proxy({} as StartedServer, {
    get: (_, name) => {
      if (current === undefined) throw new Error('the server starts in beforeAll: use it inside tests and hooks');
      return Reflect.get(current, name) as unknown;
    },
  });
}
