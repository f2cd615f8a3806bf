// Hashes: a packed run of fields and values in their order while small, a table when big, as OBJECT ENCODING says.
//
// The few hashes whose fields expire have their times beside them.

import type { Buffer } from 'node:buffer';
import { KIND_HASH } from '../keyspace/kinds.ts';
import { defineValueType } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { Dict } from './dict.ts';
import type { Home } from './home.ts';
import { Pack } from './pack.ts';
import { FieldTimes } from './field-times.ts';
import { encodeText, Span } from './span.ts';

const OBJECT_BYTES = 48;
const field = new Span();
const value = new Span();

/** Sees a field and its value, which lie in the same buffer. */
export type FieldVisitor = (bytes: Buffer, start: number, end: number, valueStart: number, valueEnd: number) => void;

export class HashValue implements Aggregate {
  booked = 0;
  readonly home: Home;
  /** Exactly one of the two is there. */
  pack: Pack | undefined;
  dict: Dict | undefined = undefined;
  /** When fields expire; there from the first such field on. Whoever sets a field anew takes its time away. */
  times: FieldTimes | undefined = undefined;

  constructor(home: Home) {
    this.home = home;
    this.pack = new Pack(home.arena);
  }

  get bytes(): number {
    const own = OBJECT_BYTES + (this.dict !== undefined ? this.dict.bytes : this.pack!.bytes);
    return this.times === undefined ? own : own + this.times.bytes;
  }

  get size(): number {
    return this.dict !== undefined ? this.dict.count : this.pack!.count >> 1;
  }

  /** Show the value of field `bytes[start, end)`; false when there is none. */
  get(bytes: Buffer, start: number, end: number, into: Span): boolean {
    if (this.dict !== undefined) {
      const element = this.dict.find(bytes, start, end);
      if (element < 0) return false;
      this.dict.readValue(element, into);
      return true;
    }
    const pack = this.pack!;
    const at = pack.find(bytes, start, end, 2);
    if (at < 0) return false;
    pack.read(pack.next(at), into);
    return true;
  }

  has(bytes: Buffer, start: number, end: number): boolean {
    return (this.dict !== undefined ? this.dict.find(bytes, start, end) : this.pack!.find(bytes, start, end, 2)) >= 0;
  }

  /** Set a field; true when it is new. Call `prepare` first with what is going to be set. */
  set(bytes: Buffer, start: number, end: number, valueBytes: Buffer, valueStart: number, valueEnd: number): boolean {
    if (this.dict !== undefined) return setIn(this.dict, bytes, start, end, valueBytes, valueStart, valueEnd);
    const pack = this.pack!;
    const { settings } = this.home.space;
    if (end - start > settings.hashMaxListpackValue || valueEnd - valueStart > settings.hashMaxListpackValue) {
      return setIn(this.convert(), bytes, start, end, valueBytes, valueStart, valueEnd);
    }
    const at = pack.find(bytes, start, end, 2);
    if (at >= 0) {
      pack.replace(pack.next(at), valueBytes, valueStart, valueEnd);
      return false;
    }
    pack.append(bytes, start, end);
    pack.append(valueBytes, valueStart, valueEnd);
    if (pack.count >> 1 > settings.hashMaxListpackEntries) this.convert();
    return true;
  }

  /** Redis leaves the packed form before it sets anything when one of the strings given is too long for it. */
  prepare(length: number): void {
    if (this.dict === undefined && length > this.home.space.settings.hashMaxListpackValue) this.convert();
  }

  delete(bytes: Buffer, start: number, end: number): boolean {
    if (this.times !== undefined) this.persist(bytes, start, end);
    if (this.dict !== undefined) {
      const element = this.dict.find(bytes, start, end);
      if (element < 0) return false;
      this.dict.remove(element);
      return true;
    }
    const at = this.pack!.find(bytes, start, end, 2);
    if (at < 0) return false;
    this.pack!.remove(at, 2);
    return true;
  }

  /** Let a field live for ever; false when it did. */
  persist(bytes: Buffer, start: number, end: number): boolean {
    return this.times !== undefined && this.times.delete(bytes.latin1Slice(start, end));
  }

  setTime(name: string, at: number): void {
    this.times ??= new FieldTimes();
    this.times.set(name, at);
  }

