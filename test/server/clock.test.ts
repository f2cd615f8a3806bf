/** The server's time, to the microsecond. */
import { describe, expect, it } from 'vitest';
import { ServerClock } from '../../src/server/clock.ts';
import { startServer } from '../../src/server/index.ts';

describe('ServerClock', () => {
  it('tells microseconds within the millisecond that the system tells', () => {
    const clock = new ServerClock();
    const fractions = new Set<number>();
    for (let i = 0; i < 5000; i++) {
      const earliest = Date.now();
      const time = clock.microseconds();
      const latest = Date.now();
      expect(time).toBeGreaterThanOrEqual(earliest * 1000);
      expect(time).toBeLessThan((latest + 1) * 1000);
      fractions.add(time % 1000);
    }
    expect(fractions.size).toBeGreaterThan(1);
  });

  it('is moved to the microsecond where it is driven', () => {
    const clock = new ServerClock({ virtual: true, start: 1_000_000 });
    clock.advance(0.25);
    expect(clock.microseconds()).toBe(1_000_000_250);
  });
});

describe('TIME', () => {
  it('is the clock to the microsecond, and stands still for a script', async () => {
    await using redis = await startServer({ clock: 'virtual', now: 1_700_000_000_123 });
    expect(redis.call('TIME')).toEqual(['1700000000', '123000']);
    redis.clock.advance(0.5);
    expect(redis.call('TIME')).toEqual(['1700000000', '123500']);
    expect(redis.call('EVAL', "return redis.call('TIME')", 0)).toEqual(['1700000000', '123500']);
    redis.clock.advance(1);
    expect(redis.call('EVAL', "return redis.call('TIME')", 0)).toEqual(['1700000000', '124500']);
  });
});
