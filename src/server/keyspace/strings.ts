// String values in their four forms, seen as text, as bytes, and as bytes to be edited in place.

import { Buffer } from 'node:buffer';
import { ARENA_MAX, type Arena } from './arena.ts';
import { KIND_ARENA, KIND_INTEGER, KIND_LARGE, KIND_TEXT } from './kinds.ts';
import type { KeyTable } from './key-table.ts';

/** A string beyond the arena's size, with room to grow. */
export interface LargeString {
  bytes: Buffer;
  length: number;
}

/** From this length on a string goes off the heap. */
export const ARENA_MIN = 24;

/** Where the bytes of a string lie; valid until the next write to the keyspace. */
export interface ByteView {
  bytes: Buffer;
  offset: number;
  length: number;
}

export function stringText(table: KeyTable, arena: Arena, slot: number): string {
  const value = table.values[slot];
  switch (table.kind(slot)) {
    case KIND_TEXT:
      return value as string;
    case KIND_INTEGER:
      return String(value as number);
    case KIND_ARENA:
      return arena.text(value as number);
    default: {
      const large = value as LargeString;
      return large.bytes.latin1Slice(0, large.length);
    }
  }
}

export function stringLength(table: KeyTable, arena: Arena, slot: number): number {
  const value = table.values[slot];
  switch (table.kind(slot)) {
    case KIND_TEXT:
      return (value as string).length;
    case KIND_INTEGER:
      return String(value as number).length;
    case KIND_ARENA:
      return arena.length(value as number);
    default:
      return (value as LargeString).length;
  }
}

export function stringView(table: KeyTable, arena: Arena, slot: number): ByteView {
  const value = table.values[slot];
  switch (table.kind(slot)) {
    case KIND_ARENA:
      return {
        bytes: arena.chunk(value as number),
        offset: arena.offset(value as number),
        length: arena.length(value as number),
      };
    case KIND_LARGE:
      return { bytes: (value as LargeString).bytes, offset: 0, length: (value as LargeString).length };
    default: {
      const bytes = Buffer.from(String(value as string | number), 'latin1');
      return { bytes, offset: 0, length: bytes.length };
    }
  }
}

/** Bring a slot's string into editable form, at least `length` bytes long (new bytes are zero), and show where it is. */
export function editableView(table: KeyTable, arena: Arena, slot: number, length: number): ByteView {
  const view = stringView(table, arena, slot);
  const kind = table.kind(slot);
  const wanted = Math.max(length, view.length);
  if (kind === KIND_ARENA && wanted <= arena.capacity(table.values[slot] as number)) {
    const handle = table.values[slot] as number;
    view.bytes.fill(0, view.offset + view.length, view.offset + wanted);
    arena.setLength(handle, wanted);
    arena.markRaw(handle);
    view.length = wanted;
    return view;
  }
  if (kind === KIND_LARGE && wanted <= view.bytes.length) {
    (table.values[slot] as LargeString).length = wanted;
    view.length = wanted;
    return view;
  }
  return moveToRoom(table, arena, slot, view, wanted);
}

function moveToRoom(table: KeyTable, arena: Arena, slot: number, view: ByteView, wanted: number): ByteView {
  if (wanted <= ARENA_MAX) {
    const handle = arena.allocate(wanted);
    const bytes = arena.chunk(handle);
    const offset = arena.offset(handle);
    view.bytes.copy(bytes, offset, view.offset, view.offset + view.length);
    bytes.fill(0, offset + view.length, offset + wanted);
    releaseString(table, arena, slot);
    table.values[slot] = handle;
    table.setKind(slot, KIND_ARENA);
    arena.markRaw(handle);
    return { bytes, offset, length: wanted };
  }
  // Room for as much again up to 1 MiB, so that a string built by appending is copied a logarithmic number of times.
  const bytes = Buffer.alloc(wanted + (view.length > 0 ? Math.min(wanted, 1 << 20) : 0));
  view.bytes.copy(bytes, 0, view.offset, view.offset + view.length);
  releaseString(table, arena, slot);
  table.values[slot] = { bytes, length: wanted } satisfies LargeString;
  table.setKind(slot, KIND_LARGE);
  return { bytes, offset: 0, length: wanted };
}

/** Give back what the slot's string holds outside the slot. */
export function releaseString(table: KeyTable, arena: Arena, slot: number): void {
  if (table.kind(slot) === KIND_ARENA) arena.release(table.values[slot] as number);
}

/** Bytes a string takes besides its slot. */
export function stringMemory(table: KeyTable, arena: Arena, slot: number): number {
  const value = table.values[slot];
  switch (table.kind(slot)) {
    case KIND_TEXT:
      return ((value as string).length + 23) & ~7;
    case KIND_INTEGER:
      return 0;
    case KIND_ARENA:
      return arena.size(value as number);
    default:
      return (value as LargeString).bytes.length + 160;
  }
}
