/**
 * What a worker holds: keeps it alive by one timer and one script call for all, and says when it is lost.
 *
 * A job is relied on until the visibility timeout, counted on this client's clock from before the request that fetched
 * it or kept it alive, less a margin: that ends before the server's count, whatever becomes of the replies.
 */
import type { Timer } from '../../port/clock.ts';
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort } from '../../port/types.ts';
import { reportPrimitive } from '../../telemetry/index.ts';
import { arrayOf } from '../support/replies.ts';
import type { Delivery } from './entry.ts';
import { keepAlive } from './scripts/index.ts';

export interface HoldsOptions {
  /** Of the queue. */
  readonly name: string;
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly vtMs: number;
  onError(error: Error): void;
}

/** One delivery. */
export class Hold {
  readonly delivery: Delivery;
  /** By the port's clock. */
  validUntil: number;
  lost: PaxxRedisError | undefined = undefined;
  /** It is being acknowledged, retried, buried or given back: what becomes of it, that will tell. */
  settling = false;
  private controller: AbortController | undefined = undefined;

  constructor(delivery: Delivery, validUntil: number) {
    this.delivery = delivery;
    this.validUntil = validUntil;
  }

  /** Made when asked for: most handlers never do, and it costs more than the rest of the job. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.lost !== undefined) this.controller.abort(this.lost);
    }
    return this.controller.signal;
  }

  end(error: PaxxRedisError): void {
    if (this.lost !== undefined) return;
    this.lost = error;
    this.controller?.abort(error);
  }
}

/** For late timers, and clocks that differ in pace by up to a hundredth. */
const MARGIN_MS = 50;
const SHORTEST_PAUSE_MS = 10;
/** Jobs per script call. */
const CHUNK = 500;

export class Holds {
  /** By the ids of entries. */
  readonly all = new Map<string, Hold>();
  readonly validityMs: number;
  private readonly port: RedisPort;
  private readonly options: HoldsOptions;
  private timer: Timer | undefined = undefined;
  private timerAt = Infinity;
  private beating = false;
  private stopped = false;

  constructor(port: RedisPort, options: HoldsOptions) {
    this.port = port;
    this.options = options;
    this.validityMs = options.vtMs - Math.max(MARGIN_MS, options.vtMs / 100);
  }

  /** @param sentAt by the port's clock, before the request that fetched it was sent */
  add(delivery: Delivery, sentAt: number): Hold {
    const before = this.all.get(delivery.entryId);
    if (before !== undefined) this.lose(before, 'it was delivered anew');
    const hold = new Hold(delivery, sentAt + this.validityMs);
    this.all.set(delivery.entryId, hold);
    // The timer may be set to later than this one can wait.
    if (this.timer === undefined || this.dueBy(hold) < this.timerAt) this.arm(this.options.vtMs / 3);
    return hold;
  }

  remove(hold: Hold): void {
    if (this.all.get(hold.delivery.entryId) === hold) this.all.delete(hold.delivery.entryId);
  }

  /** @throws PaxxRedisError LOST_RECEIPT */
  assertHeld(hold: Hold): void {
    if (hold.lost === undefined && this.port.clock.now() >= hold.validUntil) this.lose(hold, LATE);
    if (hold.lost !== undefined) throw hold.lost;
  }

  lose(hold: Hold, reason: string): void {
    if (hold.lost !== undefined) return;
    const { name } = this.options;
    const error = new PaxxRedisError('LOST_RECEIPT', `The job ${hold.delivery.jobId} of ${name} was lost: ${reason}.`);
    hold.end(error);
    reportPrimitive('queue', 'lost', name, error);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Looks after `ms`, or when something held needs it sooner. It rests while nothing is held. */
  private arm(ms: number): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.stopped || this.all.size === 0) return;
    const now = this.port.clock.now();
    this.timerAt = now + ms;
    for (const hold of this.all.values()) {
      if (hold.lost === undefined) this.timerAt = Math.min(this.timerAt, this.dueBy(hold));
    }
    this.timer = this.port.clock.after(Math.max(0, this.timerAt - now), () => this.tick());
  }

  /** When half of what is left of its validity is over, and at last when it ends. */
  private dueBy(hold: Hold): number {
    const now = this.port.clock.now();
    const left = hold.validUntil - now;
    return left < SHORTEST_PAUSE_MS * 2 ? hold.validUntil : now + left / 2;
  }

  private tick(): void {
    const now = this.port.clock.now();
    const held: Hold[] = [];
    for (const hold of this.all.values()) {
      if (hold.lost !== undefined) continue;
      if (now >= hold.validUntil) this.lose(hold, LATE);
      else held.push(hold);
    }
    if (held.length > 0 && !this.beating) void this.beat(held);
    this.arm(this.options.vtMs / 3);
  }

  private async beat(held: readonly Hold[]): Promise<void> {
    this.beating = true;
    try {
      for (let start = 0; start < held.length; start += CHUNK) await this.beatSome(held.slice(start, start + CHUNK));
    } catch (error) {
      if (isPaxxRedisError(error, 'REPLY') && error.reply === 'NOGROUP') {
        for (const hold of held) if (!hold.settling) this.lose(hold, 'the queue was deleted');
      }
      this.options.onError(error as Error);
      // Several tries must fit before the time is up.
      this.arm(this.options.vtMs / 10);
    } finally {
      this.beating = false;
    }
  }

  private async beatSome(held: readonly Hold[]): Promise<void> {
    const { stream, group, consumer, vtMs } = this.options;
    const args = held.flatMap(({ delivery }) => [delivery.entryId, delivery.deliveries]);
    const sentAt = this.port.clock.now();
    const reply = await this.port.script(keepAlive, [stream], [group, consumer, ...args], { deadlineMs: vtMs / 4 });
    const kept = arrayOf(reply);
    for (const [index, hold] of held.entries()) {
      if (kept[index] === 1) hold.validUntil = Math.max(hold.validUntil, sentAt + this.validityMs);
      else if (!hold.settling) this.lose(hold, 'another worker has it');
    }
  }
}

const LATE = 'it was not kept alive within the visibility timeout';
