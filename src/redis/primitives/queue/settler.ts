/**
 * Settles jobs, many in one script call.
 *
 * While a call is under way, what is settled meanwhile gathers for the next one, so batches grow with the load and
 * nothing waits for a timer. The script checks receipts, so a call whose reply was lost may be repeated.
 */
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import type { Argument, RedisPort, Reply } from '../../port/types.ts';
import { arrayOf } from '../support/replies.ts';
import { Pauses, sleep } from '../support/wait.ts';
import type { Hold, Holds } from './holds.ts';
import type { QueueKeys } from './keys.ts';
import type { QueueSettings } from './options.ts';
import { settleJobs } from './scripts/index.ts';

/** As `queue.settle` has them: acknowledge, retry, dead letter, give back. */
export type Operation = 'a' | 'r' | 'd' | 'b';

export interface SettlerOptions {
  readonly keys: QueueKeys;
  readonly settings: QueueSettings;
  readonly group: string;
  readonly consumer: string;
  readonly holds: Holds;
  /** A delayed job is due in so many milliseconds. */
  onDue(ms: number): void;
  /** Something was settled. */
  onSettled(): void;
  onError(error: Error): void;
}

interface Item {
  readonly hold: Hold;
  readonly operation: Operation;
  readonly number: number;
  readonly text: string;
  resolve(held: boolean): void;
  reject(error: Error): void;
}

const LARGEST_BATCH = 256;

export class Settler {
  private readonly port: RedisPort;
  private readonly options: SettlerOptions;
  private readonly names: readonly string[];
  private readonly head: readonly Argument[];
  private items: Item[] = [];
  private underWay = 0;
  private running: Promise<void> | undefined = undefined;
  private readonly pauses: Pauses;

  constructor(port: RedisPort, options: SettlerOptions) {
    this.port = port;
    this.options = options;
    const { keys, settings } = options;
    this.names = [keys.stream, keys.delayed, keys.bodies, keys.dead, keys.wake, keys.done];
    const { vtMs, dead, history } = settings;
    this.head = [
      options.group,
      options.consumer,
      vtMs,
      dead.maxAgeMs,
      dead.maxBytes,
      history.maxAgeMs,
      history.maxBytes,
    ];
    this.pauses = new Pauses(port.random ?? Math.random);
  }

  /** What is not settled yet. */
  get pending(): number {
    return this.items.length + this.underWay;
  }

  /**
   * False: it was not held any more. Rejects where Redis could not be asked while it was held.
   * @param number of `r` the delay in ms, of `d` the attempts, of `b` what the counter of deliveries is set to
   */
  settle(hold: Hold, operation: Operation, number = 0, text = ''): Promise<boolean> {
    hold.settling = true;
    return new Promise((resolve, reject) => {
      this.items.push({ hold, operation, number, text, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Until everything is settled, one way or the other. */
  async drained(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // Jobs that end in the same turn go together.
    await undefined;
    await undefined;
    while (this.items.length > 0) {
      const batch = this.items.splice(0, LARGEST_BATCH);
      this.underWay = batch.length;
      const again = await this.send(batch);
      this.underWay = 0;
      if (again.length > 0) {
        this.items.unshift(...again);
        await sleep(this.port.clock, this.pauses.next(false));
      }
      this.options.onSettled();
    }
    this.running = undefined;
  }

  /** Those that have to be sent again. */
  private async send(batch: readonly Item[]): Promise<readonly Item[]> {
    const args = [...this.head, this.options.holds.all.size];
    for (const { hold, operation, number, text } of batch) {
      args.push(hold.delivery.entryId, hold.delivery.deliveries, operation, number, text);
    }
    try {
      const reply = arrayOf(await this.port.script(settleJobs, this.names, args));
      const due = Number(reply[batch.length]);
      if (due >= 0) this.options.onDue(due);
      return batch.filter((item, index) => this.conclude(item, reply[index]));
    } catch (error) {
      return this.failed(batch, error as Error);
    }
  }

  /** True: it has to be sent again. */
  private conclude(item: Item, result: Reply | undefined): boolean {
    if (result === -1) return this.retryOrReject(item, NO_MEMORY);
    if (result === 0) this.options.holds.lose(item.hold, 'another worker has it, or had it');
    this.options.holds.remove(item.hold);
    item.resolve(result === 1);
    return false;
  }

  private failed(batch: readonly Item[], error: Error): readonly Item[] {
    if (isPaxxRedisError(error, 'REPLY') && error.reply === 'NOGROUP') {
      for (const item of batch) this.conclude(item, 0);
      return [];
    }
    this.options.onError(error);
    return batch.filter((item) => this.retryOrReject(item, error));
  }

  private retryOrReject(item: Item, error: Error): boolean {
    const { hold } = item;
    const retryable = isPaxxRedisError(error) && (error.retryable || error === NO_MEMORY);
    if (retryable && this.port.clock.now() < hold.validUntil && hold.lost === undefined) return true;
    // It is kept alive no longer, so another worker gets it.
    this.options.holds.remove(hold);
    item.reject(error);
    return false;
  }
}

const NO_MEMORY = new PaxxRedisError('OUT_OF_MEMORY', 'Redis has no memory to keep the job for a retry.', {
  reply: 'OOM',
});
