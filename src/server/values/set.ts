// Sets: integers in order (`intset`), a packed run of a few members, or a table (both `hashtable` to OBJECT ENCODING).

import { Buffer } from 'node:buffer';
import { KIND_SET } from '../keyspace/kinds.ts';
import { defineValueType } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { Dict } from './dict.ts';
import type { Home } from './home.ts';
import { IntSet, parseInteger } from './int-set.ts';
import { Pack } from './pack.ts';
import { encodeText, Span } from './span.ts';

const OBJECT_BYTES = 56;
/** Redis keeps no more integers than this in an intset, whatever its setting says. */
const MAX_INTSET = 1 << 30;
/** Up to here a walk beats a table, in time and in memory. */
const MAX_PACKED = 16;
const MAX_PACKED_BYTES = 512;
const member = new Span();

/** Sees a member; false ends the visit. */
export type MemberVisitor = (bytes: Buffer, start: number, end: number) => boolean | void;

export class SetValue implements Aggregate {
  booked = 0;
  readonly home: Home;
  /** Exactly one of the three is there. */
  ints: IntSet | undefined = new IntSet();
  pack: Pack | undefined = undefined;
  dict: Dict | undefined = undefined;

  constructor(home: Home) {
    this.home = home;
  }

  get bytes(): number {
    return OBJECT_BYTES + (this.dict ?? this.pack ?? this.ints!).bytes;
  }

  get size(): number {
    if (this.dict !== undefined) return this.dict.count;
    return this.pack !== undefined ? this.pack.count : this.ints!.values.length;
  }

  has(bytes: Buffer, start: number, end: number): boolean {
    if (this.dict !== undefined) return this.dict.find(bytes, start, end) >= 0;
    if (this.pack !== undefined) return this.pack.find(bytes, start, end, 1) >= 0;
    const integer = parseInteger(bytes, start, end);
    return integer !== undefined && this.ints!.has(integer);
  }

  /** Add a member; true when it is new. */
  add(bytes: Buffer, start: number, end: number): boolean {
    if (this.dict !== undefined) return addTo(this.dict, bytes, start, end);
    if (this.pack !== undefined) return this.addPacked(this.pack, bytes, start, end);
    const ints = this.ints!;
    const integer = parseInteger(bytes, start, end);
    if (integer === undefined) {
      this.convertInts(end - start);
      return this.add(bytes, start, end);
    }
    if (!ints.add(integer)) return false;
    const limit = Math.min(this.home.space.settings.setMaxIntsetEntries, MAX_INTSET);
    if (ints.values.length > limit) this.convertInts(0);
    return true;
  }

  remove(bytes: Buffer, start: number, end: number): boolean {
    if (this.dict !== undefined) {
      const element = this.dict.find(bytes, start, end);
      if (element >= 0) this.dict.remove(element);
      return element >= 0;
    }
    if (this.pack !== undefined) {
      const at = this.pack.find(bytes, start, end, 1);
      if (at >= 0) this.pack.remove(at, 1);
      return at >= 0;
    }
    const integer = parseInteger(bytes, start, end);
    return integer !== undefined && this.ints!.remove(integer);
  }

  /** Show member number `position`; the numbers hold until the next change. */
  at(position: number, into: Span): void {
    if (this.dict !== undefined) this.dict.readKey(position, into);
    else if (this.pack !== undefined) this.pack.read(this.pack.offsetOf(position), into);
    else showInteger(this.ints!, position, into);
  }

  /** Remove member number `position`. */
  removeAt(position: number): void {
    if (this.dict !== undefined) this.dict.remove(position);
    else if (this.pack !== undefined) this.pack.remove(this.pack.offsetOf(position), 1);
    else this.ints!.values.splice(position, 1);
  }

  /** About `count` members from a cursor on, all at once where there is no table; returns the next cursor. */
  scan(cursor: number, count: number, visitor: MemberVisitor): number {
    const { dict } = this;
    if (dict === undefined) {
      this.visit(visitor);
      return 0;
    }
    return dict.scan(cursor, count, (element) => {
      dict.readKey(element, member);
      visitor(member.bytes, member.start, member.end);
    });
  }

  /** All members; integers in ascending order. */
  visit(visitor: MemberVisitor): void {
    const { dict, pack, ints, size } = this;
    let offset = 0;
    for (let i = 0; i < size; i++) {
      if (dict !== undefined) dict.readKey(i, member);
      else if (pack !== undefined) offset = pack.read(offset, member);
      else showInteger(ints!, i, member);
      if (visitor(member.bytes, member.start, member.end) === false) return;
    }
  }

  // With texts, for those who are in no hurry.

  hasText(text: string): boolean {
    return this.has(encodeText(text), 0, text.length);
  }

  addText(text: string): boolean {
    return this.add(encodeText(text), 0, text.length);
  }

  members(): string[] {
    const list: string[] = [];
    this.visit((bytes, start, end) => {
      list.push(bytes.latin1Slice(start, end));
    });
    return list;
  }

  copy(home: Home): SetValue {
    const copy = new SetValue(home);
    copy.ints = this.ints === undefined ? undefined : new IntSet([...this.ints.values]);
    copy.pack = this.pack?.copy(home.arena);
    copy.dict = this.dict?.copy(home.arena);
    return copy;
  }

  release(): void {
    if (this.dict !== undefined) this.dict.release();
    else if (this.pack !== undefined) this.pack.release();
  }

  addPacked(pack: Pack, bytes: Buffer, start: number, end: number): boolean {
    if (pack.find(bytes, start, end, 1) >= 0) return false;
    if (pack.count < MAX_PACKED && pack.used + end - start < MAX_PACKED_BYTES) pack.append(bytes, start, end);
    else addTo(this.toDict(), bytes, start, end);
    return true;
  }

  /** Leave the form for integers, for good; a member of `length` bytes follows. */
  convertInts(length: number): void {
    const { home } = this;
    const many = this.size >= MAX_PACKED || this.size * 20 + length >= MAX_PACKED_BYTES;
    if (many) {
      this.toDict();
      return;
    }
    const pack = new Pack(home.arena);
    this.visit((bytes, start, end) => pack.append(bytes, start, end));
    this.pack = pack;
    this.ints = undefined;
  }

  toDict(): Dict {
    const dict = new Dict(this.home.arena, this.home.space.hashSeed);
    this.visit((bytes, start, end) => void addTo(dict, bytes, start, end));
    this.pack?.release();
    this.pack = undefined;
    this.ints = undefined;
    this.dict = dict;
    return dict;
  }
}

function addTo(dict: Dict, bytes: Buffer, start: number, end: number): boolean {
  if (dict.find(bytes, start, end) >= 0) return false;
  dict.add(bytes, start, end, bytes, end, end);
  return true;
}

/** Apart from other texts: a visited member may be added to a set that looks at its own integers meanwhile. */
const digits = Buffer.allocUnsafeSlow(24);

function showInteger(ints: IntSet, position: number, into: Span): void {
  const text = String(ints.values[position]);
  for (let i = 0; i < text.length; i++) digits[i] = text.charCodeAt(i);
  into.set(digits, 0, text.length);
}

export const setType = defineValueType<SetValue>({
  kind: KIND_SET,
  name: 'set',
  encoding: (set) => (set.ints !== undefined ? 'intset' : 'hashtable'),
  length: (set) => set.size,
  copy: (set, target) => set.copy(target),
  release: (set) => set.release(),
  elements: (set) => set.members(),
  reload: (set, target) => {
    const loaded = new SetValue(target);
    set.visit((bytes, start, end) => void loaded.add(bytes, start, end));
    return loaded;
  },
});
