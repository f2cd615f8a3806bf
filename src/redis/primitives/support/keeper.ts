/**
 * Keeps what is held in Redis for a time: renews it, and ends it when its validity does, heard of or not.
 *
 * One timer serves all holdings of a port. Validity is counted on the client's monotonic clock from before the request
 * was sent, less a margin, so that it ends before the server's: a frozen server cannot make it last longer.
 */
import type { Clock, Timer } from '../../port/clock.ts';
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { DueHeap } from './heap.ts';

export interface HoldingOptions {
  /** For messages: `The lease "x"`. */
  readonly what: string;
  readonly ttlMs: number;
  /** By the port's clock, before the request that took hold was sent. */
  readonly sentAt: number;
  /** Milliseconds by which its validity ends sooner than it must. */
  readonly graceMs?: number;
  readonly autoRenew: boolean;
  /** False: it is no longer ours. */
  renew(options: SendOptions): Promise<boolean>;
  /** Told once, when the holding is lost. */
  onLost?(error: PaxxRedisError): void;
}

/** Something held for a time. */
export class Holding {
  readonly controller = new AbortController();
  /** By the port's clock. */
  deadline: number;
  autoRenew: boolean;
  ended = false;
  lost: PaxxRedisError | undefined = undefined;
  /** Next time the keeper has to look. */
  dueAt = Infinity;
  renewAt: number;
  renewing = false;
  private readonly keeper: Keeper;
  private readonly options: HoldingOptions;

  constructor(keeper: Keeper, options: HoldingOptions) {
    this.keeper = keeper;
    this.options = options;
    this.autoRenew = options.autoRenew;
    this.deadline = options.sentAt + validityOf(options);
    this.renewAt = options.sentAt + this.interval();
    keeper.watch(this);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Milliseconds for which it is certainly held, if no renewal comes. */
  get validMs(): number {
    return this.ended ? 0 : Math.max(0, this.deadline - this.keeper.clock.now());
  }

  /** Looks at the clock, so it is right even where a stalled event loop has not yet fired the signal. @throws LEASE_LOST */
  assert(): void {
    if (!this.ended && this.keeper.clock.now() >= this.deadline) this.lose('its time has passed');
    if (this.lost !== undefined) throw this.lost;
    if (this.ended) throw new PaxxRedisError('LEASE_LOST', `${this.options.what} was released.`);
  }

  /** From now on, renew by itself. */
  keep(): void {
    this.autoRenew = true;
    this.keeper.watch(this);
  }

  /** Renew now. False: lost. Rejects when the outcome is not known; it stays held until its deadline. */
  async renew(options: SendOptions = {}): Promise<boolean> {
    if (this.ended) return false;
    const { clock } = this.keeper;
    const sentAt = clock.now();
    const ours = await this.options.renew(options);
    if (this.ended) return false;
    if (!ours) {
      this.lose('it belongs to nobody or to somebody else');
      return false;
    }
    // Where the reply comes after the old deadline, the server has held it all the while.
    this.deadline = Math.max(this.deadline, sentAt + validityOf(this.options));
    this.renewAt = sentAt + this.interval();
    if (clock.now() >= this.deadline) {
      this.lose('the reply to its renewal came too late');
      return false;
    }
    this.keeper.watch(this);
    return true;
  }

  /** Given back: no renewal, no signal. False where it had ended before. */
  end(): boolean {
    if (this.ended) return false;
    this.ended = true;
    return true;
  }

  lose(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.lost = new PaxxRedisError('LEASE_LOST', `${this.options.what} was lost: ${reason}.`);
    this.options.onLost?.(this.lost);
    this.controller.abort(this.lost);
  }

  /** The keeper's turn. */
  attend(now: number): void {
    if (this.ended) return;
    if (now >= this.deadline) return this.lose('its time has passed without a renewal');
    if (this.autoRenew && !this.renewing && now >= this.renewAt) this.renewByItself();
    this.keeper.watch(this);
  }

  private renewByItself(): void {
    const { clock } = this.keeper;
    this.renewing = true;
    // Several tries must fit before the deadline, also while the server answers none of them.
    const deadlineMs = Math.max(MARGIN_MS, this.options.ttlMs / 4);
    this.renew({ deadlineMs })
      .catch(() => {
        this.renewAt = clock.now() + (this.options.ttlMs / 20) * (0.5 + this.keeper.random());
      })
      .then(() => {
        this.renewing = false;
        this.keeper.watch(this);
      });
  }

  /** A third of the time to live; spread, so that what was taken together is not renewed together. */
  private interval(): number {
    return (this.options.ttlMs / 3) * (0.9 + 0.2 * this.keeper.random());
  }
}

const MARGIN_MS = 50;

/** How long what was asked for `ttlMs` is relied on: less a margin for late timers and clocks that differ in pace. */
function validityOf({ ttlMs, graceMs = 0 }: HoldingOptions): number {
  return ttlMs - Math.max(MARGIN_MS, ttlMs / 100) - graceMs;
}

export class Keeper {
  readonly clock: Clock;
  readonly random: () => number;
  private readonly heap = new DueHeap<Holding>();
  private timer: Timer | undefined;
  private timerAt = Infinity;

  constructor(clock: Clock, random: () => number) {
    this.clock = clock;
    this.random = random;
  }

  hold(options: HoldingOptions): Holding {
    return new Holding(this, options);
  }

  /** Have a holding attended when it next needs it. */
  watch(holding: Holding): void {
    if (holding.ended) return;
    const renewing = holding.autoRenew && !holding.renewing;
    const at = renewing ? Math.min(holding.renewAt, holding.deadline) : holding.deadline;
    if (at === holding.dueAt) return;
    holding.dueAt = at;
    this.heap.add(at, holding);
    this.arm();
  }

  private arm(): void {
    const { first } = this.heap;
    if (first >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = first;
    this.timer = this.clock.after(Math.max(0, first - this.clock.now()), () => this.ring());
  }

  private ring(): void {
    this.timerAt = Infinity;
    this.timer = undefined;
    const now = this.clock.now();
    while (this.heap.first <= now) {
      const { at, item } = this.heap.take()!;
      // What was watched anew meanwhile has another entry.
      if (item.ended || item.dueAt !== at) continue;
      item.dueAt = Infinity;
      item.attend(now);
    }
    this.skipEnded();
    this.arm();
  }

  /** Else the timer would ring for holdings that were given back. */
  private skipEnded(): void {
    for (;;) {
      const head = this.heap.head;
      if (head === undefined || (!head.item.ended && head.item.dueAt === head.at)) return;
      this.heap.take();
    }
  }
}

const keepers = new WeakMap<RedisPort, Keeper>();

export function keeperOf(port: RedisPort): Keeper {
  let keeper = keepers.get(port);
  if (keeper === undefined) keepers.set(port, (keeper = new Keeper(port.clock, port.random ?? Math.random)));
  return keeper;
}
