/** Streams against a plain array of entries: any order of adding, deleting, trimming, reading, saving and loading. */
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/server/persistence/rdb/byte-reader.ts';
import { ByteWriter } from '../../../src/server/persistence/rdb/byte-writer.ts';
import { Arena } from '../../../src/server/keyspace/arena.ts';
import { defaultSettings } from '../../../src/server/settings.ts';
import { seededRandom } from '../../../src/server/util/random.ts';
import type { Home } from '../../../src/server/values/home.ts';
import { PendingEntry, PendingList } from '../../../src/server/values/pending-list.ts';
import {
  compareIds,
  idAfter,
  idBefore,
  idText,
  MAX_ID,
  MIN_ID,
  parseId,
} from '../../../src/server/values/stream-id.ts';
import type { StreamId } from '../../../src/server/values/stream-id.ts';
import { EntryView } from '../../../src/server/values/stream-node.ts';
import { readStream, STREAM_RDB_NUMBER, writeStream } from '../../../src/server/values/stream-rdb.ts';
import { trimStream } from '../../../src/server/values/stream-trim.ts';
import { StreamValue } from '../../../src/server/values/stream-value.ts';

const WORDS = [
  '',
  'f',
  'g',
  '1',
  '-5',
  '127',
  '128',
  '70000',
  '9223372036854775807',
  '007',
  'x'.repeat(70),
  'y'.repeat(5000),
];

function homeOf(entries: number, bytes: number): Home {
  const settings = { ...defaultSettings(), streamNodeMaxEntries: entries, streamNodeMaxBytes: bytes };
  return { arena: new Arena(), space: { hashSeed: 7, settings } };
}

function append(stream: StreamValue, id: StreamId, parts: readonly string[]): void {
  const bytes = Buffer.from(parts.join(''), 'latin1');
  const start = new Int32Array(parts.length);
  const end = new Int32Array(parts.length);
  let at = 0;
  for (const [i, part] of parts.entries()) {
    start[i] = at;
    end[i] = at += part.length;
  }
  stream.append(id, bytes, start, end, 0, parts.length);
}

function contentOf(stream: StreamValue): string[] {
  return Array.from(stream.entries(), (view) => `${idText(view.id)} ${view.parts().join('|')}`);
}

function backward(stream: StreamValue): string[] {
  const view = new EntryView();
  const cursor = stream.seekBack(MAX_ID);
  const found: string[] = [];
  while (cursor.next(view)) found.push(`${idText(view.id)} ${view.parts().join('|')}`);
  return found;
}

