/** Bringing jobs into a queue. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { Argument, RedisPort, Reply, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { milliseconds, positive } from '../support/durations.ts';
import { nonce } from '../support/keys.ts';
import { arrayOf } from '../support/replies.ts';
import { packBody, packHeaders } from './entry.ts';
import type { QueueKeys } from './keys.ts';
import type { QueueSettings } from './options.ts';
import { enqueueJobs } from './scripts/index.ts';
import type { Enqueued, EnqueueOptions } from './types.ts';

export interface Producer {
  enqueue(data: unknown, options?: EnqueueOptions & SendOptions): Promise<Enqueued>;
  enqueueMany(
    jobs: readonly ({ readonly data: unknown } & EnqueueOptions)[],
    options?: SendOptions,
  ): Promise<readonly Enqueued[]>;
}

/** Jobs per script call: a script keeps all other clients waiting. */
const CHUNK = 500;

export function createProducer(port: RedisPort, name: string, keys: QueueKeys, settings: QueueSettings): Producer {
  const { serializer, maxBytes, maxAgeMs } = settings;
  const stringify = (data: unknown): string => serializer.stringify(data);
  const unlimited = maxBytes === 0 && maxAgeMs === 0;

  /** Without limits, delay and dedup id one command does it. */
  async function append(data: unknown, options: EnqueueOptions & SendOptions): Promise<Enqueued> {
    const headers = packHeaders(options.headers);
    const body = packBody(stringify, data);
    const args: [string, ...Argument[]] = ['XADD', keys.stream, '*', 'd', body];
    if (headers !== '') args.push('h', headers);
    return { id: String(await port.send({ args, key: keys.stream }, options)), enqueued: true };
  }

  async function run(
    jobs: readonly ({ readonly data: unknown } & EnqueueOptions)[],
    options: SendOptions | undefined,
  ): Promise<Enqueued[]> {
    const names = [keys.stream, keys.delayed, keys.bodies, keys.wake];
    const args: Argument[] = [maxBytes, maxAgeMs];
    for (const { data, delayMs = 0, dedupId, dedupTtlMs = settings.dedupTtlMs, headers } of jobs) {
      const wait = Math.ceil(milliseconds(delayMs, 'delayMs'));
      // An entry's id serves as the job's, which a delayed job does not have yet.
      const id = wait > 0 ? `d${nonce(port.random)}` : '';
      if (dedupId !== undefined) names.push(keys.dedup(dedupId));
      const ttl = dedupId === undefined ? 0 : positive(Math.ceil(dedupTtlMs), 'dedupTtlMs');
      args.push(packBody(stringify, data), packHeaders(headers), id, wait, ttl);
    }
    return toEnqueued(arrayOf(await port.script(enqueueJobs, names, args, options)));
  }

  function toEnqueued(reply: readonly Reply[]): Enqueued[] {
    if (reply[0] === 'bytes' || reply[0] === 'age') {
      const [what, limit] = reply[0] === 'bytes' ? ['bytes', maxBytes] : ['ms old', maxAgeMs];
      throw new PaxxRedisError('FULL', `The queue ${name} is full: its jobs are ${reply[1]} ${what}, limit ${limit}.`);
    }
    const enqueued: Enqueued[] = [];
    for (let index = 0; index + 1 < reply.length; index += 2) {
      enqueued.push({ id: String(reply[index + 1]), enqueued: reply[index] === 1 });
    }
    return enqueued;
  }

  return {
    enqueue(data, options = {}) {
      return tracePrimitive(port.clock, 'queue', 'enqueue', name, async (operation) => {
        const plain = unlimited && !options.delayMs && options.dedupId === undefined;
        const result = plain ? await append(data, options) : (await run([{ ...options, data }], options))[0]!;
        if (operation && !result.enqueued) operation.outcome = 'duplicate';
        return result;
      });
    },
    enqueueMany(jobs, options) {
      return tracePrimitive(port.clock, 'queue', 'enqueueMany', name, async () => {
        const results: Enqueued[] = [];
        for (let start = 0; start < jobs.length; start += CHUNK) {
          results.push(...(await run(jobs.slice(start, start + CHUNK), options)));
        }
        return results;
      });
    },
  };
}
