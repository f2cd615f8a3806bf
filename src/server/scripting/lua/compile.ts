// Lua source to a function that runs it.

import { generate } from './generate.ts';
import { LuaSyntaxError } from './lexer.ts';
import type { Machine } from './machine.ts';
import { parse } from './parser.ts';
import type { LuaTable } from './table.ts';
import type { LuaFunction } from './values.ts';

export interface Compiled {
  readonly run: LuaFunction;
  /** It defines functions, and so may recurse. */
  readonly hasFunctions: boolean;
}

const TOO_DEEP = 'chunk has too many syntax levels';
const SHOWN = 60;

/** Compile a chunk; throws LuaSyntaxError. `name` is given as Lua takes it: `@file`, `=name`, or the source itself. */
export function compile(
  machine: Machine,
  source: string,
  name: string,
  globals: LuaTable,
  helpers: Readonly<Record<string, unknown>>,
  library = false,
): Compiled {
  const chunk = chunkName(name);
  if (source.startsWith('\x1b')) throw new LuaSyntaxError(`${chunk}:1: unexpected symbol near 'char(27)'`);
  try {
    const generated = generate(parse(source, chunk), {
      globals,
      base: machine.chunk(chunk),
      library,
      twins: source.includes('coroutine'),
    });
    // The source is made of names and numbers of our own; see generate.ts.
    const make = new Function('M', 'H', 'K', generated.source) as (
      m: Machine,
      h: Readonly<Record<string, unknown>>,
      k: readonly unknown[],
    ) => LuaFunction;
    return { run: make(machine, helpers, generated.constants), hasFunctions: generated.hasFunctions };
  } catch (error) {
    if (error instanceof RangeError) throw new LuaSyntaxError(`${chunk}:1: ${TOO_DEEP}`);
    throw error;
  }
}

/** How messages name a chunk. */
export function chunkName(name: string): string {
  if (name.startsWith('=') || name.startsWith('@')) return name.slice(1).split('\0', 1)[0]!;
  const line = name.split(/[\n\r\0]/, 1)[0]!;
  const room = SHOWN - '[string "..."]'.length - 1;
  const whole = line.length === name.length && line.length <= room;
  return `[string "${whole ? line : `${line.slice(0, room)}...`}"]`;
}
