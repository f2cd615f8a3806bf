/** The sorted set and its tree against a naive model, in all forms and through growth and shrinkage. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/server/util/random.ts';
import { MemberTable } from '../../src/server/values/member-table.ts';
import { OrderTree } from '../../src/server/values/order-tree.ts';
import { SortedSet } from '../../src/server/values/sorted-set.ts';

const limits = { zsetMaxListpackEntries: 128, zsetMaxListpackValue: 64 };

/** What a sorted set has to be: a list, sorted anew after each change. */
class Model {
  scores = new Map<string, number>();

  sorted(): [string, number][] {
    return [...this.scores].sort(([a, x], [b, y]) => (x === y ? Number(a > b) - Number(a < b) : x - y));
  }
}

function put(set: SortedSet, member: string, score: number): void {
  const handle = set.findText(member);
  if (handle < 0) set.insertText(member, score, limits);
  else set.rescore(handle, score);
}

function drop(set: SortedSet, member: string): void {
  const handle = set.findText(member);
  if (handle >= 0) set.remove(handle);
}

function expectSame(set: SortedSet, model: Model): void {
  const sorted = model.sorted();
  expect(set.size).toBe(sorted.length);
  expect(set.all()).toEqual({
    members: sorted.map(([member]) => member),
    scores: sorted.map(([, score]) => score),
  });
  if (set.order !== undefined) checkTree(set.order, set.size);
}

/** Counts, links, bounds and fill of every node. */
function checkTree(tree: OrderTree, size: number): void {
  const leaves: number[] = [];
  const visit = (node: number, parent: number): number => {
    const at = node << 3;
    const count = tree.info[at]!;
    const level = tree.info[at + 5]!;
    expect(tree.info[at + 2]).toBe(parent);
    if (level === 0) {
      leaves.push(node);
      for (let i = 0; i < count; i++) {
        const slot = tree.refs[(node << 6) + i]!;
        expect(tree.table.leaf(slot)).toBe(node);
        expect(tree.keys[(node << 6) + i]).toBe(tree.table.scores[slot]);
      }
      return count;
    }
    let total = 0;
    for (let i = 0; i < count; i++) {
      const child = tree.refs[(node << 6) + i]!;
      if (i > 0) expect(tree.keys[(node << 6) + i]).toBeLessThanOrEqual(tree.keys[tree.firstEntry(child)]!);
      total += visit(child, node);
    }
    expect(tree.info[at + 1]).toBe(total);
    return total;
  };
  expect(visit(tree.root, -1)).toBe(size);
  for (const [i, leaf] of leaves.entries()) {
    expect(tree.info[(leaf << 3) + 3]).toBe(leaves[i + 1] ?? -1);
    expect(tree.info[(leaf << 3) + 4]).toBe(leaves[i - 1] ?? -1);
    if (leaves.length > 1) expect(tree.info[leaf << 3]).toBeGreaterThan(0);
  }
}

/** The tables' own consistency is the tree's business too: every member is found where it should be. */
function expectQueries(set: SortedSet, model: Model, random: () => number): void {
  const sorted = model.sorted();
  for (let tries = 0; tries < 30; tries++) {
    const rank = Math.floor(random() * sorted.length);
    const entry = sorted[rank];
    if (entry === undefined) continue;
    const handle = set.findText(entry[0]);
    expect(set.score(handle)).toBe(entry[1]);
    expect(set.rank(set.findText(entry[0]))).toBe(rank);
    for (const bound of [entry[1], entry[1] + 0.5, entry[1] - 0.5]) {
      expect(set.countBelow(bound, false)).toBe(sorted.filter(([, score]) => score < bound).length);
      expect(set.countBelow(bound, true)).toBe(sorted.filter(([, score]) => score <= bound).length);
    }
    const count = Math.min(sorted.length - rank, 1 + Math.floor(random() * 80));
    expect(set.range(rank, count).members).toEqual(sorted.slice(rank, rank + count).map(([member]) => member));
    const down = Math.min(rank + 1, count);
    expect(set.range(rank, down, true).members).toEqual(
      sorted
        .slice(rank + 1 - down, rank + 1)
        .toReversed()
        .map(([member]) => member),
    );
  }
}

