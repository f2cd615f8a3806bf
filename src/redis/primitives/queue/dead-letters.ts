/** Jobs that were given up: looked at, put back to work, thrown away. */
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { toEntries } from '../../port/streams.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { toDelivery, unpackHeaders } from './entry.ts';
import type { QueueKeys } from './keys.ts';
import type { QueueSettings } from './options.ts';
import { purgeDead, replayDead } from './scripts/index.ts';

export interface DeadLetter<T> {
  /** Of the letter. */
  readonly id: string;
  readonly jobId: string;
  /** Undefined where the body cannot be read (`reason` corrupt). */
  readonly data: T | undefined;
  /** As it was stored. */
  readonly body: string;
  /** failed: too many attempts, or unrecoverable; stalled: lost its worker too often; corrupt: not to be parsed. */
  readonly reason: 'failed' | 'stalled' | 'corrupt';
  /** The last error: name and message. */
  readonly error: string;
  readonly attempts: number;
  /** By the server’s clock, milliseconds since the epoch. */
  readonly enqueuedAt: number;
  readonly diedAt: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface DeadLetters<T> {
  /** Oldest first. @param options `after`: the id of the last letter of the page before; `limit`: 100 by default */
  list(options?: { readonly limit?: number; readonly after?: string } & SendOptions): Promise<readonly DeadLetter<T>[]>;
  /** Back to work with all attempts anew: those with these ids, or all that are there now. How many there were. */
  replay(ids: readonly string[] | 'all', options?: SendOptions): Promise<number>;
  /** Thrown away: those with these ids, those that died longer ago, or all. How many there were. */
  purge(which: readonly string[] | 'all' | { readonly olderThanMs: number }, options?: SendOptions): Promise<number>;
}

const PAGE = 100;

export function createDeadLetters<T>(
  port: RedisPort,
  name: string,
  keys: QueueKeys,
  settings: QueueSettings,
): DeadLetters<T> {
  const key = keys.dead;
  const { serializer } = settings;

  const parse = (body: string): T | undefined => {
    try {
      return serializer.parse(body) as T;
    } catch {
      return undefined;
    }
  };

  async function read(
    from: string,
    to: string,
    limit: number,
    options?: SendOptions,
  ): Promise<readonly DeadLetter<T>[]> {
    const reply = await port.send({ args: ['XRANGE', key, from, to, 'COUNT', limit], key, readOnly: true }, options);
    return toEntries(reply).map(({ id, fields }) => toLetter(id, fields ?? []));
  }

  function toLetter(id: string, fields: readonly unknown[]): DeadLetter<T> {
    const { jobId, failures, enqueuedAt, body = '', headers } = toDelivery(id, 0, fields);
    const fieldAt = (wanted: string): string => String(fields[fields.indexOf(wanted) + 1]);
    return {
      id,
      jobId,
      data: parse(body),
      body,
      reason: fieldAt('r') as DeadLetter<T>['reason'],
      error: fieldAt('e'),
      attempts: failures,
      enqueuedAt,
      diedAt: Number.parseInt(id, 10),
      headers: unpackHeaders(headers),
    };
  }

  async function replayAll(options?: SendOptions): Promise<number> {
    let count = 0;
    const [last] = toEntries(
      await port.send({ args: ['XREVRANGE', key, '+', '-', 'COUNT', 1], key, readOnly: true }, options),
    );
    if (last === undefined) return 0;
    for (;;) {
      const page = toEntries(
        await port.send({ args: ['XRANGE', key, '-', last.id, 'COUNT', PAGE], key, readOnly: true }, options),
      );
      if (page.length === 0) return count;
      const ids = page.map(({ id }) => id);
      count += Number(await port.script(replayDead, [key, keys.stream], ids, options));
    }
  }

  return {
    list: ({ limit = PAGE, after, ...options } = {}) =>
      read(after === undefined ? '-' : `(${after}`, '+', limit, options),
    replay: (ids, options) =>
      tracePrimitive(port.clock, 'queue', 'replay', name, async () => {
        if (ids === 'all') return replayAll(options);
        if (ids.length === 0) return 0;
        return Number(await port.script(replayDead, [key, keys.stream], ids, options));
      }),
    purge: (which, options) =>
      tracePrimitive(port.clock, 'queue', 'purge', name, async () => {
        if (Array.isArray(which) && which.length === 0) return 0;
        if (which === 'all')
          return Number(await port.send({ args: ['XTRIM', key, 'MAXLEN', 0], key, idempotent: true }, options));
        if ('olderThanMs' in which)
          return Number(await port.script(purgeDead, [key], [Math.ceil(which.olderThanMs)], options));
        return Number(await port.send({ args: ['XDEL', key, ...which], key, idempotent: true }, options));
      }),
  };
}
