/** Commands sent together, each with its own end. */
import type { Reply, Result } from './types.ts';

/** @param send throws where nothing can be sent */
export async function settled(send: () => readonly Promise<Reply>[]): Promise<readonly Result[]> {
  return Promise.all(send().map((promise) => promise.then(succeeded, failed)));
}

function succeeded(reply: Reply): Result {
  return { ok: true, reply };
}

function failed(error: Error): Result {
  return { ok: false, error };
}
