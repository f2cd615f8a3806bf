/** A deadline and a signal for steps of several commands. */
import { PaxxRedisError } from './errors.ts';
import type { Shared } from './shared.ts';
import type { Timed } from './sweep.ts';
import type { SendOptions } from './types.ts';

/** The promise's end, unless the time is up or the caller aborts before. What it is doing goes on. */
export function within<T>(
  { sweep, aborts, settings }: Pick<Shared, 'sweep' | 'aborts' | 'settings'>,
  what: string,
  options: SendOptions | undefined,
  promise: Promise<T>,
): Promise<T> {
  const { signal, deadlineMs = settings.defaultDeadlineMs } = options ?? {};
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const timed: Timed = {
      bucket: undefined,
      before: undefined,
      after: undefined,
      expire: () => fail(new PaxxRedisError('TIMEOUT', `${what}: not done within ${deadlineMs} ms`)),
    };
    const end = (): void => {
      sweep.remove(timed);
      if (signal !== undefined) aborts.remove(signal, timed);
    };
    promise.then((value) => {
      end();
      resolve(value);
    }, fail);
    const abort = (): void =>
      fail(new PaxxRedisError('ABORTED', `${what}: aborted by the caller`, { cause: signal?.reason }));
    if (signal?.aborted) return abort();
    if (signal !== undefined) aborts.add(signal, timed, abort);
    sweep.add(timed, deadlineMs);
  });
}
