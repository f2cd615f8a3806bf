// Takes away the file that a killed server left in its unix socket's place.

import { lstatSync, rmSync } from 'node:fs';
import { connect } from 'node:net';

/** Remove the socket unless somebody answers on it; whether the path is free now. redis-server removes it unasked. */
export async function removeStaleSocket(path: string): Promise<boolean> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  if (await answers(path)) return false;
  rmSync(path, { force: true });
  return true;
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code !== 'ECONNREFUSED'));
  });
}
