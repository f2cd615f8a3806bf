// A link of a list: some kilobytes of elements in one block, open at both ends.
//
// An element stands between two copies of its length, so that it can be walked over from either side: one byte each, or
// 254 and four bytes (in mirrored order behind). Free room lies on both sides of the elements; which side has it follows
// from how the list is used.

import { Buffer } from 'node:buffer';
import { ARENA_MAX, copyBytes, HEADER } from '../keyspace/arena.ts';
import type { Arena } from '../keyspace/arena.ts';
import type { Span } from './span.ts';

const LONG_LENGTH = 254;
const LONG_FRAME = 5;
/** A full chunk with its block's header takes 8 KiB. */
export const CHUNK_ROOM = 8192 - HEADER;
const FIRST_ROOM = 56;
export const CHUNK_OBJECT_BYTES = 96;

export class Chunk {
  prev: Chunk | undefined = undefined;
  next: Chunk | undefined = undefined;
  /** The block in the arena; -1 for a buffer of its own. */
  handle = -1;
  buffer: Buffer = EMPTY;
  /** The block is `[base, limit)` of the buffer, the elements `[from, to)`. */
  base = 0;
  limit = 0;
  from = 0;
  to = 0;
  count = 0;

  /** Bytes this chunk takes. */
  get bytes(): number {
    return CHUNK_OBJECT_BYTES + this.limit - this.base + HEADER;
  }
}

/** Bytes an element of this length takes in a chunk. */
export function elementSize(length: number): number {
  return length < LONG_LENGTH ? length + 2 : length + LONG_FRAME * 2;
}

/** Give a chunk a block of at least `room` bytes; elements start at its front, or end at its back. */
export function allocateChunk(chunk: Chunk, arena: Arena, room: number, atBack: boolean): void {
  if (room <= ARENA_MAX) {
    chunk.handle = arena.allocate(room);
    chunk.buffer = arena.chunk(chunk.handle);
    chunk.base = arena.offset(chunk.handle);
    chunk.limit = chunk.base + arena.capacity(chunk.handle);
  } else {
    chunk.handle = -1;
    chunk.buffer = Buffer.allocUnsafeSlow(room);
    chunk.base = 0;
    chunk.limit = room;
  }
  chunk.from = atBack ? chunk.limit : chunk.base;
  chunk.to = chunk.from;
}

/**
 * Room for `size` more bytes at one end, found by moving the elements to the other or into a larger block; false when
 * the chunk has grown enough and the list should begin a new one.
 */
export function makeRoom(chunk: Chunk, arena: Arena, size: number, atHead: boolean): boolean {
  const used = chunk.to - chunk.from;
  const room = chunk.limit - chunk.base;
  if (used + size <= room && used * 2 <= room) {
    const from = atHead ? chunk.limit - used : chunk.base;
    chunk.buffer.copyWithin(from, chunk.from, chunk.to);
    chunk.from = from;
    chunk.to = from + used;
    return true;
  }
  if (used + size > CHUNK_ROOM) return false;
  grow(chunk, arena, used + size, atHead);
  return true;
}

function grow(chunk: Chunk, arena: Arena, needed: number, freeAtHead: boolean): void {
  const { handle, buffer, from, to } = chunk;
  const used = to - from;
  allocateChunk(chunk, arena, Math.min(CHUNK_ROOM, Math.max(FIRST_ROOM, needed * 2)), freeAtHead);
  if (freeAtHead) chunk.from -= used;
  else chunk.to += used;
  copyBytes(buffer, from, to, chunk.buffer, chunk.from);
  if (handle >= 0) arena.release(handle);
}

/** Write an element at `at`, where there is room for it. */
export function writeElement(buffer: Buffer, at: number, bytes: Buffer, start: number, end: number): void {
  const length = end - start;
  if (length < LONG_LENGTH) {
    buffer[at] = length;
    copyBytes(bytes, start, end, buffer, at + 1);
    buffer[at + 1 + length] = length;
    return;
  }
  buffer[at] = LONG_LENGTH;
  buffer.writeUInt32LE(length, at + 1);
  bytes.copy(buffer, at + LONG_FRAME, start, end);
  buffer.writeUInt32LE(length, at + LONG_FRAME + length);
  buffer[at + LONG_FRAME + length + 4] = LONG_LENGTH;
}

/** Show the element that begins at `at`; returns where the next begins. */
export function readForward(buffer: Buffer, at: number, into: Span): number {
  const short = buffer[at]!;
  into.bytes = buffer;
  if (short < LONG_LENGTH) {
    into.start = at + 1;
    into.end = at + 1 + short;
    return at + 2 + short;
  }
  into.start = at + LONG_FRAME;
  into.end = into.start + buffer.readUInt32LE(at + 1);
  return into.end + LONG_FRAME;
}

/** Show the element that ends before `at`; returns where it begins. */
export function readBackward(buffer: Buffer, at: number, into: Span): number {
  const short = buffer[at - 1]!;
  into.bytes = buffer;
  if (short < LONG_LENGTH) {
    into.end = at - 1;
    into.start = into.end - short;
    return into.start - 1;
  }
  into.end = at - LONG_FRAME;
  into.start = into.end - buffer.readUInt32LE(into.end);
  return into.start - LONG_FRAME;
}

export function nextElement(buffer: Buffer, at: number): number {
  const short = buffer[at]!;
  return short < LONG_LENGTH ? at + 2 + short : at + LONG_FRAME * 2 + buffer.readUInt32LE(at + 1);
}

export function previousElement(buffer: Buffer, at: number): number {
  const short = buffer[at - 1]!;
  return short < LONG_LENGTH ? at - 2 - short : at - LONG_FRAME * 2 - buffer.readUInt32LE(at - LONG_FRAME);
}

/** Where element number `position` of a chunk begins. */
export function elementAt(chunk: Chunk, position: number): number {
  const { buffer } = chunk;
  let at: number;
  if (position <= chunk.count >> 1) {
    at = chunk.from;
    for (let i = 0; i < position; i++) at = nextElement(buffer, at);
  } else {
    at = chunk.to;
    for (let i = chunk.count; i > position; i--) at = previousElement(buffer, at);
  }
  return at;
}

/** Take `[at, end)`, which holds `count` elements, out; the shorter side closes the gap. */
export function cut(chunk: Chunk, at: number, end: number, count: number): void {
  const { buffer, from, to } = chunk;
  if (at - from < to - end) {
    const moved = from + end - at;
    if (at > from) buffer.copyWithin(moved, from, at);
    chunk.from = moved;
  } else {
    if (end < to) buffer.copyWithin(at, end, to);
    chunk.to = to - (end - at);
  }
  chunk.count -= count;
}

const EMPTY = Buffer.alloc(0);
