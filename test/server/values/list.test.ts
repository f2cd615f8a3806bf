/** Lists against arrays: every operation at random, with elements from empty to beyond a chunk and the arena. */
import { describe, expect, it } from 'vitest';
import { ListValue, listType } from '../../../src/server/values/list.ts';
import { Span } from '../../../src/server/values/span.ts';
import { bytesOf, draw, home } from './support.ts';

const span = new Span();

function at(list: ListValue, position: number): string {
  list.at(position, span);
  return span.text;
}

function check(list: ListValue, model: readonly string[]): void {
  expect(list.length).toBe(model.length);
  expect(list.elements()).toEqual(model);
  const backward: string[] = [];
  list.visitBackward((bytes, start, end, i) => {
    backward[i] = bytes.latin1Slice(start, end);
  });
  expect(backward).toEqual(model);
}

function run(seed: number, steps: number, small: boolean): void {
  const where = home();
  const list = new ListValue(where);
  const model: string[] = [];
  const { below, pick, text } = draw(seed);
  const element = (): string => (small ? String(below(3)) : text());
  for (let step = 0; step < steps; step++) {
    const added = element();
    const bytes = bytesOf(added);
    // Grow for a while, then shrink: both ends of the range of lengths are met.
    const growing = Math.floor(step / 500) % 2 === 0;
    switch (below(growing ? 8 : 14)) {
      case 0:
      case 1:
        list.pushHead(bytes, 0, bytes.length);
        model.unshift(added);
        break;
      case 2:
      case 3:
        list.pushTail(bytes, 0, bytes.length);
        model.push(added);
        break;
      case 4:
      case 5: {
        const position = below(model.length + 1);
        list.insert(position, bytes, 0, bytes.length);
        model.splice(position, 0, added);
        break;
      }
      case 6:
        if (model.length > 0) {
          const position = below(model.length);
          list.replace(position, bytes, 0, bytes.length);
          model[position] = added;
        }
        break;
      case 7:
        if (model.length > 0) expect(at(list, below(model.length))).toBeTypeOf('string');
        for (const position of [0, model.length - 1, model.length >> 1]) {
          if (position >= 0 && position < model.length) expect(at(list, position)).toBe(model[position]);
        }
        break;
      case 8:
      case 9:
        if (model.length > 0) {
          list.readHead(span);
          expect(span.text).toBe(model.shift());
          list.dropHead();
        }
        break;
      case 10:
        if (model.length > 0) {
          list.readTail(span);
          expect(span.text).toBe(model.pop());
          list.dropTail();
        }
        break;
      case 11: {
        const position = below(model.length + 1);
        const count = below(Math.min(30, model.length - position + 1));
        list.remove(position, count);
        model.splice(position, count);
        break;
      }
      default: {
        const value = model.length > 0 ? pick(model) : added;
        const limit = 1 + below(5);
        const fromTail = below(2) === 1;
        const wanted = bytesOf(value);
        const gone = list.removeEqual(wanted, 0, wanted.length, limit, fromTail);
        let expected = 0;
        for (let i = 0; i < model.length && expected < limit;) {
          const position = fromTail ? model.length - 1 - i : i;
          if (model[position] === value) {
            model.splice(position, 1);
            expected++;
          } else {
            i++;
          }
        }
        expect(gone).toBe(expected);
      }
    }
    if (step % 97 === 0) check(list, model);
  }
  check(list, model);
  const copy = listType.copy(list, home() as never);
  check(copy, model);
  expect(list.bytes).toBeGreaterThan(0);
  listType.release!(list);
  expect(where.arena.used).toBe(0);
}

describe('ListValue', () => {
  it.each([1, 2, 3, 4])('behaves like an array (seed %i)', (seed) => run(seed, 6000, false));
  it.each([5, 6])('behaves like an array with many small equal elements (seed %i)', (seed) => run(seed, 8000, true));

  it('gives back every block and keeps its books when emptied from either end', () => {
    for (const fromHead of [true, false]) {
      const where = home();
      const list = new ListValue(where);
      const empty = list.bytes;
      for (let i = 0; i < 20_000; i++) {
        const bytes = bytesOf(`element ${i}`);
        if (i % 3 === 0) list.pushHead(bytes, 0, bytes.length);
        else list.pushTail(bytes, 0, bytes.length);
      }
      while (list.length > 0) {
        if (fromHead) list.dropHead();
        else list.dropTail();
      }
      expect(list.bytes).toBe(empty);
      expect(where.arena.used).toBe(0);
    }
  });

  it('serves as a queue in constant space', () => {
    const where = home();
    const list = new ListValue(where);
    const bytes = bytesOf('job');
    for (let i = 0; i < 100; i++) list.pushHead(bytes, 0, 3);
    const { used } = where.arena;
    for (let i = 0; i < 50_000; i++) {
      list.pushHead(bytes, 0, 3);
      list.dropTail();
    }
    expect(where.arena.used).toBeLessThanOrEqual(used * 2);
    expect(list.length).toBe(100);
  });

  it('takes little more than the elements when they are many', () => {
    const list = new ListValue(home());
    for (let i = 0; i < 100_000; i++) list.pushTail(bytesOf('0123456789'), 0, 10);
    expect(list.bytes / 100_000).toBeLessThan(13);
  });

  it('removes scattered elements without leaving the list full of holes', () => {
    const list = new ListValue(home());
    for (let i = 0; i < 100_000; i++) list.pushTail(bytesOf(i % 10 === 0 ? 'keep' : 'gone'), 0, 4);
    const full = list.bytes;
    expect(list.removeEqual(bytesOf('gone'), 0, 4, Infinity, false)).toBe(90_000);
    expect(new Set(list.elements())).toEqual(new Set(['keep']));
    expect(list.bytes).toBeLessThan(full / 3);
  });
});
