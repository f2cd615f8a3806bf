// The string library: byte, char, dump, find, format, gfind, gmatch, gsub, len, lower, match, rep, reverse, sub, upper.

import type { Machine } from '../machine.ts';
import { typeName } from '../machine.ts';
import { formatNumber } from '../numbers.ts';
import { LuaTable } from '../table.ts';
import { first } from '../values.ts';
import type { LuaFunction, LuaResult, LuaValue } from '../values.ts';
import { Arguments } from './arguments.ts';
import { format } from './format.ts';
import { Matcher } from './patterns.ts';

const SPECIAL = /[$%()*+.?[\]^-]/;
const MAX_BYTES = 7999;
/** All that a dumped function is: nothing loads bytecode back. */
const BYTECODE_HEADER = '\x1bLuaQ\0\x01\x04\x08\x04\x08\0';

export function stringLibrary(machine: Machine): Record<string, LuaFunction> {
  const args = new Arguments(machine);

  const find: LuaFunction = (...a) => search(a, true);
  const match: LuaFunction = (...a) => search(a, false);

  function search(a: readonly LuaValue[], isFind: boolean): LuaResult {
    const name = isFind ? 'find' : 'match';
    const subject = args.string(a, 0, name);
    const pattern = args.string(a, 1, name);
    let from = position(args.optionalInteger(a, 2, name, 1), subject.length) - 1;
    if (from < 0) from = 0;
    else if (from > subject.length) from = subject.length;
    if (isFind && ((a[3] !== undefined && a[3] !== false) || !SPECIAL.test(pattern))) {
      const at = subject.indexOf(pattern, from);
      return at < 0 ? undefined : [at + 1, at + pattern.length];
    }
    const matcher = new Matcher(machine, subject, pattern);
    const anchored = pattern.startsWith('^');
    const last = anchored ? from : subject.length;
    for (let s = from; s <= last; s++) {
      const end = matcher.begin(s, anchored ? 1 : 0);
      if (end >= 0) return isFind ? [s + 1, end, ...matcher.captures(s, end, false)] : matcher.captures(s, end, true);
    }
    return undefined;
  }

  const gmatch: LuaFunction = (...a) => {
    const subject = args.string(a, 0, 'gmatch');
    const matcher = new Matcher(machine, subject, args.string(a, 1, 'gmatch'));
    let at = 0;
    return () => {
      for (let s = matcher.candidate(at); s >= 0 && s <= subject.length; s = matcher.candidate(s + 1)) {
        const end = matcher.begin(s, 0);
        if (end < 0) continue;
        at = end === s ? end + 1 : end;
        return matcher.level <= 1 ? matcher.capture(0, s, end) : matcher.captures(s, end, true);
      }
      at = subject.length + 1;
      return undefined;
    };
  };

  function gsub(...a: LuaValue[]): LuaResult {
    const subject = args.string(a, 0, 'gsub');
    const pattern = args.string(a, 1, 'gsub');
    const by = a[2];
    if (typeof by !== 'string' && typeof by !== 'number' && typeof by !== 'function' && !(by instanceof LuaTable)) {
      return machine.badArgument(3, 'gsub', 'string/function/table expected');
    }
    const limit = args.optionalInteger(a, 3, 'gsub', subject.length + 1);
    if (typeof by === 'string' && limit > subject.length && pattern !== '' && !SPECIAL.test(pattern + by)) {
      const parts = subject.split(pattern);
      machine.spend(subject.length + parts.length * by.length);
      return [parts.join(by), parts.length - 1];
    }
    const anchored = pattern.startsWith('^');
    const matcher = new Matcher(machine, subject, pattern);
    const parts: string[] = [];
    let copied = 0;
    let s = 0;
    let count = 0;
    while (count < limit) {
      if (!anchored) {
        s = matcher.candidate(s);
        if (s < 0) break;
      }
      const end = matcher.begin(s, anchored ? 1 : 0);
      if (end >= 0) {
        count++;
        const text = replacement(matcher, by, s, end);
        parts.push(subject.slice(copied, s), text);
        machine.spend(text.length);
        copied = end;
      }
      if (end > s) s = end;
      else if (s < subject.length) s++;
      else break;
      if (anchored) break;
    }
    parts.push(subject.slice(copied));
    return [parts.join(''), count];
  }

  function replacement(matcher: Matcher, by: LuaValue, s: number, end: number): string {
    let value: LuaValue;
    if (typeof by === 'string' || typeof by === 'number')
      return expand(matcher, typeof by === 'number' ? formatNumber(by) : by, s, end);
    if (typeof by === 'function') value = first(by(...matcher.captures(s, end, true)));
    else value = machine.index(by, matcher.capture(0, s, end), undefined);
    if (value === undefined || value === false) return matcher.subject.slice(s, end);
    if (typeof value === 'number') return formatNumber(value);
    return typeof value === 'string' ? value : machine.fail(`invalid replacement value (a ${typeName(value)})`);
  }

  return {
    byte: (...a) => {
      const text = args.string(a, 0, 'byte');
      const start = position(args.optionalInteger(a, 1, 'byte', 1), text.length);
      const from = Math.max(1, start);
      const to = Math.min(position(args.optionalInteger(a, 2, 'byte', start), text.length), text.length);
      if (to - from >= MAX_BYTES) return machine.fail('string slice too long');
      if (from === to) return text.charCodeAt(from - 1);
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => text.charCodeAt(from - 1 + i));
    },
    char: (...a) => {
      let result = '';
      for (let i = 0; i < a.length; i++) {
        const code = args.integer(a, i, 'char');
        if (code < 0 || code > 255) return machine.badArgument(i + 1, 'char', 'invalid value');
        result += String.fromCharCode(code);
      }
      return result;
    },
    dump: (...a) => {
      const f = a[0];
      if (typeof f !== 'function') return args.expected(a, 0, 'dump', 'function');
      if (machine.isNative(f as LuaFunction)) return machine.fail('unable to dump given function');
      return BYTECODE_HEADER;
    },
    find,
    format: (...a) => format(machine, args, a),
    gfind: gmatch,
    gmatch,
    gsub,
    len: (...a) => args.string(a, 0, 'len').length,
    lower: (...a) => args.string(a, 0, 'lower').replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()),
    match,
    rep: (...a) => {
      const text = args.string(a, 0, 'rep');
      const count = args.integer(a, 1, 'rep');
      if (count <= 0 || text === '') return '';
      machine.spend(text.length * count);
      return text.repeat(count);
    },
    reverse: (...a) => [...args.string(a, 0, 'reverse')].toReversed().join(''),
    sub: (...a) => {
      const text = args.string(a, 0, 'sub');
      const from = Math.max(1, position(args.integer(a, 1, 'sub'), text.length));
      const to = Math.min(position(args.optionalInteger(a, 2, 'sub', -1), text.length), text.length);
      return from > to ? '' : text.slice(from - 1, to);
    },
    upper: (...a) => args.string(a, 0, 'upper').replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase()),
  };
}

/** A position from the end counts from the beginning; before the beginning is 0. */
function position(at: number, length: number): number {
  if (at >= 0) return at;
  return Math.max(0, at + length + 1);
}

/** A replacement text with its `%1`. */
function expand(matcher: Matcher, text: string, s: number, end: number): string {
  if (!text.includes('%')) return text;
  let result = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '%') {
      result += text[i];
      continue;
    }
    const letter = text[++i] ?? '\0';
    if (letter < '0' || letter > '9') result += letter;
    else if (letter === '0') result += matcher.subject.slice(s, end);
    else {
      const value = matcher.capture(letter.charCodeAt(0) - 49, s, end);
      result += typeof value === 'number' ? formatNumber(value) : String(value);
    }
  }
  return result;
}
