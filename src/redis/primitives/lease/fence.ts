/**
 * Fencing: what a lease protects refuses those that were overtaken.
 *
 * A lease alone cannot stop a holder that was paused past its end and goes on: only the resource can, by refusing a
 * token lower than the highest it has seen. Where the resource is a SQL row, keep the token in a column and put the
 * check into the write itself:
 *
 * ```sql
 * UPDATE invoice SET total = $1, fence = $2 WHERE id = $3 AND fence <= $2; -- no row: overtaken
 * ```
 *
 * @see https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
 */
import { PaxxRedisError } from '../../port/errors.ts';
import { defineScript } from '../../port/script.ts';
import type { Script } from '../../port/script.ts';
import type { Argument, RedisPort, Reply, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import type { KeyNames } from '../support/keys.ts';
import { arrayOf } from '../support/replies.ts';
import { checkFence, fencedText } from './scripts.ts';

export interface FencedScript {
  readonly script: Script;
}

export interface Fence {
  /**
   * May the holder of this token still touch the resource? Remembers the highest token seen, for ever. For a resource in
   * Redis use `run`: between this check and a write, another holder may come.
   */
  check(resource: string, token: number, options?: SendOptions): Promise<boolean>;
  /**
   * Run a script in one step with the check.
   * @param keys of the script, without the mark; all share the resource's hash tag, `{resource}`
   * @throws PaxxRedisError LEASE_LOST when the token was overtaken
   */
  run(
    script: FencedScript,
    resource: string,
    token: number,
    keys: readonly string[],
    args: readonly Argument[],
    options?: SendOptions,
  ): Promise<Reply>;
}

/** A script for `fence.run`. @param lua as for `defineScript`; its KEYS and ARGV are those given to `run` */
export function defineFencedScript(name: string, lua: string): FencedScript {
  return { script: defineScript(name, fencedText(lua)) };
}

export function createFence(port: RedisPort, keyOf: KeyNames): Fence {
  const { clock } = port;
  return {
    check: (resource, token, options) =>
      tracePrimitive(clock, 'fence', 'check', resource, async (operation) => {
        const current = (await port.script(checkFence, [keyOf(resource, 'seen')], [token], options)) === 1;
        if (operation && !current) operation.outcome = 'overtaken';
        return current;
      }),
    run: (fenced, resource, token, keys, args, options) =>
      tracePrimitive(clock, 'fence', 'run', resource, async () => {
        const mark = keyOf(resource, 'seen');
        const [current, reply] = arrayOf(await port.script(fenced.script, [mark, ...keys], [token, ...args], options));
        if (current === 1) return reply ?? null;
        throw new PaxxRedisError('LEASE_LOST', `${resource} has been touched with a higher token than ${token}.`);
      }),
  };
}