describe('a stream', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is what a list of entries is (seed %d)', (seed) => {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const home = homeOf([100, 3, 0, 10][seed % 4]!, [4096, 0, 300][seed % 3]!);
    let stream = new StreamValue(home);
    let model: { id: StreamId; text: string }[] = [];
    let last: StreamId = seed % 2 === 0 ? MIN_ID : { ms: 2n ** 63n, seq: 2n ** 64n - 3n };
    for (let step = 0; step < 1500; step++) {
      const roll = random();
      if (roll < 0.75) {
        last =
          random() < 0.6
            ? idAfter(last)!
            : parseId(`${BigInt(last.ms) + BigInt(below(1000) + 1)}-${below(5)}`, 0, true)!;
        const parts = Array.from({ length: 2 * (1 + below(3)) }, (_, i) =>
          i % 2 === 0 && random() < 0.7 ? 'f' : WORDS[below(WORDS.length)]!,
        );
        append(stream, last, parts);
        model.push({ id: last, text: parts.join('|') });
      } else if (roll < 0.9 && model.length > 0) {
        const [gone] = model.splice(below(model.length), 1);
        expect(stream.delete(gone!.id)).toBe(true);
        expect(stream.delete(gone!.id)).toBe(false);
        if (compareIds(gone!.id, stream.firstId) === 0) stream.updateFirst();
      } else if (roll < 0.92) {
        const keep = below(model.length + 1);
        expect(trimStream(stream, { keep, approximate: false, limit: 0 })).toBe(model.length - keep);
        model = model.slice(model.length - keep);
      } else if (roll < 0.94 && model.length > 0) {
        const keep = model[below(model.length)]!.id;
        trimStream(stream, { keep, approximate: false, limit: 0 });
        model = model.filter(({ id }) => compareIds(id, keep) >= 0);
      } else if (roll < 0.98 && model.length > 0) {
        const from = model[below(model.length)]!.id;
        const view = new EntryView();
        expect(stream.find(from, view)).toBe(true);
        const cursor = stream.seek(idAfter(from) ?? MAX_ID);
        const next = model.find(({ id }) => compareIds(id, from) > 0);
        expect(cursor.next(view) ? idText(view.id) : undefined).toBe(next && idText(next.id));
      } else if (random() < 0.5) {
        stream = stream.copy(home);
      } else {
        const writer = new ByteWriter();
        writeStream(stream, writer);
        stream = readStream(new ByteReader(writer.take()), STREAM_RDB_NUMBER, home);
      }
      expect(stream.length).toBe(model.length);
      if (model.length > 0) expect(idText(stream.firstId)).toBe(idText(model[0]!.id));
    }
    const expected = model.map(({ id, text }) => `${idText(id)} ${text}`);
    expect(contentOf(stream)).toEqual(expected);
    expect(backward(stream)).toEqual(expected.toReversed());
    let bytes = 0;
    for (let i = stream.head; i < stream.nodes.length; i++) bytes += stream.nodes[i]!.bytes;
    expect(stream.nodeBytes).toBe(bytes);
  });

  it('gives back every block', () => {
    const home = homeOf(10, 4096);
    const stream = new StreamValue(home);
    for (let i = 1; i <= 500; i++) append(stream, { ms: i, seq: 0 }, ['field', 'value'.repeat(i % 50)]);
    trimStream(stream, { keep: 100, approximate: false, limit: 0 });
    stream.copy(home).release();
    stream.release();
    expect(home.arena.used).toBe(0);
  });

  it('refuses whatever is broken in a dump', () => {
    const home = homeOf(10, 4096);
    const stream = new StreamValue(home);
    for (let i = 1; i <= 25; i++) append(stream, { ms: i, seq: 0 }, ['field', `value ${i}`]);
    const writer = new ByteWriter(false);
    writeStream(stream, writer);
    const sound = Buffer.from(writer.take());
    for (let cut = 0; cut < sound.length; cut++) {
      expect(() => readStream(new ByteReader(sound.subarray(0, cut)), STREAM_RDB_NUMBER, home)).toThrow();
    }
    const random = seededRandom(3);
    for (let i = 0; i < 3000; i++) {
      const bent = Buffer.from(sound);
      bent[Math.floor(random() * bent.length)] = Math.floor(random() * 256);
      let loaded: StreamValue | undefined;
      try {
        loaded = readStream(new ByteReader(bent), STREAM_RDB_NUMBER, home);
      } catch {
        continue;
      }
      // What passes may be walked over, either way.
      contentOf(loaded);
      backward(loaded);
    }
  });
});

describe('a pending list', () => {
  it.each([1, 2, 3])('is a sorted list (seed %d)', (seed) => {
    const random = seededRandom(seed);
    const list = new PendingList<string>();
    const model = new Map<number, PendingEntry<string>>();
    for (let step = 0; step < 6000; step++) {
      const at = random() < 0.5 ? step : Math.floor(random() * 6000);
      const id = { ms: at, seq: at % 3 };
      expect(list.find(id)).toBe(model.get(at));
      if (model.has(at) && random() < 0.8) {
        expect(list.remove(id)).toBe(model.get(at));
        model.delete(at);
      } else if (!model.has(at)) {
        expect(list.remove(id)).toBeUndefined();
        const entry = new PendingEntry(id, 'c', 0, 1);
        list.add(entry);
        model.set(at, entry);
      }
      expect(list.size).toBe(model.size);
    }
    const sorted = [...model.keys()].sort((a, b) => a - b);
    expect([...list.since(MIN_ID)].map(({ id }) => id.ms)).toEqual(sorted);
    for (const from of [0, 17, 3000, 5999, 7000]) {
      expect(list.from({ ms: from, seq: 0 })?.id.ms).toBe(sorted.find((at) => at >= from));
    }
    expect(list.first?.id.ms).toBe(sorted[0]);
    expect(list.last?.id.ms).toBe(sorted.at(-1));
  });
});

describe('ids', () => {
  it('are read as Redis reads them', () => {
    expect(read('5-7')).toBe('5-7');
    expect(read('5')).toBe('5-9');
    expect(read('18446744073709551615-18446744073709551615')).toBe(idText(MAX_ID));
    expect(read('18446744073709551616')).toBeUndefined();
    expect(read('5--01')).toBe('5-18446744073709551615');
    for (const text of ['', '-', '+', '-1', '5-', '5-*', 'a', '5-6-7', '5--1'])
      expect(read(text), text).toBeUndefined();
  });

  it('have neighbours', () => {
    expect(idAfter(MAX_ID)).toBeUndefined();
    expect(idBefore(MIN_ID)).toBeUndefined();
    const id = { ms: 2 ** 53 - 1, seq: MAX_ID.seq };
    expect(idText(idAfter(id)!)).toBe('9007199254740992-0');
    expect(idBefore(idAfter(id)!)).toEqual(id);
  });
});

function read(text: string): string | undefined {
  const id = parseId(text, 9, true);
  return id && idText(id);
}
