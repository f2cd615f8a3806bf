/** A small reader for package.json and tsconfig.json that says where a file is broken. */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export type JsonResult =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly reason: string; readonly offset: number };

interface Cursor {
  readonly text: string;
  readonly relaxed: boolean;
  at: number;
}

class Unreadable extends Error {
  readonly offset: number;
  constructor(reason: string, offset: number) {
    super(reason);
    this.offset = offset;
  }
}

/**
 * Read a JSON text. JSON.parse cannot serve: it knows no comments, and Node 20 does not tell lines.
 * @param relaxed allow comments and trailing commas, as tsconfig.json does.
 */
export function readJson(text: string, relaxed = false): JsonResult {
  const cursor: Cursor = { text, relaxed, at: 0 };
  try {
    skipBlank(cursor);
    if (cursor.at === text.length) throw new Unreadable('is empty', 0);
    const value = readValue(cursor);
    skipBlank(cursor);
    if (cursor.at < text.length) throw new Unreadable(`has ${shown(cursor)} after its end`, cursor.at);
    return { ok: true, value };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.message, offset: error.offset };
    throw error;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The strings of a JSON array; a lone string counts as a list of one. */
export function stringList(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Entries of an object whose values are strings. */
export function stringRecord(value: Json | undefined): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function readValue(cursor: Cursor): Json {
  const char = cursor.text[cursor.at];
  if (char === '{') return readObject(cursor);
  if (char === '[') return readArray(cursor);
  if (char === '"') return readString(cursor);
  return readLiteral(cursor);
}

function readObject(cursor: Cursor): JsonObject {
  // Entries first: assigning `__proto__` to an object literal would set its prototype.
  const entries: [string, Json][] = [];
  const opened = cursor.at++;
  for (;;) {
    skipBlank(cursor);
    if (cursor.text[cursor.at] === '}' && (entries.length === 0 || cursor.relaxed)) break;
    if (cursor.at >= cursor.text.length) throw new Unreadable('has a { that is never closed', opened);
    if (cursor.text[cursor.at] !== '"')
      throw new Unreadable(`has ${shown(cursor)} where a key was expected`, cursor.at);
    const key = readString(cursor);
    skipBlank(cursor);
    if (cursor.text[cursor.at] !== ':') throw new Unreadable(`has ${shown(cursor)} where : was expected`, cursor.at);
    cursor.at++;
    skipBlank(cursor);
    entries.push([key, readValue(cursor)]);
    if (!nextItem(cursor, '}', opened)) break;
  }
  cursor.at++;
  return Object.fromEntries(entries);
}

function readArray(cursor: Cursor): Json[] {
  const items: Json[] = [];
  const opened = cursor.at++;
  for (;;) {
    skipBlank(cursor);
    if (cursor.text[cursor.at] === ']' && (items.length === 0 || cursor.relaxed)) break;
    items.push(readValue(cursor));
    if (!nextItem(cursor, ']', opened)) break;
  }
  cursor.at++;
  return items;
}

/** True after a comma; false, with the cursor on `close`, at the end of the list. */
function nextItem(cursor: Cursor, close: '}' | ']', opened: number): boolean {
  skipBlank(cursor);
  const char = cursor.text[cursor.at];
  if (char === close) return false;
  if (char === undefined) throw new Unreadable(`has a ${close === '}' ? '{' : '['} that is never closed`, opened);
  if (char !== ',') throw new Unreadable(`has ${shown(cursor)} where , or ${close} was expected`, cursor.at);
  cursor.at++;
  return true;
}

function readString(cursor: Cursor): string {
  const start = cursor.at++;
  for (;;) {
    const char = cursor.text[cursor.at];
    if (char === undefined || char === '\n') throw new Unreadable('has a string that is never closed', start);
    cursor.at += char === '\\' ? 2 : 1;
    if (char === '"') break;
  }
  return parsePart(cursor, start) as string;
}

function readLiteral(cursor: Cursor): Json {
  const start = cursor.at;
  while (/[\w.+-]/.test(cursor.text[cursor.at] ?? '')) cursor.at++;
  if (cursor.at === start) throw new Unreadable(`has ${shown(cursor)} where a value was expected`, start);
  return parsePart(cursor, start);
}

function parsePart(cursor: Cursor, start: number): Json {
  const part = cursor.text.slice(start, cursor.at);
  try {
    return JSON.parse(part) as Json;
  } catch {
    throw new Unreadable(`has ${part.slice(0, 30)}, which is no JSON value`, start);
  }
}

function skipBlank(cursor: Cursor): void {
  const blank = cursor.relaxed ? /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y : /[ \t\r\n]*/y;
  blank.lastIndex = cursor.at;
  cursor.at += blank.exec(cursor.text)?.[0].length ?? 0;
}

function shown(cursor: Cursor): string {
  return cursor.at < cursor.text.length ? JSON.stringify(cursor.text[cursor.at]) : 'its end';
}
