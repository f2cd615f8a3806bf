/** Hashes and sets in all their forms against Map and Set. */
import { describe, expect, it } from 'vitest';
import { HashValue, hashType } from '../../../src/server/values/hash.ts';
import { IntSet, parseInteger } from '../../../src/server/values/int-set.ts';
import { distinctPositions } from '../../../src/server/values/sample.ts';
import { SetValue, setType } from '../../../src/server/values/set.ts';
import { Span } from '../../../src/server/values/span.ts';
import { seededRandom } from '../../../src/server/util/random.ts';
import { defaultSettings } from '../../../src/server/settings.ts';
import { bytesOf, draw, home } from './support.ts';

const settings = defaultSettings();
const span = new Span();
const other = new Span();

describe('HashValue', () => {
  it.each([
    [1, 40, 64],
    [2, 512, 64],
    [3, 512, 100_000],
    [4, 0, 64],
    [5, 1_000_000, 1_000_000],
  ])('behaves like a Map (seed %i, up to %i entries of %i bytes packed)', (seed, entries, longest) => {
    const where = home({ hashMaxListpackEntries: entries, hashMaxListpackValue: longest });
    const hash = new HashValue(where);
    const model = new Map<string, string>();
    const { below, text, pick } = draw(seed);
    for (let step = 0; step < 6000; step++) {
      const field = text();
      const value = text();
      const growing = Math.floor(step / 600) % 3 < 2;
      if (below(10) < (growing ? 7 : 2)) {
        expect(hash.setText(field, value)).toBe(!model.has(field));
        model.set(field, value);
      } else {
        const victim = model.size > 0 && below(2) === 0 ? pick([...model.keys()]) : field;
        expect(hash.delete(bytesOf(victim), 0, victim.length)).toBe(model.delete(victim));
      }
      expect(hash.size).toBe(model.size);
      expect(hash.getText(field)).toBe(model.get(field));
      if (step % 199 === 0) checkHash(hash, model);
    }
    checkHash(hash, model);
    checkHash(hashType.copy(hash, home() as never), model);
    hashType.release!(hash);
    expect(where.arena.used).toBe(0);
  });

  it('keeps the order of a packed hash when fields change or go', () => {
    const hash = new HashValue(home());
    for (const field of ['a', 'b', 'c', 'd']) hash.setText(field, '1');
    hash.setText('b', 'a longer value than before');
    hash.delete(bytesOf('c'), 0, 1);
    hash.setText('c', 'again');
    expect(hash.entries().map(([field]) => field)).toEqual(['a', 'b', 'd', 'c']);
  });

  it('takes less than Redis for each of many fields', () => {
    const hash = new HashValue(home());
    for (let i = 0; i < 100_000; i++) hash.setText(`element:${String(i).padStart(12, '0')}`, 'xxx');
    expect(hash.bytes / 100_000).toBeLessThan(72);
  });
});

