/** Time as the client sees it, passed in so that tests and simulations drive it. */

export interface Clock {
  /** Milliseconds that only ever rise. No relation to the time of day, nor to the server's. */
  now(): number;
  /** Calls back once, not earlier than `ms` milliseconds from now. Never keeps the process alive. */
  after(ms: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** A number from [0, 1), as `Math.random` gives. Passed in for the same reason as the clock. */
export type Random = () => number;

/** setTimeout takes 31 bits of milliseconds. */
const LONGEST = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    if (ms === Infinity) return { cancel() {} };
    const until = performance.now() + ms;
    let timer = start(ms);
    // setTimeout may fire a fraction of a millisecond early, and rounds its delay down.
    function start(left: number): NodeJS.Timeout {
      return setTimeout(
        () => {
          const rest = until - performance.now();
          if (rest <= 0) callback();
          else timer = start(rest);
        },
        Math.min(Math.ceil(left), LONGEST),
      ).unref();
    }
    return { cancel: () => clearTimeout(timer) };
  },
};
