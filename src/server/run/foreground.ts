// The server in this process until it is stopped, known to `status` and `stop` meanwhile.

import { forgetInstance, recordInstance } from './instances.ts';
import { runServer, stopOnSignals } from './run-server.ts';
import type { Running, RunOptions } from './run-server.ts';

/** Start, record, and stop on signals. `stopped` resolves with the exit code. */
export function startForeground(options: RunOptions): Promise<Running> {
  return runServer({ ...options, beforeReady });
}

function beforeReady(started: Running): void {
  stopOnSignals(started);
  const { url, host, port, path } = started;
  recordInstance({
    pid: process.pid,
    url: withoutPassword(url),
    host,
    port,
    ...(path === undefined ? {} : { path }),
    startedAt: new Date().toISOString(),
  });
  void started.stopped.then(() => forgetInstance(process.pid));
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
