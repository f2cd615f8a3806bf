/**
 * Fetches jobs for one worker or iteration, never more than can be started at once: the visibility timeout runs while
 * a job waits for its turn.
 *
 * One loop, one connection of its own: take what this consumer has without knowing (after a start or a lost reply),
 * take over what others left, then block for what is new. It bears lost connections, deleted queues and restarts.
 */
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import { toStreams } from '../../port/streams.ts';
import type { RedisPort, RedisSession } from '../../port/types.ts';
import { reportPrimitive } from '../../telemetry/index.ts';
import { arrayOf } from '../support/replies.ts';
import { Pauses, pauseUntil, sleep } from '../support/wait.ts';
import { toDeliveries, toDelivery } from './entry.ts';
import type { Delivery } from './entry.ts';
import { Holds } from './holds.ts';
import type { Hold } from './holds.ts';
import { HeldJob } from './job.ts';
import type { JobContext } from './job.ts';
import type { QueueKeys } from './keys.ts';
import type { QueueSettings } from './options.ts';
import { Promoter } from './promoter.ts';
import { createGroup, forgetConsumer, reclaimJobs, recoverJobs, sweepConsumers } from './scripts/index.ts';
import { Settler } from './settler.ts';

export interface ConsumerOptions {
  readonly name: string;
  readonly keys: QueueKeys;
  readonly settings: QueueSettings;
  readonly group: string;
  readonly consumer: string;
  /** How many jobs could be started now. */
  demand(): number;
  start(job: HeldJob<unknown>): void;
  onError(error: Error): void;
  /** It can go on no longer: the port was closed, or the queue belongs to another group. */
  onEnd(error: Error): void;
}

/** XREADGROUP returns after this, so that other work gets its turn and the connection shows that it is alive. */
const LONGEST_BLOCK_MS = 5000;
/** How long a read that is just being answered may take when the worker stops. */
const UNBLOCK_WITHIN_MS = 1000;
const SWEEP_EVERY_MS = 60_000;
/** Consumers without jobs for so long are forgotten. One that lives comes back with its next job. */
const SILENT_MS = 300_000;

export class Consumer {
  readonly holds: Holds;
  readonly settler: Settler;
  readonly promoter: Promoter;
  /** By the port's clock: when Redis last answered a request for jobs. */
  lastPollAt: number;
  lastError: Error | undefined = undefined;
  stopping = false;
  private readonly port: RedisPort;
  private readonly options: ConsumerOptions;
  private readonly context: JobContext;
  private readonly blockMs: number;
  private session: RedisSession | undefined = undefined;
  private recovering = true;
  /** By the port's clock, which may begin anywhere: -Infinity is now. */
  private reclaimAt = -Infinity;
  private sweepAt: number;
  private wake: (() => void) | undefined = undefined;
  private readonly ending = new AbortController();
  private readonly running: Promise<void>;

  constructor(port: RedisPort, options: ConsumerOptions) {
    this.port = port;
    this.options = options;
    const { name, keys, settings, group, consumer } = options;
    const onError = (error: Error): void => this.note(error);
    this.holds = new Holds(port, { name, stream: keys.stream, group, consumer, vtMs: settings.vtMs, onError });
    this.promoter = new Promoter(port, keys, onError);
    this.settler = new Settler(port, {
      keys,
      settings,
      group,
      consumer,
      holds: this.holds,
      onError,
      onDue: (ms) => this.promoter.dueIn(ms),
      onSettled: () => this.ring(),
    });
    const random = port.random ?? Math.random;
    this.context = { consumer, settings, holds: this.holds, settler: this.settler, random };
    this.blockMs = Math.ceil(Math.min(LONGEST_BLOCK_MS, settings.vtMs / 6));
    this.lastPollAt = port.clock.now();
    this.sweepAt = this.lastPollAt + SWEEP_EVERY_MS * random();
    this.running = this.run();
  }

  /** There may be demand now. */
  ring(): void {
    this.wake?.();
  }

  /** Fetches nothing more; what comes nevertheless is given back. Resolves when that is certain. */
  async stopFetching(): Promise<void> {
    this.stopping = true;
    this.ring();
    // Closing the connection instead would leave a job that is just being delivered without anyone for a full timeout.
    const unblocked = await this.session?.unblock().catch(() => false);
    if (unblocked !== true) await Promise.race([this.running, sleep(this.port.clock, UNBLOCK_WITHIN_MS)]);
    await this.dropSession();
    this.ending.abort();
    await this.running;
  }

  /** Ends for good; what is still held goes to others when its time is up. */
  async close(): Promise<void> {
    this.stopping = true;
    this.holds.stop();
    this.promoter.stop();
    this.ending.abort();
    await this.dropSession();
    await this.running;
    const { keys, group, consumer } = this.options;
    await this.port.script(forgetConsumer, [keys.stream], [group, consumer]).catch(() => {});
  }

  private async run(): Promise<void> {
    const pauses = new Pauses(this.port.random ?? Math.random);
    // Whoever made the consumer has to get it before the first job.
    await undefined;
    while (!this.stopping) {
      try {
        await this.step();
      } catch (error) {
        await this.dropSession();
        if (this.stopping) return;
        this.note(error as Error);
        if (isPaxxRedisError(error) && FATAL.has(error.code)) return this.fail(error);
        await this.pause(pauses.next(false));
      }
    }
  }

  private async step(): Promise<void> {
    if (this.session === undefined) await this.connect();
    const want = this.options.demand();
    if (want <= 0) return this.pause(Infinity);
    if (this.stopping) return;
    const now = this.port.clock.now();
    if (this.recovering) return this.recover(want);
    if (now >= this.reclaimAt) return this.reclaim(want);
    if (now >= this.sweepAt) return this.sweep();
    await this.read(want);
  }

