/** Leader election on virtual time: terms, stepping down, observers. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createLeaders } from '../../../src/redis/primitives/leader/index.ts';
import type { CandidateOptions, Term } from '../../../src/redis/primitives/leader/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import type { EmbeddedPort } from '../../support/embedded-port.ts';

let redis = startEmbedded();
let { time } = redis;

interface Event {
  readonly at: number;
  readonly owner: string;
  readonly what: 'begins' | 'ends';
  readonly token: number;
}

/** Leads until told to stop, and notes when. */
async function candidate(port: EmbeddedPort, events: Event[], options: CandidateOptions): Promise<void> {
  for await (const { token, owner, signal } of createLeaders(port).terms('job', options)) {
    events.push({ at: time.now, owner, what: 'begins', token });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    events.push({ at: time.now, owner, what: 'ends', token });
  }
}

describe('leader', () => {
  beforeEach(() => {
    redis = startEmbedded();
    ({ time } = redis);
  });

  it('steps down before another can lead', async () => {
    const stop = new AbortController();
    const events: Event[] = [];
    const ports = ['a', 'b', 'c'].map(() => redis.port());
    const running = ports.map((port, i) =>
      candidate(port, events, { owner: 'abc'[i]!, ttlMs: 5000, signal: stop.signal }),
    );
    for (let i = 0; i < 12; i++) {
      await time.advance(7000);
      const leading = events.at(-1)!;
      expect(leading.what).toBe('begins');
      const port = ports['abc'.indexOf(leading.owner)]!;
      port.cut();
      await time.advance(9000);
      port.restore();
    }
    stop.abort();
    await time.until(Promise.all(running));
    expect(events.length).toBeGreaterThanOrEqual(24);
    for (let i = 0; i + 1 < events.length; i += 2) {
      const [begins, ends] = [events[i]!, events[i + 1]!];
      expect([begins.what, ends.what, ends.token]).toEqual(['begins', 'ends', begins.token]);
      const next = events[i + 2];
      if (next !== undefined) expect(next.token).toBeGreaterThan(begins.token);
    }
    // Lost contact: the term ends a second and 50 ms before the lease, which is when the next may begin.
    expect(events[2]!.at - events[1]!.at).toBeGreaterThanOrEqual(1000);
  });

  it('resigns when the body ends, and stops when asked to', async () => {
    const port = redis.port();
    const leaders = createLeaders(port);
    const terms: Term[] = [];
    const loop = (async () => {
      for await (const term of leaders.terms('job', { owner: 'a' })) {
        term.assert();
        terms.push(term);
        if (terms.length === 3) break;
      }
    })();
    await time.until(loop);
    expect(terms.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    expect(() => terms[0]!.assert()).toThrow('released');
    expect(await time.until(leaders.current('job'))).toBe(undefined);
    const stop = new AbortController();
    const waiting = leaders.terms('job', { signal: stop.signal });
    const { value } = (await time.until(waiting.next())) as { value: Term };
    const other = createLeaders(redis.port()).terms('job', { signal: stop.signal });
    const second = other.next();
    await time.advance(100);
    stop.abort();
    expect(value.signal.aborted).toBe(true);
    expect(() => value.assert()).toThrow('resigned');
    expect(await time.until(second)).toEqual({ value: undefined, done: true });
    expect(await time.until(waiting.next())).toEqual({ value: undefined, done: true });
  });

  it('hands over at once to who waits when the leader resigns', async () => {
    const first = createLeaders(redis.port()).terms('job', { owner: 'a' });
    await time.until(first.next());
    const second = createLeaders(redis.port()).terms('job', { owner: 'b' });
    const next = second.next();
    await time.advance(20);
    const since = time.now;
    void first.next();
    const { value } = (await time.until(next)) as { value: Term };
    expect([value.owner, time.now - since]).toEqual(['b', 0]);
    await time.until(second.return!());
  });

  it('shows who leads to observers, also when a leader dies', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const begun = time.now;
    const observing = (async () => {
      for await (const holder of createLeaders(redis.port()).observe('job', { signal: stop.signal })) {
        seen.push(`${holder?.owner} ${Math.round(time.now - begun)}`);
      }
    })();
    await time.advance(100);
    const port = redis.port();
    const terms = createLeaders(port).terms('job', { owner: 'a', ttlMs: 3000 });
    await time.until(terms.next());
    await time.advance(900);
    port.pause(1e9);
    await time.advance(9000);
    stop.abort();
    await time.until(observing);
    expect(seen[0]).toBe('undefined 0');
    expect(seen[1]).toBe('a 100');
    expect(seen.length).toBe(3);
    const [, diedAt] = seen[2]!.split(' ');
    expect(Number(diedAt)).toBeGreaterThanOrEqual(3100);
    expect(Number(diedAt)).toBeLessThan(4010);
  });
});
