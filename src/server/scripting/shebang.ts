// The first line of a script or library: `#!lua name=… flags=…`.

import { fail } from '../errors.ts';

export const SCRIPT_NO_WRITES = 1;
export const SCRIPT_ALLOW_OOM = 2;
export const SCRIPT_ALLOW_STALE = 4;
export const SCRIPT_NO_CLUSTER = 8;
export const SCRIPT_ALLOW_CROSS_SLOT = 16;
/** No first line: as scripts were before there were flags. */
export const SCRIPT_COMPAT = 32;

export const SCRIPT_FLAGS: Readonly<Record<string, number>> = {
  'no-writes': SCRIPT_NO_WRITES,
  'allow-oom': SCRIPT_ALLOW_OOM,
  'allow-stale': SCRIPT_ALLOW_STALE,
  'no-cluster': SCRIPT_NO_CLUSTER,
  'allow-cross-slot-keys': SCRIPT_ALLOW_CROSS_SLOT,
};

/** A script's flags, and its code without the first line (whose end stays, so that lines keep their numbers). */
export function parseShebang(body: string): { readonly flags: number; readonly code: string } {
  if (!body.startsWith('#!')) return { flags: SCRIPT_COMPAT, code: body };
  const end = body.indexOf('\n');
  if (end < 0) return fail('ERR Invalid script shebang');
  const [engine, ...parts] = body.slice(0, end).split(/ +/);
  if (engine !== '#!lua') return fail('ERR Unexpected engine in script shebang: ' + engine!);
  let flags = 0;
  for (const part of parts) {
    if (part === '') continue;
    if (!part.startsWith('flags=')) return fail(`ERR Unknown lua shebang option: ${part}`);
    for (const name of part.slice('flags='.length).split(',')) {
      if (name === '') continue;
      const bit = SCRIPT_FLAGS[name];
      if (bit === undefined) return fail(`ERR Unexpected flag in script shebang: ${name}`);
      flags |= bit;
    }
  }
  return { flags, code: body.slice(end) };
}
