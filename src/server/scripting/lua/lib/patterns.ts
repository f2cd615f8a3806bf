// Lua patterns: backtracking over byte strings.

import type { Machine } from '../machine.ts';
import type { LuaValue } from '../values.ts';

const MAX_CAPTURES = 32;
const UNCLOSED = -1;
const POSITION = -2;
const ESCAPE = 37;

/** Letters without a meaning of their own, the last of which is not repeated. */
const HEAD = /^[^$%()*+.?[\]^-]+(?![*?-])(?<![*+?-])/;

/** One pattern applied to one subject. Steps are paid with the machine's fuel, so that no pattern hangs the server. */
export class Matcher {
  readonly machine: Machine;
  readonly subject: string;
  readonly pattern: string;
  /** A letter that every match begins with, if there is one. */
  readonly head: string;
  level = 0;
  readonly starts: number[] = [];
  readonly lengths: number[] = [];

  constructor(machine: Machine, subject: string, pattern: string) {
    this.machine = machine;
    this.subject = subject;
    this.pattern = pattern;
    this.head = HEAD.exec(pattern)?.[0] ?? '';
  }

  /** Where a match from `s` on ends, or -1. */
  begin(s: number, p: number): number {
    this.level = 0;
    return this.match(s, p);
  }

  match(from: number, at: number): number {
    const { pattern, subject, machine } = this;
    let s = from;
    let p = at;
    for (;;) {
      if (--machine.fuel < 0) machine.tick(machine.line);
      if (p >= pattern.length) return s;
      const letter = pattern.charCodeAt(p);
      if (letter === 40) {
        return pattern.charCodeAt(p + 1) === 41 ? this.open(s, p + 2, POSITION) : this.open(s, p + 1, UNCLOSED);
      }
      if (letter === 41) return this.close(s, p + 1);
      if (letter === ESCAPE) {
        const next = pattern.charCodeAt(p + 1);
        if (next === 98) {
          s = this.balance(s, p + 2);
          if (s < 0) return -1;
          p += 4;
          continue;
        }
        if (next === 102) {
          p += 2;
          if (pattern.charCodeAt(p) !== 91) return machine.fail("missing '[' after '%f' in pattern");
          const end = this.itemEnd(p);
          const before = s === 0 ? 0 : subject.charCodeAt(s - 1);
          const here = s < subject.length ? subject.charCodeAt(s) : 0;
          if (this.inSet(before, p, end - 1) || !this.inSet(here, p, end - 1)) return -1;
          p = end;
          continue;
        }
        if (next >= 48 && next <= 57) {
          s = this.again(s, next);
          if (s < 0) return -1;
          p += 2;
          continue;
        }
      } else if (letter === 36 && p + 1 === pattern.length) return s === subject.length ? s : -1;
      const end = this.itemEnd(p);
      const suffix = pattern.charCodeAt(end);
      if (suffix === 63) {
        if (this.single(s, p, end)) {
          const result = this.match(s + 1, end + 1);
          if (result >= 0) return result;
        }
        p = end + 1;
        continue;
      }
      if (suffix === 42) return this.longest(s, p, end);
      if (suffix === 43) return this.single(s, p, end) ? this.longest(s + 1, p, end) : -1;
      if (suffix === 45) return this.shortest(s, p, end);
      if (!this.single(s, p, end)) return -1;
      s++;
      p = end;
    }
  }

  longest(s: number, p: number, end: number): number {
    let count = 0;
    while (this.single(s + count, p, end)) count++;
    this.machine.fuel -= count >> 3;
    for (; count >= 0; count--) {
      const result = this.match(s + count, end + 1);
      if (result >= 0) return result;
    }
    return -1;
  }

  shortest(from: number, p: number, end: number): number {
    for (let s = from; ; s++) {
      const result = this.match(s, end + 1);
      if (result >= 0) return result;
      if (!this.single(s, p, end)) return -1;
    }
  }

  open(s: number, p: number, what: number): number {
    if (this.level >= MAX_CAPTURES) return this.machine.fail('too many captures');
    this.starts[this.level] = s;
    this.lengths[this.level] = what;
    this.level++;
    const result = this.match(s, p);
    if (result < 0) this.level--;
    return result;
  }

  close(s: number, p: number): number {
    let open = this.level - 1;
    while (open >= 0 && this.lengths[open] !== UNCLOSED) open--;
    if (open < 0) return this.machine.fail('invalid pattern capture');
    this.lengths[open] = s - this.starts[open]!;
    const result = this.match(s, p);
    if (result < 0) this.lengths[open] = UNCLOSED;
    return result;
  }

