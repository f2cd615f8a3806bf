/** Waiting until a key is what is hoped for: told of changes by the server, with polling behind it. */
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import type { Command, RedisPort, Reply } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { milliseconds } from '../support/durations.ts';
import { DEFAULT_BUDGET_MS } from '../support/wait.ts';
import type { BudgetOptions } from '../support/wait.ts';
import { hubOf } from './hub.ts';

export interface WaitForOptions<T extends Reply = string | null> extends BudgetOptions {
  /** Is this it? Called with each value that is read. Default: the key exists. */
  readonly predicate?: (value: T) => boolean;
  /** How the key is read, where it is no string: a read-only command of this one key. Default: GET. */
  readonly read?: Command;
}

/**
 * Resolves with the first value that satisfies the predicate; values that come and go between two reads may be missed.
 * CLIENT TRACKING tells of changes, expiry and eviction included, over one connection for all waits of a port. Where it
 * cannot be had, and behind it, the key is read again after pauses with decorrelated jitter.
 *
 * @param key as it is in Redis, without any prefix
 * @throws PaxxRedisError TIMEOUT when the budget (default 10 s; 0 reads once) is used up, ABORTED, and others of the
 * port; what the predicate throws
 * @see https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
export function waitFor<T extends Reply = string | null>(
  port: RedisPort,
  key: string,
  options: WaitForOptions<T> = {},
): Promise<T> {
  const { predicate = exists, read = { args: ['GET', key] }, signal } = options;
  return tracePrimitive(port.clock, 'waitFor', 'wait', key, async (operation) => {
    const budgetMs = milliseconds(options.budgetMs ?? DEFAULT_BUDGET_MS, 'budgetMs');
    if (signal?.aborted) throw new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal.reason });
    const command: Command = { ...read, key, readOnly: true };
    try {
      return (await hubOf(port).wait(command, {
        predicate: predicate as (value: Reply) => boolean,
        budgetMs,
        signal,
      })) as T;
    } catch (error) {
      if (operation && isPaxxRedisError(error, 'TIMEOUT')) operation.reason = 'budget';
      throw error;
    }
  });
}

function exists(value: Reply): boolean {
  return value !== null;
}
