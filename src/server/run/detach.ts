// The server as a process in the background: started, waited for, left to itself.

import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StartError } from './command-line.ts';

export interface DetachedServer {
  readonly pid: number;
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/** What the child says once it listens, or cannot. */
export type ChildMessage =
  | ({ readonly ready: true } & DetachedServer)
  | { readonly ready: false; readonly reason: string };

/**
 * Start `main.js` with these arguments, detached, and resolve once it listens. Rejects with StartError and the child's
 * reason. @param logfile where what it prints goes; nowhere by default
 */
export function startDetached(
  args: readonly string[],
  { logfile = '', main = mainFile() } = {},
): Promise<DetachedServer> {
  const output = logfile === '' ? 'ignore' : openSync(logfile, 'a');
  const child = spawn(process.execPath, [main, ...args, '--daemonize', 'no'], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  return new Promise((done, failed) => {
    child.once('message', (message: ChildMessage) => {
      if (!message.ready) return failed(new StartError(message.reason));
      child.disconnect();
      child.unref();
      done({ pid: message.pid, url: message.url, host: message.host, port: message.port });
    });
    child.once('error', failed);
    child.once('exit', (code) => failed(new StartError(`the server ended with code ${code} before it was ready`)));
  });
}

/** Built, this file and `main.js` are neighbours. */
function mainFile(): string {
  return fileURLToPath(new URL('main.js', import.meta.url));
}
