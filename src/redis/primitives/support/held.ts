/** What holders of a lease or a permit have in their hands. */
import type { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import type { Holding } from './keeper.ts';

export interface Held extends AsyncDisposable {
  readonly ok: true;
  readonly name: string;
  /** Fires with LEASE_LOST when it is no longer certain that it is held: by this client’s clock, heard of or not. */
  readonly signal: AbortSignal;
  /** Milliseconds for which it is certainly held, if no renewal comes. */
  readonly validMs: number;
  /** Call before anything that must not happen without it. @throws PaxxRedisError LEASE_LOST */
  assert(): void;
  /** For the full time again. False: lost. Rejects where Redis cannot be asked; it is then held until its time is up. */
  renew(options?: SendOptions): Promise<boolean>;
  /** Renew it until it is released, which disposing of the result does. */
  autoRenew(): AsyncDisposable;
  /** Give it back; one waiter is woken. False where it had ended already. */
  release(options?: SendOptions): Promise<boolean>;
}

/** Somebody else holds it. */
export interface NotAcquired {
  readonly ok: false;
  /** Milliseconds until a holder’s time is up, unless it renews. */
  readonly retryMs: number;
  readonly error: PaxxRedisError;
}

/** @param release false where it was no longer ours */
export function makeHeld<T extends object>(
  port: RedisPort,
  primitive: string,
  name: string,
  holding: Holding,
  release: (options: SendOptions) => Promise<boolean>,
  more: T,
): Held & T {
  const giveBack = (options: SendOptions = {}): Promise<boolean> =>
    tracePrimitive(port.clock, primitive, 'release', name, async (operation) => {
      const held = holding.end();
      const released = await release(options);
      if (operation && !released) operation.outcome = 'lost';
      return held && released;
    });
  // It expires by itself where Redis cannot be told.
  const dispose = async (): Promise<void> => void (await giveBack().catch(() => {}));
  const held: Held = {
    ok: true,
    name,
    signal: holding.signal,
    get validMs() {
      return holding.validMs;
    },
    assert: () => holding.assert(),
    renew: (options) => holding.renew(options),
    autoRenew() {
      holding.keep();
      return { [Symbol.asyncDispose]: dispose };
    },
    release: giveBack,
    [Symbol.asyncDispose]: dispose,
  };
  return Object.assign(held, more);
}

/** Work while holding; what was held is given back in any case. @throws PaxxRedisError LEASE_LOST when it was lost before the work ended */
export async function workHolding<H extends Held, T>(held: H, work: (held: H) => Promise<T>): Promise<T> {
  try {
    const value = await work(held);
    held.assert();
    return value;
  } finally {
    await held[Symbol.asyncDispose]();
  }
}