  balance(s: number, p: number): number {
    const { pattern, subject } = this;
    if (p + 1 >= pattern.length) return this.machine.fail('unbalanced pattern');
    const opening = pattern.charCodeAt(p);
    const closing = pattern.charCodeAt(p + 1);
    if (s >= subject.length || subject.charCodeAt(s) !== opening) return -1;
    let depth = 1;
    for (let i = s + 1; i < subject.length; i++) {
      const letter = subject.charCodeAt(i);
      if (letter === closing) {
        if (--depth === 0) return i + 1;
      } else if (letter === opening) depth++;
    }
    return -1;
  }

  /** A back reference. */
  again(s: number, digit: number): number {
    const index = digit - 49;
    if (index < 0 || index >= this.level || this.lengths[index] === UNCLOSED)
      return this.machine.fail('invalid capture index');
    const length = this.lengths[index]!;
    const start = this.starts[index]!;
    if (this.subject.length - s < length) return -1;
    return this.subject.startsWith(this.subject.slice(start, start + length), s) ? s + length : -1;
  }

  itemEnd(at: number): number {
    const { pattern, machine } = this;
    let p = at;
    const letter = pattern.charCodeAt(p++);
    if (letter === ESCAPE) {
      if (p >= pattern.length) return machine.fail("malformed pattern (ends with '%')");
      return p + 1;
    }
    if (letter !== 91) return p;
    if (pattern.charCodeAt(p) === 94) p++;
    do {
      if (p >= pattern.length) return machine.fail("malformed pattern (missing ']')");
      if (pattern.charCodeAt(p++) === ESCAPE && p < pattern.length) p++;
    } while (pattern.charCodeAt(p) !== 93);
    return p + 1;
  }

  single(s: number, p: number, end: number): boolean {
    if (s >= this.subject.length) return false;
    const letter = this.subject.charCodeAt(s);
    const item = this.pattern.charCodeAt(p);
    if (item === 46) return true;
    if (item === ESCAPE) return inClass(letter, this.pattern.charCodeAt(p + 1));
    if (item === 91) return this.inSet(letter, p, end - 1);
    return item === letter;
  }

  /** `p` is at `[`, `last` at `]`. */
  inSet(letter: number, from: number, last: number): boolean {
    const { pattern } = this;
    let p = from + 1;
    let found = true;
    if (pattern.charCodeAt(p) === 94) {
      found = false;
      p++;
    }
    for (; p < last; p++) {
      const item = pattern.charCodeAt(p);
      if (item === ESCAPE) {
        p++;
        if (inClass(letter, pattern.charCodeAt(p))) return found;
      } else if (pattern.charCodeAt(p + 1) === 45 && p + 2 < last) {
        if (item <= letter && letter <= pattern.charCodeAt(p + 2)) return found;
        p += 2;
      } else if (item === letter) return found;
    }
    return !found;
  }

  /** The captures; the whole match when there are none and `whole` says so. */
  captures(s: number, end: number, whole: boolean): LuaValue[] {
    const count = this.level === 0 && whole ? 1 : this.level;
    const found: LuaValue[] = [];
    for (let i = 0; i < count; i++) found.push(this.capture(i, s, end));
    return found;
  }

  /** The first place from `s` on where a match could begin, judged by its first letter; -1 for none. */
  candidate(s: number): number {
    return this.head === '' ? s : this.subject.indexOf(this.head, s);
  }

  capture(i: number, s: number, end: number): LuaValue {
    if (i >= this.level) {
      return i === 0 ? this.subject.slice(s, end) : this.machine.fail('invalid capture index');
    }
    const length = this.lengths[i]!;
    if (length === UNCLOSED) return this.machine.fail('unfinished capture');
    const start = this.starts[i]!;
    return length === POSITION ? start + 1 : this.subject.slice(start, start + length);
  }
}

/** C's isalpha and its like, in the C locale; an upper-case letter means the opposite. */
function inClass(letter: number, name: number): boolean {
  const lower = name | 32;
  let found: boolean;
  switch (lower) {
    case 97:
      found = isAlpha(letter);
      break;
    case 99:
      found = letter < 32 || letter === 127;
      break;
    case 100:
      found = letter >= 48 && letter <= 57;
      break;
    case 108:
      found = letter >= 97 && letter <= 122;
      break;
    case 112:
      found = letter > 32 && letter < 127 && !isAlpha(letter) && !(letter >= 48 && letter <= 57);
      break;
    case 115:
      found = letter === 32 || (letter >= 9 && letter <= 13);
      break;
    case 117:
      found = letter >= 65 && letter <= 90;
      break;
    case 119:
      found = isAlpha(letter) || (letter >= 48 && letter <= 57);
      break;
    case 120:
      found = (letter >= 48 && letter <= 57) || ((letter | 32) >= 97 && (letter | 32) <= 102);
      break;
    case 122:
      found = letter === 0;
      break;
    default:
      return name === letter;
  }
  return name >= 65 && name <= 90 ? !found : found;
}

function isAlpha(letter: number): boolean {
  const lower = letter | 32;
  return lower >= 97 && lower <= 122 && letter < 128;
}
