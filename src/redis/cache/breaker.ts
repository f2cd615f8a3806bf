/** Leaves Redis alone for a while after it has failed several times in a row. */
import type { Clock, Random } from '../port/clock.ts';

const FAILURES = 5;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * A circuit breaker: closed while Redis answers; open after five failures in a row, when every call is a miss at once;
 * then one call tries again (half open), and either all follow or the pause doubles.
 */
export class Breaker {
  private readonly clock: Clock;
  private readonly random: Random;
  private failures = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private openUntil = -Infinity;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  /** May a call be made now? In the half-open state only one gets true. */
  allows(): boolean {
    if (this.failures < FAILURES) return true;
    const now = this.clock.now();
    if (now < this.openUntil) return false;
    this.openUntil = now + this.pauseMs;
    return true;
  }

  succeeded(): void {
    this.failures = 0;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  failed(): void {
    this.failures++;
    if (this.failures < FAILURES) return;
    if (this.failures > FAILURES) this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
    // Processes that lost Redis together shall not come back together.
    this.openUntil = this.clock.now() + this.pauseMs * (0.5 + this.random() / 2);
  }

  get state(): 'closed' | 'open' {
    return this.failures >= FAILURES ? 'open' : 'closed';
  }
}
