// What a handler answers with. Strings are byte strings (latin1: one character per byte).
//
// A method that RESP2 lacks degrades as Redis does: maps become flat arrays, doubles bulk strings, booleans integers.
// An aggregate's head is written first, then exactly its elements.

export interface Reply {
  /** Does the receiver speak RESP3? Only for replies whose shape differs by more than their types. */
  readonly resp3: boolean;
  /** Errors answered so far. */
  readonly errors: number;
  ok(): void;
  simple(text: string): void;
  /**
   * `message` starts with its code: `ERR …`, `WRONGTYPE …`. Handlers usually throw a CommandError instead. `counted`
   * says that the error statistics have it already.
   */
  error(message: string, counted?: boolean): void;
  integer(value: number | bigint): void;
  bulk(text: string): void;
  /** A bulk string from bytes; for long values, which then are copied once. */
  bulkBytes(bytes: Buffer, start: number, end: number): void;
  /** Many bulk strings that lie in one buffer, from `starts[i]` to `ends[i]`. */
  bulkSlices(bytes: Buffer, starts: Int32Array, ends: Int32Array, count: number): void;
  null(): void;
  /** The null that stands for a missing array: `*-1` in RESP2. */
  nullArray(): void;
  array(length: number): void;
  /** `length` pairs; key and value follow each other. */
  map(length: number): void;
  set(length: number): void;
  push(length: number): void;
  /** `text` replaces the usual spelling with 17 significant digits. */
  double(value: number, text?: string): void;
  bool(value: boolean): void;
  bigNumber(digits: string): void;
  verbatim(format: 'txt' | 'mkd', text: string): void;
  /** Replies that are RESP already, of the receiver's protocol. Only receivers of text have it. */
  encoded?(text: string): void;
  /** Have gathered text take less room: after many short elements. */
  relieve?(): void;
  /** An array of bulk strings. */
  bulks(texts: readonly string[]): void;
  /** Where the reply stands; `rewind` takes back what was written since. Dispatch uses them when a handler throws. */
  mark(): string;
  markBytes(): number;
  rewind(mark: string, bytes: number): void;
  /** Attributes ahead of a reply (RESP3 only; nothing in RESP2). `length` pairs follow. */
  attribute(length: number): void;
}