describe('SetValue', () => {
  it.each([
    [1, 512],
    [2, 8],
    [3, 0],
  ])('behaves like a Set (seed %i, up to %i integers in order)', (seed, limit) => {
    const where = home({ setMaxIntsetEntries: limit });
    const { below, text, pick } = draw(seed);
    for (let round = 0; round < 12; round++) {
      const set = new SetValue(where);
      const model = new Set<string>();
      const numbersOnly = round % 3 === 0;
      let onlyIntegers = true;
      for (let step = 0; step < 700; step++) {
        const member = numbersOnly ? String(below(2000) - 1000) : text();
        if (below(10) < 7) {
          expect(set.addText(member)).toBe(!model.has(member));
          model.add(member);
          if (parseInteger(bytesOf(member), 0, member.length) === undefined || model.size > limit) onlyIntegers = false;
        } else {
          const victim = model.size > 0 ? pick([...model]) : member;
          expect(set.remove(bytesOf(victim), 0, victim.length)).toBe(model.delete(victim));
        }
        expect(set.size).toBe(model.size);
        expect(set.hasText(member)).toBe(model.has(member));
        expect(setType.encoding(set, settings)).toBe(onlyIntegers ? 'intset' : 'hashtable');
        if (step % 97 === 0) checkSet(set, model);
      }
      checkSet(set, model);
      checkSet(setType.copy(set, home() as never), model);
      for (let i = 0; model.size > 0; i++) {
        const position = (i * 7) % set.size;
        set.at(position, span);
        expect(model.delete(span.text)).toBe(true);
        set.removeAt(position);
      }
      expect(set.size).toBe(0);
      setType.release!(set);
      expect(where.arena.used).toBe(0);
    }
  });

  it('shows every member that stays while the set grows and shrinks under a scan', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { below } = draw(seed);
      const set = new SetValue(home());
      const staying = Array.from({ length: 500 }, (_, i) => `stay:${i}`);
      for (const member of staying) set.addText(member);
      for (let i = 0; i < 2000; i++) set.addText(`go:${i}`);
      const seen = new Set<string>();
      let gone = 0;
      let cursor = 0;
      do {
        cursor = set.scan(cursor, 10, (bytes, start, end) => void seen.add(bytes.latin1Slice(start, end)));
        for (let i = below(40); i > 0; i--) {
          const member = below(3) === 0 ? `new:${below(3000)}` : `go:${gone++}`;
          if (member.startsWith('new')) set.addText(member);
          else set.remove(bytesOf(member), 0, member.length);
        }
      } while (cursor !== 0);
      for (const member of staying) expect(seen.has(member)).toBe(true);
    }
  });

  it('shows no member twice while others come and go and the table keeps its size or grows', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { below } = draw(seed);
      const set = new SetValue(home());
      for (let i = 0; i < 700; i++) set.addText(`m:${i}`);
      const seen = new Set<string>();
      let cursor = 0;
      let fresh = 0;
      do {
        cursor = set.scan(cursor, 10, (bytes, start, end) => {
          const member = bytes.latin1Slice(start, end);
          expect(seen.has(member)).toBe(false);
          seen.add(member);
        });
        for (let i = below(6); i > 0; i--) {
          const member = `m:${below(400)}`;
          set.remove(bytesOf(member), 0, member.length);
        }
        for (let i = below(seed * 2); i > 0; i--) set.addText(`new:${fresh++}`);
      } while (cursor !== 0);
      for (let i = 400; i < 700; i++) expect(seen.has(`m:${i}`)).toBe(true);
    }
  });
});

describe('IntSet', () => {
  it('orders 64-bit integers, also beyond the safe range', () => {
    const texts = [
      '9223372036854775807',
      '-9223372036854775808',
      '9007199254740993',
      '9007199254740992',
      '0',
      '-5',
      '7',
    ];
    const set = new IntSet();
    for (const text of texts) expect(set.add(parseInteger(bytesOf(text), 0, text.length)!)).toBe(true);
    for (const text of texts) expect(set.add(parseInteger(bytesOf(text), 0, text.length)!)).toBe(false);
    expect(set.values.map(String)).toEqual([
      '-9223372036854775808',
      '-5',
      '0',
      '7',
      '9007199254740992',
      '9007199254740993',
      '9223372036854775807',
    ]);
    expect(set.remove(9_007_199_254_740_993n)).toBe(true);
    expect(set.has(9_007_199_254_740_993n)).toBe(false);
  });

  it.each(['', '-', '+1', '01', '-0', '1 ', ' 1', '1.0', 'a', '9223372036854775808', '-9223372036854775809', '1e3'])(
    'takes %j for text',
    (text) => expect(parseInteger(bytesOf(text), 0, text.length)).toBeUndefined(),
  );
});

describe('distinctPositions', () => {
  it.each([
    [10, 3],
    [10, 9],
    [1000, 10],
    [1000, 900],
  ])('draws each of %i positions alike (%i at a time)', (size, count) => {
    const random = seededRandom(7);
    const hits = new Float64Array(size);
    const rounds = Math.ceil((200 * size) / count);
    for (let i = 0; i < rounds; i++) {
      const positions = Array.from(distinctPositions(size, count, random));
      expect(new Set(positions).size).toBe(count);
      for (const position of positions) hits[position]!++;
    }
    const expected = (rounds * count) / size;
    const chiSquare = hits.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // Below this with a probability of far more than 0.9999 when all are alike.
    expect(chiSquare).toBeLessThan(size + 6 * Math.sqrt(2 * size));
  });
});

function checkHash(hash: HashValue, model: ReadonlyMap<string, string>): void {
  const entries = hash.entries();
  expect(new Map(entries)).toEqual(model);
  expect(entries.length).toBe(model.size);
  if (hash.dict === undefined) expect(entries).toEqual([...model]);
  for (let i = 0; i < Math.min(20, entries.length); i++) {
    hash.at(i, span, other);
    expect([span.text, other.text]).toEqual(entries[i]);
  }
}

function checkSet(set: SetValue, model: ReadonlySet<string>): void {
  const members = set.members();
  expect(members.length).toBe(model.size);
  expect(new Set(members)).toEqual(model);
  if (set.ints !== undefined) expect(members).toEqual([...model].sort((a, b) => Number(BigInt(a) - BigInt(b))));
}
