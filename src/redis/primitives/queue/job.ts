/** A job in the hands of a worker. */
import { fullJitter } from './backoff.ts';
import { unpackHeaders } from './entry.ts';
import { describeError, UnrecoverableError } from './errors.ts';
import type { Hold, Holds } from './holds.ts';
import type { QueueSettings } from './options.ts';
import type { Operation, Settler } from './settler.ts';
import type { Job, Receipt } from './types.ts';

export interface JobContext {
  readonly consumer: string;
  readonly settings: QueueSettings;
  readonly holds: Holds;
  readonly settler: Settler;
  readonly random: () => number;
}

/** It was settled in another way before. */
const NOT_OURS = Promise.resolve(false);

export class HeldJob<T> implements Job<T> {
  readonly data: T;
  readonly hold: Hold;
  /** How it was settled first; nothing else counts. */
  settled: Promise<boolean> | undefined = undefined;
  outcome: 'acked' | 'retried' | 'dead' | 'given back' | undefined = undefined;
  private readonly context: JobContext;

  constructor(hold: Hold, data: T, context: JobContext) {
    this.hold = hold;
    this.data = data;
    this.context = context;
  }

  get id(): string {
    return this.hold.delivery.jobId;
  }

  get attempt(): number {
    return this.hold.delivery.failures + this.hold.delivery.deliveries;
  }

  get enqueuedAt(): number {
    return this.hold.delivery.enqueuedAt;
  }

  get headers(): Readonly<Record<string, string>> {
    return unpackHeaders(this.hold.delivery.headers);
  }

  get receipt(): Receipt {
    const { entryId, deliveries } = this.hold.delivery;
    return { entryId, consumer: this.context.consumer, deliveries };
  }

  get signal(): AbortSignal {
    return this.hold.signal;
  }

  assertHeld(): void {
    this.context.holds.assertHeld(this.hold);
  }

  ack(): Promise<boolean> {
    return this.settle('acked', 'a', 0);
  }

  retry(error?: unknown, options: { readonly delayMs?: number } = {}): Promise<boolean> {
    const { settings, random } = this.context;
    const failures = this.hold.delivery.failures + 1;
    if (error instanceof UnrecoverableError || failures >= settings.maxAttempts) return this.bury(error);
    const delay = options.delayMs ?? fullJitter(random, settings.backoff, failures);
    return this.settle('retried', 'r', Math.max(0, Math.ceil(delay)));
  }

  bury(error?: unknown): Promise<boolean> {
    return this.settle('dead', 'd', this.attempt, `failed:${describeError(error)}`);
  }

  /** The counter of deliveries stays, so that this delivery's receipt is not given to anyone again. */
  giveBack(): Promise<boolean> {
    return this.settle('given back', 'b', this.hold.delivery.deliveries);
  }

  private settle(
    outcome: NonNullable<HeldJob<T>['outcome']>,
    operation: Operation,
    number: number,
    text = '',
  ): Promise<boolean> {
    if (this.settled !== undefined) return this.outcome === outcome ? this.settled : NOT_OURS;
    this.outcome = outcome;
    return (this.settled = this.context.settler.settle(this.hold, operation, number, text));
  }
}