  /** About `count` fields from a cursor on, all at once where there is no table; returns the next cursor. */
  scan(cursor: number, count: number, visitor: FieldVisitor): number {
    const { dict } = this;
    if (dict === undefined) {
      this.visit(visitor);
      return 0;
    }
    return dict.scan(cursor, count, (element) => {
      dict.readKey(element, field);
      dict.readValue(element, value);
      visitor(field.bytes, field.start, field.end, value.start, value.end);
    });
  }

  /** All fields in their order. */
  visit(visitor: FieldVisitor): void {
    const { dict, size } = this;
    let offset = 0;
    for (let i = 0; i < size; i++) {
      if (dict !== undefined) {
        dict.readKey(i, field);
        dict.readValue(i, value);
      } else {
        offset = this.pack!.read(this.pack!.read(offset, field), value);
      }
      visitor(field.bytes, field.start, field.end, value.start, value.end);
    }
  }

  /** Show field number `position` and its value. */
  at(position: number, key: Span, itsValue: Span): void {
    if (this.dict !== undefined) {
      this.dict.readKey(position, key);
      this.dict.readValue(position, itsValue);
    } else {
      this.pack!.read(this.pack!.read(this.pack!.offsetOf(position * 2), key), itsValue);
    }
  }

  // With texts, for those who are in no hurry.

  getText(name: string): string | undefined {
    return this.get(encodeText(name), 0, name.length, value) ? value.text : undefined;
  }

  setText(name: string, text: string): boolean {
    const bytes = encodeText(name + text);
    const { length } = name;
    return this.set(bytes, 0, length, bytes, length, length + text.length);
  }

  deleteText(name: string): boolean {
    return this.delete(encodeText(name), 0, name.length);
  }

  entries(): [string, string][] {
    const list: [string, string][] = [];
    this.visit((bytes, start, end, valueStart, valueEnd) => {
      list.push([bytes.latin1Slice(start, end), bytes.latin1Slice(valueStart, valueEnd)]);
    });
    return list;
  }

  copy(home: Home): HashValue {
    const copy = new HashValue(home);
    copy.dict = this.dict?.copy(home.arena);
    copy.pack = this.pack?.copy(home.arena);
    copy.times = this.times?.copy();
    return copy;
  }

  release(): void {
    if (this.dict !== undefined) this.dict.release();
    else this.pack!.release();
  }

  /** Become a table, for good. */
  convert(): Dict {
    const dict = new Dict(this.home.arena, this.home.space.hashSeed);
    this.visit((bytes, start, end, valueStart, valueEnd) => {
      dict.find(bytes, start, end);
      dict.add(bytes, start, end, bytes, valueStart, valueEnd);
    });
    this.pack!.release();
    this.pack = undefined;
    this.dict = dict;
    return dict;
  }
}

function setIn(
  dict: Dict,
  bytes: Buffer,
  start: number,
  end: number,
  valueBytes: Buffer,
  valueStart: number,
  valueEnd: number,
): boolean {
  const element = dict.find(bytes, start, end);
  if (element >= 0) {
    dict.setValue(element, valueBytes, valueStart, valueEnd);
    return false;
  }
  dict.add(bytes, start, end, valueBytes, valueStart, valueEnd);
  return true;
}

export const hashType = defineValueType<HashValue>({
  kind: KIND_HASH,
  name: 'hash',
  encoding: (hash) => (hash.dict !== undefined ? 'hashtable' : hash.times !== undefined ? 'listpackex' : 'listpack'),
  length: (hash) => hash.size,
  copy: (hash, target) => hash.copy(target),
  release: (hash) => hash.release(),
  expireFields: (hash, now) => {
    const due = hash.times?.due(now) ?? [];
    for (const name of due) hash.deleteText(name);
    return due;
  },
  field: (hash, name) => hash.getText(name),
  parts: (hash) => hash.entries(),
  reload: (hash, target) => {
    // A packed hash is loaded as it was saved; only its size is looked at again.
    if (hash.dict === undefined && hash.size <= target.space.settings.hashMaxListpackEntries) return hash;
    const loaded = new HashValue(target);
    for (const [name, text] of hash.entries()) loaded.setText(name, text);
    loaded.times = hash.times?.copy();
    return loaded;
  },
});
