/** Coalescing and batching in one process. */
import { describe, expect, it } from 'vitest';
import { createBatcher, createCoalescer } from '../../../src/redis/primitives/coalescer/index.ts';
import { VirtualClock, VirtualTime } from '../../support/virtual-time.ts';

interface Deferred {
  readonly signal: AbortSignal;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

function deferring(): { calls: Deferred[]; work: (signal: AbortSignal) => Promise<unknown> } {
  const calls: Deferred[] = [];
  return {
    calls,
    work: (signal) => new Promise((resolve, reject) => calls.push({ signal, resolve, reject })),
  };
}

function boom(): Promise<unknown> {
  throw new Error('boom');
}

async function make(): Promise<{ list: number[] }> {
  return { list: [1] };
}

describe('coalescer', () => {
  it('makes one call for a thousand callers, and another for those who come later', async () => {
    const coalescer = createCoalescer<unknown>();
    const { calls, work } = deferring();
    const all = Array.from({ length: 1000 }, () => coalescer.run('k', work));
    expect([calls.length, coalescer.size]).toEqual([1, 1]);
    calls[0]!.resolve({ n: 1 });
    const values = await Promise.all(all);
    expect(new Set(values).size).toBe(1);
    expect(coalescer.size).toBe(0);
    void coalescer.run('k', work);
    expect(calls.length).toBe(2);
  });

  it('detaches callers that abort, and aborts the work when the last has left', async () => {
    const coalescer = createCoalescer<unknown>();
    const { calls, work } = deferring();
    const first = new AbortController();
    const second = new AbortController();
    const a = coalescer.run('k', work, { signal: first.signal });
    const b = coalescer.run('k', work, { signal: second.signal });
    first.abort(new Error('gone'));
    await expect(a).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'gone' } });
    expect(calls[0]!.signal.aborted).toBe(false);
    second.abort();
    await expect(b).rejects.toMatchObject({ code: 'ABORTED' });
    expect(calls[0]!.signal.aborted).toBe(true);
    // The call that was given up is not joined, and does not disturb its successor.
    const c = coalescer.run('k', work);
    calls[0]!.reject(new Error('aborted'));
    calls[1]!.resolve('fresh');
    expect(await c).toBe('fresh');
    await expect(coalescer.run('k', work, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(coalescer.size).toBe(0);
  });

  it('shares errors and keeps none, thrown at once or later', async () => {
    const coalescer = createCoalescer<unknown>();
    await expect(Promise.all([coalescer.run('k', boom), coalescer.run('k', boom)])).rejects.toThrow('boom');
    expect(coalescer.size).toBe(0);
    expect(await coalescer.run('k', async () => 'well')).toBe('well');
  });

  it('shares, freezes or clones results', async () => {
    const frozen = await createCoalescer<{ list: number[] }>({ results: 'freeze' }).run('k', make);
    expect(() => frozen.list.push(2)).toThrow(TypeError);
    const cloning = createCoalescer<{ list: number[] }>({ results: 'clone' });
    const [a, b] = await Promise.all([cloning.run('k', make), cloning.run('k', make)]);
    a.list.push(2);
    expect(b).toEqual({ list: [1] });
  });
});

describe('batcher', () => {
  it('reads the keys of a window at once', async () => {
    const time = new VirtualTime();
    const reads: string[][] = [];
    const batcher = createBatcher<string>({
      clock: new VirtualClock(time),
      windowMs: 5,
      maxSize: 3,
      load: async (keys) => {
        reads.push([...keys]);
        return keys.map((key) => (key === 'bad' ? new Error('no such') : key.toUpperCase()));
      },
    });
    const loads = ['a', 'b', 'a'].map((key) => batcher.load(key));
    await time.advance(4);
    expect(reads).toEqual([]);
    expect(await time.until(Promise.all(loads))).toEqual(['A', 'B', 'A']);
    expect(reads).toEqual([['a', 'b']]);
    // A full batch does not wait.
    const full = Promise.all(['c', 'd', 'e'].map((key) => batcher.load(key)));
    expect(await full).toEqual(['C', 'D', 'E']);
    const bad = expect(batcher.load('bad')).rejects.toThrow('no such');
    const good = batcher.load('good');
    await time.until(good);
    await bad;
  });

  it('leaves out what nobody waits for any more', async () => {
    let signal: AbortSignal | undefined;
    const reads: string[][] = [];
    const batcher = createBatcher<string>({
      load: (keys, given) => {
        signal = given;
        reads.push([...keys]);
        return new Promise(() => {});
      },
    });
    const [a, b] = [new AbortController(), new AbortController()];
    const first = expect(batcher.load('a', { signal: a.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    const second = expect(batcher.load('b', { signal: b.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    a.abort();
    await first;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(reads).toEqual([['b']]);
    expect(signal?.aborted).toBe(false);
    b.abort();
    await second;
    expect(signal?.aborted).toBe(true);
  });

  it('rejects all when the read fails or answers too little', async () => {
    const failing = createBatcher<string>({ load: () => Promise.reject(new Error('down')) });
    await expect(failing.load('a')).rejects.toThrow('down');
    const short = createBatcher<string>({ load: async () => [] });
    await expect(short.load('a')).rejects.toMatchObject({ code: 'INVALID' });
  });
});