describe('a sorted set', () => {
  it('does what a sorted list does, small', () => {
    const member = fc.oneof(
      fc.stringMatching(/^[a-c]{0,3}$/),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      fc.constantFrom('x'.repeat(64), 'x'.repeat(65), 'y'.repeat(300)),
    );
    const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(Infinity, -Infinity, 0.1, -0, 1e300));
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ put: member, score }) },
      { weight: 1, arbitrary: fc.record({ drop: member }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const set = new SortedSet();
        const model = new Model();
        for (const each of steps) {
          if ('put' in each) {
            put(set, each.put, each.score);
            // The packed form knows no minus zero.
            model.scores.set(each.put, set.skiplist ? each.score : each.score + 0);
          } else {
            drop(set, each.drop);
            model.scores.delete(each.drop);
          }
          expectSame(set, model);
        }
      }),
      { numRuns: 300 },
    );
  });

  for (const [name, scoreOf] of [
    ['few scores', (random: () => number) => Math.floor(random() * 3)],
    ['one score', () => 0],
    ['many scores', (random: () => number) => random() * 1e6],
    ['some scores', (random: () => number) => Math.floor(random() * 500)],
  ] as const) {
    it(`does what a sorted list does, large, with ${name}`, () => {
      const random = seededRandom(name.length * 7919);
      const set = new SortedSet();
      const model = new Model();
      const spaceSize = 9000;
      for (const [steps, removals] of [
        [12_000, 0.1],
        [12_000, 0.8],
        [3_000, 0.3],
      ] as const) {
        for (let i = 0; i < steps; i++) {
          const member = `m${Math.floor(random() * spaceSize)}${random() < 0.01 ? 'long'.repeat(100) : ''}`;
          if (random() < removals) {
            const victim = random() < 0.5 ? member : set.size > 0 ? set.range(0, 1).members[0]! : member;
            drop(set, victim);
            model.scores.delete(victim);
          } else {
            const score = scoreOf(random);
            put(set, member, score);
            model.scores.set(member, score);
          }
        }
        expectSame(set, model);
        expectQueries(set, model, random);
      }
      const copy = set.copy();
      while (set.size > 0) {
        const count = Math.min(set.size, 1 + Math.floor(random() * 400));
        const rank = Math.floor(random() * (set.size - count + 1));
        for (const [member] of model.sorted().slice(rank, rank + count)) model.scores.delete(member);
        set.removeRange(rank, count);
        expectSame(set, model);
      }
      expect(copy.size).toBeGreaterThan(1000);
      expectQueries(copy, Object.assign(new Model(), { scores: modelOf(copy) }), random);
    });
  }

  it('counts members by their names', () => {
    const random = seededRandom(5);
    for (const size of [20, 3000]) {
      const set = new SortedSet();
      const members = Array.from({ length: size }, (_, i) => `m${String(i).padStart(5, '0')}`);
      for (const member of members.toSorted(() => random() - 0.5)) put(set, member, 0);
      for (let tries = 0; tries < 200; tries++) {
        const bound = `m${String(Math.floor(random() * size * 1.1)).padStart(5, '0')}${random() < 0.3 ? 'x' : ''}`;
        expect(set.countBefore(bound, false)).toBe(members.filter((member) => member < bound).length);
        expect(set.countBefore(bound, true)).toBe(members.filter((member) => member <= bound).length);
      }
      expect(set.countBefore('', true)).toBe(0);
      expect(set.countBefore('z', true)).toBe(size);
    }
  });

  it('grows and splits in order, in reverse and at random', () => {
    for (const next of [(i: number) => i, (i: number) => -i, (i: number) => (i * 7919) % 300_007]) {
      const table = new MemberTable();
      const tree = new OrderTree(table);
      for (let i = 0; i < 300_000; i++) {
        const bytes = Buffer.from(`m${i}`);
        table.find(bytes, 0, bytes.length);
        tree.insert(table.add(bytes, 0, bytes.length, next(i)), next(i));
      }
      expect(tree.countBelow(Infinity, true)).toBe(300_000);
      let slot = tree.seek(0);
      let last = -Infinity;
      let seen = 0;
      for (; slot >= 0; slot = tree.step(false)) {
        if (table.scores[slot]! < last) throw new Error('out of order');
        last = table.scores[slot]!;
        seen++;
      }
      expect(seen).toBe(300_000);
      for (let rank = 0; rank < 300_000; rank += 9973) expect(tree.rank(tree.seek(rank))).toBe(rank);
    }
  });

  it('meets every member that stays during a scan', () => {
    const random = seededRandom(11);
    const set = new SortedSet();
    for (let i = 0; i < 2000; i++) put(set, `stays${i}`, i);
    const met = new Set<string>();
    let cursor = 0;
    do {
      const page = set.scan(cursor, 10);
      for (const member of page.members) met.add(member);
      cursor = page.next;
      for (let i = 0; i < 20; i++) {
        const member = `comes${Math.floor(random() * 3000)}`;
        if (random() < 0.5) put(set, member, random());
        else drop(set, member);
      }
    } while (cursor !== 0);
    for (let i = 0; i < 2000; i++) expect(met.has(`stays${i}`)).toBe(true);
  });

  it('reports the encoding by the limits, and never goes back', () => {
    const set = new SortedSet();
    for (let i = 0; i < 128; i++) put(set, `m${i}`, i);
    expect(set.skiplist).toBe(false);
    put(set, 'one more', 1);
    expect(set.skiplist).toBe(true);
    set.removeRange(0, 120);
    expect(set.skiplist).toBe(true);
    const long = new SortedSet();
    put(long, 'x'.repeat(64), 1);
    expect(long.skiplist).toBe(false);
    put(long, 'x'.repeat(65), 1);
    expect(long.skiplist).toBe(true);
  });

  it('gives back the space of what left', () => {
    const set = new SortedSet();
    for (let i = 0; i < 5000; i++) put(set, `member:${i}`, i);
    const { bytes } = set;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 5000; i++) {
        drop(set, `member:${i}`);
        put(set, `member:${i}`, round - i);
      }
    }
    // A set filled in order has full leaves; one in motion has leaves two thirds full.
    expect(set.bytes).toBeLessThan(bytes * 1.35);
  });
});

function modelOf(set: SortedSet): Map<string, number> {
  const { members, scores } = set.all();
  return new Map(members.map((member, i) => [member, scores[i]!]));
}
