/**
 * Moves delayed jobs into the stream when they are due.
 *
 * Every worker does, so there is no scheduler to run. It knows when the next one is due: from what it delayed itself,
 * and from wake-up entries for jobs due before all others. Should the worker that knows die, others look every second.
 */
import type { Timer } from '../../port/clock.ts';
import type { RedisPort } from '../../port/types.ts';
import { arrayOf } from '../support/replies.ts';
import type { QueueKeys } from './keys.ts';
import { promoteDue } from './scripts/index.ts';

const LOOK_EVERY_MS = 1000;
/** Jobs per script call. */
const LIMIT = 128;

export class Promoter {
  private readonly port: RedisPort;
  private readonly names: readonly string[];
  private readonly onError: (error: Error) => void;
  private timer: Timer | undefined = undefined;
  private dueAt = Infinity;
  private running = false;
  private again = false;
  private stopped = false;

  constructor(port: RedisPort, keys: QueueKeys, onError: (error: Error) => void) {
    this.port = port;
    this.names = [keys.stream, keys.delayed, keys.bodies, keys.wake];
    this.onError = onError;
  }

  /** A job is due in so many milliseconds. */
  dueIn(ms: number): void {
    if (this.stopped) return;
    const at = this.port.clock.now() + ms;
    if (at >= this.dueAt) return;
    this.timer?.cancel();
    this.dueAt = at;
    this.timer = this.port.clock.after(ms, () => this.look());
  }

  /** Move what is due now. */
  look(): void {
    this.timer?.cancel();
    this.dueAt = Infinity;
    if (this.stopped) return;
    if (this.running) this.again = true;
    else void this.run();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async run(): Promise<void> {
    this.running = true;
    const random = this.port.random ?? Math.random;
    let nextMs = LOOK_EVERY_MS * (0.75 + 0.5 * random());
    try {
      const [moved, due] = arrayOf(await this.port.script(promoteDue, this.names, [LIMIT])) as readonly number[];
      if (due !== undefined && due >= 0) nextMs = Math.min(nextMs, due);
      if (moved === LIMIT) nextMs = 0;
    } catch (error) {
      this.onError(error as Error);
    }
    this.running = false;
    if (this.again) nextMs = 0;
    this.again = false;
    this.dueIn(nextMs);
  }
}
