/**
 * All waits of a port: one tracker, one timer for polls, one read per key however many wait for it.
 *
 * A tracked read is answered and registered at the same moment, so a change before it is in its value and a change
 * after it is told of. What is told of while a read is under way leads to another read. After a lost connection every
 * key is read again.
 */
import { AbortRegistry } from '../../port/aborts.ts';
import type { Timer } from '../../port/clock.ts';
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import type { Command, RedisPort, Reply, Tracker } from '../../port/types.ts';
import { DueHeap } from '../support/heap.ts';
import { Watch } from './watch.ts';
import type { Waiter } from './watch.ts';

export interface WaitWish {
  readonly predicate: (value: Reply) => boolean;
  /** 0: read once. */
  readonly budgetMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Reads under way at once: after a reconnect all keys are read. */
const READS = 128;
/** Milliseconds: how long the tracker outlives the last wait, and until one that failed is tried again. */
const LINGER_MS = 10_000;
const REOPEN_MS = 5000;
/** With many keys polls are rarer, so that they stay below 500 a second. */
const POLL_SPACING_MS = 2;

class WaitHub {
  private readonly port: RedisPort;
  private readonly random: () => number;
  private readonly watches = new Map<string, Watch>();
  private readonly byKey = new Map<string, Set<Watch>>();
  private readonly polls = new DueHeap<Watch>();
  private readonly aborts = new AbortRegistry();
  private readonly line = new Set<Watch>();
  private reading = 0;
  private timer: Timer | undefined = undefined;
  private timerAt = Infinity;
  private lingering: Timer | undefined = undefined;
  private tracker: Tracker | undefined = undefined;
  /** By the port's clock: not before this is tracking tried; Infinity while it is, or where there is none. */
  private trackAt = -Infinity;

  constructor(port: RedisPort) {
    this.port = port;
    this.random = port.random ?? Math.random;
  }

