/** Cyclic barriers: so many parties wait for each other, then all go on; if one gives up, all learn of it. */
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { positive, ttlOf } from '../support/durations.ts';
import type { TtlOptions } from '../support/durations.ts';
import { keyNames, nonce } from '../support/keys.ts';
import type { PrimitiveOptions } from '../support/keys.ts';
import { noticeWake } from '../support/notices.ts';
import { integerAt, textAt } from '../support/replies.ts';
import { isOutcomeUnknown, waitUntil } from '../support/wait.ts';
import type { Attempt, BudgetOptions } from '../support/wait.ts';
import { arriveAtBarrier, breakBarrier, lookAtBarrier } from './scripts.ts';

export interface BarrierOptions extends TtlOptions, BudgetOptions {
  /** How many must arrive. All parties must agree on it. */
  readonly parties: number;
  /** Who arrives: the same member counts once per generation. Default: somebody new each time. */
  readonly member?: string;
}

export interface Passage {
  /** Rises with every time the barrier opens or breaks, as far as no failover loses the latest. */
  readonly generation: number;
  /** Parties that were missing when this one arrived: 0 for the last, who may do what is to be done once. */
  readonly missing: number;
}

export interface Barriers {
  /**
   * Wait until all parties have arrived, for `budgetMs` (default 10 s) at most.
   * @throws PaxxRedisError BROKEN for all parties when the budget of one is used up, or it gives up; ABORTED for the one
   * whose signal fired; INVALID where others gave another number of parties
   */
  arrive(name: string, options: BarrierOptions): Promise<Passage>;
}

/** How long a barrier is kept after the last arrival. */
const DEFAULT_TTL_MS = 3_600_000;

export function createBarriers(port: RedisPort, options: PrimitiveOptions = {}): Barriers {
  const keyOf = keyNames(options.prefix);

  async function pass(name: string, wish: BarrierOptions): Promise<Passage> {
    const parties = positive(wish.parties, 'parties');
    const ttlMs = ttlOf(wish, DEFAULT_TTL_MS);
    const id = nonce(port.random);
    const barrier = keyOf(name, 'barrier');
    const members = keyOf(name, 'members');
    const channel = keyOf(name, 'opened');
    let arrived: Passage | undefined;
    let isKnownBroken = false;

    async function arrive(send: SendOptions): Promise<Attempt<Passage>> {
      const args = [wish.member ?? id, id, parties, ttlMs, channel];
      const reply = await port.script(arriveAtBarrier, [barrier, members, keyOf(name, 'last')], args, send);
      const state = textAt(reply, 0);
      if (state === 'parties') {
        throw new PaxxRedisError(
          'INVALID',
          `The barrier ${name} is for ${integerAt(reply, 1)} parties, not ${parties}.`,
        );
      }
      arrived = { generation: integerAt(reply, 1), missing: integerAt(reply, 2) };
      return state === 'open' ? { done: true, value: arrived } : { done: false, retryMs: Infinity };
    }

    async function look(passage: Passage, send: SendOptions): Promise<Attempt<Passage>> {
      const args = [passage.generation, ttlMs, wish.member ?? id];
      const state = await port.script(lookAtBarrier, [barrier, members], args, send);
      if (state === 'broken') {
        isKnownBroken = true;
        throw broken(name);
      }
      return state === 'open' ? { done: true, value: passage } : { done: false, retryMs: Infinity };
    }

    try {
      return await waitUntil<Passage>(port, {
        ...wish,
        wake: noticeWake(port, channel),
        attempt: (send) => (arrived === undefined ? arrive(send) : look(arrived, send)),
        exhausted: () => broken(name),
      });
    } catch (error) {
      if (isKnownBroken || (arrived === undefined && !isOutcomeUnknown(error))) throw error;
      return giveUp(error);
    }

    /** It may have opened meanwhile: then nobody is told otherwise. */
    async function giveUp(error: unknown): Promise<Passage> {
      const telling = tellBroken();
      if (arrived !== undefined && !isPaxxRedisError(error, 'ABORTED') && (await telling) === 'open') return arrived;
      throw error;
    }

    /** Where Redis cannot be told, the others’ budgets end by themselves. */
    async function tellBroken(): Promise<unknown> {
      try {
        const args = [arrived?.generation ?? 0, channel, wish.member ?? id, id];
        return await port.script(breakBarrier, [barrier, members], args);
      } catch {
        return 'unknown';
      }
    }
  }

  return { arrive: (name, wish) => tracePrimitive(port.clock, 'barrier', 'arrive', name, () => pass(name, wish)) };
}

function broken(name: string): PaxxRedisError {
  return new PaxxRedisError('BROKEN', `The barrier ${name} was broken: a party gave up, or its time was used up.`);
}