  private async connect(): Promise<void> {
    const { keys, group, name } = this.options;
    const session = await this.port.session({ key: keys.stream, signal: this.ending.signal });
    if (this.stopping) return session.close();
    this.session = session;
    const made = await this.port.script(createGroup, [keys.stream], [group]);
    if (made !== 1) {
      const text = `The queue ${name} belongs to the group ${String(made)}; a queue has one, so use another for ${group}.`;
      throw new PaxxRedisError('INVALID', text);
    }
    this.recovering = true;
    this.promoter.look();
  }

  private async read(want: number): Promise<void> {
    const { keys, group, consumer } = this.options;
    const { clock } = this.port;
    const sentAt = clock.now();
    const block = Math.max(1, Math.ceil(Math.min(this.blockMs, this.reclaimAt - sentAt)));
    const args = [
      ...(['XREADGROUP', 'GROUP', group, consumer, 'COUNT', want] as const),
      ...(['BLOCK', block, 'STREAMS', keys.stream, '>'] as const),
    ] as const;
    const deadlineMs = block + this.port.defaultDeadlineMs;
    const reply = await this.session!.send({ args, key: keys.stream }, { deadlineMs });
    this.lastPollAt = clock.now();
    for (const { entries } of toStreams(reply)) {
      for (const { id, fields } of entries) if (fields !== null) this.deliver(toDelivery(id, 1, fields), sentAt);
    }
  }

  private async recover(want: number): Promise<void> {
    const known = [...this.holds.all.keys()];
    const taken = await this.take(recoverJobs, want, known);
    this.recovering = taken === want;
  }

  private async reclaim(want: number): Promise<void> {
    const { vtMs } = this.options.settings;
    const random = this.port.random ?? Math.random;
    const taken = await this.take(reclaimJobs, want, [vtMs]);
    // Spread, so that workers do not all look at once.
    this.reclaimAt = taken === want ? -Infinity : this.port.clock.now() + (vtMs / 2) * (0.75 + 0.5 * random());
  }

  private async take(script: typeof reclaimJobs, want: number, rest: readonly (string | number)[]): Promise<number> {
    const { keys, group, consumer, settings, name } = this.options;
    const { clock } = this.port;
    const { maxAgeMs, maxBytes } = settings.dead;
    const count = Math.min(want, LARGEST_TAKE);
    const sentAt = clock.now();
    const args = [group, consumer, count, settings.maxStalls, maxAgeMs, maxBytes, ...rest];
    const reply = arrayOf(await this.port.script(script, [keys.stream, keys.dead], args));
    this.lastPollAt = clock.now();
    if (Number(reply[0]) > 0) {
      reportPrimitive(
        'queue',
        'stalled',
        name,
        new PaxxRedisError('LOST_RECEIPT', 'Jobs lost their worker too often.'),
      );
    }
    const deliveries = toDeliveries(reply);
    for (const delivery of deliveries) this.deliver(delivery, sentAt);
    return deliveries.length + Number(reply[0]) >= count ? want : 0;
  }

  private async sweep(): Promise<void> {
    const { keys, group, settings } = this.options;
    this.sweepAt = this.port.clock.now() + SWEEP_EVERY_MS;
    await this.port.script(sweepConsumers, [keys.stream], [group, Math.max(SILENT_MS, 2 * settings.vtMs)]);
  }

  private deliver(delivery: Delivery, sentAt: number): void {
    const hold = this.holds.add(delivery, sentAt);
    if (delivery.wake) {
      // A delayed job is due before all others, or somebody gave jobs back.
      this.quietly(this.settler.settle(hold, 'a'));
      this.promoter.look();
      this.reclaimAt = -Infinity;
    } else if (this.stopping || this.port.clock.now() >= hold.validUntil) {
      // Also where the reply was so late that another may have it. No handler has seen it, so it does not count.
      this.quietly(this.settler.settle(hold, 'b', delivery.deliveries - 1));
    } else if (delivery.body === undefined) {
      this.bury(hold, 'it has no body');
    } else {
      let data: unknown;
      try {
        data = this.options.settings.serializer.parse(delivery.body);
      } catch (error) {
        return this.bury(hold, (error as Error).message);
      }
      this.options.start(new HeldJob(hold, data, this.context));
    }
  }

  /** What no handler could be given. */
  private bury(hold: Hold, reason: string): void {
    const { failures, deliveries, jobId } = hold.delivery;
    this.quietly(this.settler.settle(hold, 'd', failures + deliveries, `corrupt:${reason}`));
    this.note(new PaxxRedisError('CORRUPT', `The job ${jobId} of ${this.options.name} cannot be read: ${reason}`));
  }

  private quietly(settled: Promise<boolean>): void {
    settled.catch((error: Error) => this.note(error));
  }

  private async pause(ms: number): Promise<void> {
    await pauseUntil(this.port.clock, ms, undefined, (wake) => {
      this.wake = wake;
      return () => (this.wake = undefined);
    });
  }

  private async dropSession(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.close().catch(() => {});
  }

  private note(error: Error): void {
    this.lastError = error;
    reportPrimitive('queue', 'consume', this.options.name, error);
    this.options.onError(error);
  }

  private fail(error: PaxxRedisError): void {
    this.stopping = true;
    this.holds.stop();
    this.promoter.stop();
    for (const hold of this.holds.all.values()) this.holds.lose(hold, error.message);
    this.options.onEnd(error);
  }
}

/** What the user's listener throws must not stop the worker. */
export function tell(listener: ((error: Error) => void) | undefined, error: Error): void {
  try {
    listener?.(error);
  } catch (thrown) {
    process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
  }
}

const LARGEST_TAKE = 500;
const FATAL: ReadonlySet<string> = new Set(['CLOSED', 'INVALID']);