  wait(command: Command, { predicate, budgetMs, signal }: WaitWish): Promise<Reply> {
    const { clock } = this.port;
    const watch = this.watchFor(command);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        if (signal !== undefined) this.aborts.remove(signal, waiter);
        watch.waiters.delete(waiter);
        if (watch.waiters.size === 0) this.forget(watch);
      };
      const waiter: Waiter = {
        predicate,
        after: watch.reads,
        once: budgetMs === 0,
        finish(value) {
          end();
          resolve(value);
        },
        fail(error) {
          end();
          reject(error as Error);
        },
        giveUp(cause) {
          const text = `${String(command.key)} did not become what was waited for within ${budgetMs} ms`;
          waiter.fail(new PaxxRedisError('TIMEOUT', text, { cause }));
        },
      };
      const timer = clock.after(budgetMs || this.port.defaultDeadlineMs, () => waiter.giveUp(watch.lastError));
      watch.waiters.add(waiter);
      if (signal !== undefined) {
        this.aborts.add(signal, waiter, () =>
          waiter.fail(new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal.reason })),
        );
      }
      this.openTracker();
      this.read(watch);
    });
  }

  private watchFor(command: Command): Watch {
    const id = JSON.stringify(command.args);
    const known = this.watches.get(id);
    if (known !== undefined) return known;
    this.lingering?.cancel();
    const watch = new Watch(id, command, this.random);
    this.watches.set(id, watch);
    const key = command.key!;
    const ofKey = this.byKey.get(key);
    if (ofKey === undefined) this.byKey.set(key, new Set([watch]));
    else ofKey.add(watch);
    return watch;
  }

  private forget(watch: Watch): void {
    if (this.watches.get(watch.id) !== watch) return;
    this.watches.delete(watch.id);
    watch.pollAt = Infinity;
    watch.scheduledAt = Infinity;
    const key = watch.command.key!;
    const ofKey = this.byKey.get(key);
    ofKey?.delete(watch);
    if (ofKey?.size === 0) this.byKey.delete(key);
    if (this.watches.size === 0) this.rest();
  }

  /** Nobody waits: no polls, and no connection for long. */
  private rest(): void {
    this.timer?.cancel();
    this.timerAt = Infinity;
    while (this.polls.take() !== undefined);
    this.lingering?.cancel();
    this.lingering = this.port.clock.after(LINGER_MS, () => {
      void this.tracker?.close().catch(() => {});
      if (this.tracker !== undefined) this.trackAt = -Infinity;
      this.tracker = undefined;
    });
  }

  private openTracker(): void {
    if (this.tracker !== undefined || this.port.clock.now() < this.trackAt) return;
    this.trackAt = Infinity;
    this.port.track({ changed: (keys) => this.changed(keys) }).then(
      (tracker) => {
        this.tracker = tracker;
        // What was read before is not tracked.
        this.changed(null);
        if (this.watches.size === 0) this.rest();
      },
      (error: unknown) => {
        if (!isPaxxRedisError(error, 'UNSUPPORTED')) this.trackAt = this.port.clock.now() + REOPEN_MS;
      },
    );
  }

  private changed(keys: readonly string[] | null): void {
    if (keys === null) {
      for (const watch of this.watches.values()) this.read(watch);
      return;
    }
    for (const key of keys) for (const watch of this.byKey.get(key) ?? []) this.read(watch);
  }

  /** Read it soon, and if it is being read, once more. */
  private read(watch: Watch): void {
    if (watch.reading) {
      watch.stale = true;
      return;
    }
    watch.reading = true;
    this.line.add(watch);
    this.advance();
  }

  private advance(): void {
    while (this.reading < READS) {
      const [watch] = this.line;
      if (watch === undefined) return;
      this.line.delete(watch);
      // Everybody has given up meanwhile.
      if (watch.waiters.size === 0) watch.reading = false;
      else void this.readNow(watch);
    }
  }

  private async readNow(watch: Watch): Promise<void> {
    this.reading++;
    watch.stale = false;
    const read = ++watch.reads;
    // A tracking connection that fails must not keep a key from being read.
    const tracker = watch.lastError === undefined ? this.tracker : undefined;
    try {
      const reply = await (tracker === undefined ? this.port.send(watch.command) : tracker.read(watch.command));
      watch.offer(reply, read);
      // Answered, but not registered: it may change from now on without our being told.
      if (tracker === undefined && this.tracker !== undefined) watch.stale = true;
      this.pollLater(watch, tracker !== undefined);
    } catch (error) {
      this.failed(watch, error);
    }
    this.reading--;
    watch.reading = false;
    if (watch.stale && watch.waiters.size > 0) this.read(watch);
    this.advance();
  }

  private failed(watch: Watch, error: unknown): void {
    if (isPaxxRedisError(error) && error.retryable) {
      watch.lastError = error;
      for (const waiter of watch.waiters) if (waiter.once) waiter.giveUp(error);
      this.pollLater(watch, false);
    } else {
      watch.failAll(error as PaxxRedisError);
    }
  }

  private pollLater(watch: Watch, tracked: boolean): void {
    if (watch.waiters.size === 0) return;
    const pause = Math.max(watch.pauses.next(tracked), this.watches.size * POLL_SPACING_MS);
    watch.pollAt = this.port.clock.now() + pause;
    this.schedule(watch);
    this.arm();
  }

  /** A watch has one entry that counts; one that turns out to be early is put back. */
  private schedule(watch: Watch): void {
    if (watch.pollAt >= watch.scheduledAt) return;
    watch.scheduledAt = watch.pollAt;
    this.polls.add(watch.pollAt, watch);
  }

  private arm(): void {
    const { first } = this.polls;
    if (first >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = first;
    this.timer = this.port.clock.after(Math.max(0, first - this.port.clock.now()), () => this.poll());
  }

  private poll(): void {
    this.timerAt = Infinity;
    const now = this.port.clock.now();
    this.openTracker();
    while (this.polls.first <= now) {
      const { at, item } = this.polls.take()!;
      if (item.scheduledAt !== at) continue;
      item.scheduledAt = Infinity;
      // It was read meanwhile.
      if (item.pollAt > now) this.schedule(item);
      else this.read(item);
    }
    this.arm();
  }
}

const hubs = new WeakMap<RedisPort, WaitHub>();

export function hubOf(port: RedisPort): WaitHub {
  let hub = hubs.get(port);
  if (hub === undefined) hubs.set(port, (hub = new WaitHub(port)));
  return hub;
}
