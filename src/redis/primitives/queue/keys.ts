/** The keys of one queue. */
import { keyNames } from '../support/keys.ts';

export interface QueueKeys {
  /** Stream: jobs that wait or are worked on, one entry each. */
  readonly stream: string;
  /** Sorted set: ids of delayed jobs by the server's time, in milliseconds, at which they are due. */
  readonly delayed: string;
  /** Hash: delayed jobs by id. */
  readonly bodies: string;
  /** Stream of dead letters. */
  readonly dead: string;
  /** Stream of jobs that were done; only where a history is kept. */
  readonly done: string;
  /** Exists while a wake-up entry is in the stream. */
  readonly wake: string;
  /** String: the id of the job that was enqueued under this dedup id. */
  dedup(id: string): string;
}

export function queueKeys(name: string, prefix?: string): QueueKeys {
  const keyOf = keyNames(prefix);
  return {
    stream: keyOf(name, 's'),
    delayed: keyOf(name, 'delay'),
    bodies: keyOf(name, 'job'),
    dead: keyOf(name, 'dlq'),
    done: keyOf(name, 'done'),
    wake: keyOf(name, 'wake'),
    dedup: (id) => keyOf(name, `dedup:${id}`),
  };
}
