/** One virtual time that moves a server's clock, clients' clocks and whatever travels between them, event by event. */
import type { Clock, Timer } from '../../src/redis/port/clock.ts';
import type { Server } from '../../src/server/server.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

export class VirtualTime {
  /** Milliseconds since the start; may have fractions. */
  now = 0;
  /** Called after each event, when all that it caused has happened: the place for invariants. */
  onSettled: (() => void) | undefined;
  private entries: Entry[] = [];
  private order = 0;
  private server: Server | undefined;

  /** Moves this server's virtual clock along. A test may also move that clock by itself, as a jump of the server's time. */
  attach(server: Server): void {
    this.server = server;
  }

  at(delayMs: number, task: () => void): Timer {
    return this.atTime(this.now + Math.max(0, delayMs), task);
  }

  /** Tasks of the same time run in the order in which they were given. */
  atTime(time: number, task: () => void): Timer {
    if (time === Infinity) return { cancel() {} };
    const entry: Entry = { at: time, order: this.order++, task };
    let low = 0;
    for (let high = this.entries.length; low < high;) {
      const middle = (low + high) >> 1;
      if (this.entries[middle]!.at <= entry.at) low = middle + 1;
      else high = middle;
    }
    this.entries.splice(low, 0, entry);
    return {
      cancel: () => {
        const index = this.entries.indexOf(entry);
        if (index >= 0) this.entries.splice(index, 1);
      },
    };
  }

  /** Lets everything go on that needs no time: promises, and output that the server holds until its batch ends. */
  async settle(): Promise<void> {
    this.flushServer();
    await this.rest();
    this.flushServer();
    this.onSettled?.();
  }

  /** Resolves when no promise has anything left to do. Replace it where that takes a turn of the event loop. */
  rest: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve));

  /** Moves on, running what falls due at its own time and settling after each event. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await this.settle();
      if (!this.step(until)) break;
    }
    this.moveTo(until);
    await this.settle();
  }

  /** Moves on until the promise settles; rejects when it has not done so after `limitMs`, or nothing more would happen. */
  async until<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let done = false;
    const finish = (): void => {
      done = true;
    };
    promise.then(finish, finish);
    const limit = this.now + limitMs;
    for (;;) {
      await this.settle();
      if (done) return promise;
      if (!this.step(limit)) throw new Error(`not settled after ${limitMs} virtual milliseconds`);
    }
  }

  /** Runs the earliest event that is not later than `limit`; false where there is none. */
  private step(limit: number): boolean {
    const own = this.entries[0]?.at ?? Infinity;
    const next = Math.min(own, this.nextOfServer());
    if (next > limit) return false;
    this.moveTo(next);
    if (own === next) this.entries.shift()!.task();
    return true;
  }

  private nextOfServer(): number {
    const { server } = this;
    const first = server?.clock.entries[0];
    if (server === undefined || first === undefined) return Infinity;
    return Math.max(this.now, Math.floor(this.now) + first.at - server.clock.now());
  }

  /** The server counts whole milliseconds. */
  private moveTo(time: number): void {
    const whole = Math.floor(time) - Math.floor(this.now);
    this.now = time;
    this.server?.clock.advance(whole);
    this.flushServer();
  }

  private flushServer(): void {
    if (this.server === undefined) return;
    if (this.server.pendingFlush.size > 0) this.server.flushPending();
    if (this.server.pendingResume.size > 0) this.server.resumePending();
  }
}

/**
 * Promises alone, without a turn of the event loop: several times cheaper. For what waits neither for threads nor for
 * sockets. Ticks come after all promises, but only within a promise's own turn.
 */
export async function promisesOnly(): Promise<void> {
  await undefined;
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

/** What a process that stands still has to do when it goes on; tasks of one source keep their order. */
interface Held {
  readonly source: object | undefined;
  readonly task: () => void;
}

/** A client's clock on virtual time: with an offset, a drift, and pauses as a stopped process has them. */
export class VirtualClock implements Clock {
  private readonly time: VirtualTime;
  private readonly offsetMs: number;
  /** Milliseconds that this clock counts per virtual millisecond. */
  private readonly rate: number;
  private pausedUntil = 0;
  private held: Held[] = [];
  private waking = false;
  private timersFirst: boolean | undefined = undefined;

  constructor(time: VirtualTime, options: { readonly offsetMs?: number; readonly rate?: number } = {}) {
    this.time = time;
    this.offsetMs = options.offsetMs ?? 0;
    this.rate = options.rate ?? 1;
  }

  now(): number {
    return this.offsetMs + this.time.now * this.rate;
  }

  after(ms: number, callback: () => void): Timer {
    const due = this.now() + ms;
    // Sums of fractions may fall short of the time by a rounding.
    const ring = (): void => {
      const left = due - this.now();
      timer = left > 0 ? this.time.at(Math.max(left / this.rate, 1e-6), ring) : this.whenAwake(callback);
    };
    let timer = this.time.at(ms / this.rate, ring);
    return { cancel: () => timer.cancel() };
  }

  /**
   * The process stands still for so long: its timers and what arrives for it wait, its clock goes on.
   * @param timersFirst what it does first then, since Node's loop may have stood before its timers or before its
   *   sockets; without, all comes in the order of time
   */
  pause(ms: number, timersFirst?: boolean): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.time.now + ms);
    this.timersFirst = timersFirst;
  }

  /**
   * Runs the task at once, or when the pause is over.
   * @param source a connection: what it brings stays in order. Not given for timers
   */
  whenAwake(task: () => void, source?: object): Timer {
    const isBehind = source !== undefined && this.held.some((held) => held.source === source);
    if (!isBehind && this.pausedUntil <= this.time.now) {
      task();
      return { cancel() {} };
    }
    const held: Held = { source, task };
    this.held.push(held);
    if (!this.waking) this.wakeLater();
    return {
      cancel: () => {
        const index = this.held.indexOf(held);
        if (index >= 0) this.held.splice(index, 1);
      },
    };
  }

  private wakeLater(): void {
    this.waking = true;
    this.time.atTime(Math.max(this.pausedUntil, this.time.now), () => {
      this.waking = false;
      // It may have been paused again meanwhile.
      if (this.pausedUntil > this.time.now) return this.wakeLater();
      this.sortHeld();
      const next = this.held.shift();
      if (this.held.length > 0) this.wakeLater();
      next?.task();
    });
  }

  /** Once in a pause. */
  private sortHeld(): void {
    const { timersFirst } = this;
    if (timersFirst === undefined) return;
    this.timersFirst = undefined;
    const isFirst = ({ source }: Held): boolean => (source === undefined) === timersFirst;
    this.held = [...this.held.filter(isFirst), ...this.held.filter((held) => !isFirst(held))];
  }
}
