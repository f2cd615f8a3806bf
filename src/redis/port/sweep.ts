/**
 * Deadlines of all calls of a port, kept by one timer.
 *
 * A timer or an AbortSignal.timeout for each command costs several times the command itself. Here a call is linked
 * into the list of the bucket in which its time ends and taken out when it is answered; both are a few assignments.
 */
import type { Clock, Timer } from './clock.ts';

/** What has a deadline. The fields belong to the sweep. */
export interface Timed {
  bucket: Bucket | undefined;
  before: Timed | undefined;
  after: Timed | undefined;
  /** The time is up. */
  expire(): void;
}

export interface Bucket {
  readonly index: number;
  first: Timed | undefined;
}

/** Milliseconds per bucket: how much later than its deadline a call may be told. */
const WIDTH = 8;
/** When the sweep is called this much too late, the event loop was blocked, and replies may lie unread. */
const BLOCKED = 50;

export class DeadlineSweep {
  readonly clock: Clock;
  readonly buckets = new Map<number, Bucket>();
  timer: Timer | undefined = undefined;
  /** The bucket that the timer waits for. */
  armed = Infinity;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** @param ms Infinity for no deadline @returns the time now */
  add(timed: Timed, ms: number): number {
    const now = this.clock.now();
    if (ms === Infinity) return now;
    const index = Math.ceil((now + ms) / WIDTH);
    let bucket = this.buckets.get(index);
    if (bucket === undefined) {
      bucket = { index, first: undefined };
      this.buckets.set(index, bucket);
      if (index < this.armed) this.arm(index);
    }
    timed.bucket = bucket;
    timed.before = undefined;
    timed.after = bucket.first;
    if (bucket.first !== undefined) bucket.first.before = timed;
    bucket.first = timed;
    return now;
  }

  remove(timed: Timed): void {
    const { bucket, before, after } = timed;
    if (bucket === undefined) return;
    timed.bucket = undefined;
    if (after !== undefined) after.before = before;
    if (before !== undefined) before.after = after;
    else {
      bucket.first = after;
      // The timer is left as it is: calls are answered far more often than their time is up.
      if (after === undefined) this.buckets.delete(bucket.index);
    }
    timed.before = undefined;
    timed.after = undefined;
  }

  private arm(index: number, ms = index * WIDTH - this.clock.now()): void {
    this.timer?.cancel();
    this.armed = index;
    this.timer = this.clock.after(Math.max(ms, 0), () => this.run());
  }

  private run(secondTime = false): void {
    const now = this.clock.now();
    this.timer = undefined;
    if (!secondTime && now - this.armed * WIDTH > BLOCKED) {
      // Timers run before input: let the replies that came meanwhile be read.
      this.timer = this.clock.after(1, () => this.run(true));
      return;
    }
    this.armed = Infinity;
    const due = Math.floor(now / WIDTH);
    let next = Infinity;
    for (const bucket of this.buckets.values()) {
      if (bucket.index > due) {
        next = Math.min(next, bucket.index);
        continue;
      }
      while (bucket.first !== undefined) {
        const timed = bucket.first;
        this.remove(timed);
        timed.expire();
      }
    }
    // Calls made meanwhile may have set the timer.
    if (next < this.armed) this.arm(next);
  }
}
