// The server's time: the system's, shifted at will, or one that stands still until it is told to move.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Run `task` once when the clock reaches `at`; never keeps the process alive. */
  schedule(at: number, task: () => void): Timer;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** Node's timers cannot wait longer. */
const LONGEST_WAIT = 2 ** 31 - 1;
const LAST_OF_MILLISECOND = 0.999;

/** A clock that can be moved. `virtual` stands still in between; otherwise it runs along with the system's. */
export class ServerClock implements Clock {
  virtual: boolean;
  /** Virtual: the time itself. Real: what is added to the system's. */
  base: number;
  entries: Entry[] = [];
  order = 0;
  wake: NodeJS.Timeout | undefined = undefined;
  wakeAt = Infinity;
  /** Told of a task that threw when the clock itself rang, where nobody else could catch it. */
  onFault: (error: unknown) => void = () => {};

  constructor(options: { readonly virtual?: boolean; readonly start?: number } = {}) {
    this.virtual = options.virtual ?? false;
    this.base = this.virtual ? (options.start ?? Date.now()) : (options.start ?? Date.now()) - Date.now();
  }

  now(): number {
    return this.virtual ? this.base : Date.now() + this.base;
  }

  /** As finely as the system tells: scripts that name events by their time count on it. */
  microseconds(): number {
    return Math.floor((this.virtual ? this.base : fineTime() + this.base) * 1000);
  }

  schedule(at: number, task: () => void): Timer {
    const entry: Entry = { at, order: this.order++, task };
    let low = 0;
    for (let high = this.entries.length; low < high;) {
      const middle = (low + high) >> 1;
      if (this.entries[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    this.entries.splice(low, 0, entry);
    this.arm();
    return { cancel: () => this.cancel(entry) };
  }

  /** Move to `time`, running on the way what falls due, each at its own time. Going back runs nothing. */
  set(time: number): void {
    while (this.entries.length > 0 && this.entries[0]!.at <= time) {
      const entry = this.entries.shift()!;
      if (entry.at > this.now()) this.jump(entry.at);
      entry.task();
    }
    this.jump(time);
    this.arm();
  }

  advance(milliseconds: number): void {
    this.set(this.now() + milliseconds);
  }

  /** Forget all timers; the clock still tells the time. */
  stop(): void {
    this.entries = [];
    clearTimeout(this.wake);
    this.wake = undefined;
    this.wakeAt = Infinity;
  }

  jump(time: number): void {
    this.base = this.virtual ? time : time - Date.now();
  }

  cancel(entry: Entry): void {
    const at = this.entries.indexOf(entry);
    if (at >= 0) this.entries.splice(at, 1);
  }

  arm(): void {
    if (this.virtual) return;
    const first = this.entries[0]?.at ?? Infinity;
    if (this.wake !== undefined && this.wakeAt === first) return;
    clearTimeout(this.wake);
    this.wake = undefined;
    this.wakeAt = first;
    if (first === Infinity) return;
    this.wake = setTimeout(() => this.ring(), Math.max(0, Math.min(first - this.now(), LONGEST_WAIT)));
    this.wake.unref();
  }

  ring(): void {
    this.wake = undefined;
    this.wakeAt = Infinity;
    const now = this.now();
    while (this.entries.length > 0 && this.entries[0]!.at <= now) {
      try {
        this.entries.shift()!.task();
      } catch (error) {
        this.onFault(error);
      }
    }
    this.arm();
  }
}

/** When `performance.now()` was zero, in the system's time. */
let origin = performance.timeOrigin;

/** `Date.now()` with a fraction. The process's own clock gives it, and is set right where the system's has moved on. */
function fineTime(): number {
  const earliest = Date.now();
  const fine = origin + performance.now();
  const latest = Date.now() + LAST_OF_MILLISECOND;
  const time = Math.min(Math.max(fine, earliest), latest);
  origin += time - fine;
  return time;
}
