// A command's flags as admission has to see them: a script that declares its own replaces those of EVAL or FCALL.

import { FLAG_BITS } from '../../redis/commands/index.ts';
import type { Call } from '../dispatch/call.ts';
import { CommandError } from '../errors.ts';
import { hasScripting, scriptingOf } from './engine.ts';
import { parseShebang, SCRIPT_ALLOW_OOM, SCRIPT_ALLOW_STALE, SCRIPT_COMPAT, SCRIPT_NO_WRITES } from './shebang.ts';

const TEXTS = new Set(['eval', 'eval_ro']);
const HASHES = new Set(['evalsha', 'evalsha_ro']);
const FUNCTIONS = new Set(['fcall', 'fcall_ro']);
const SCRIPTING = FLAG_BITS.no_mandatory_keys;
const DECLARED = FLAG_BITS.stale | FLAG_BITS.denyoom | FLAG_BITS.write | FLAG_BITS.may_replicate;
/** What changes the data, or what others are told. */
const WRITING = FLAG_BITS.write | FLAG_BITS.may_replicate;

/** FLAG_BITS of what the call will do. */
export function flagsOf(call: Call): number {
  const { flags } = call.command;
  const declared = (flags & SCRIPTING) === 0 || call.argc < 2 ? undefined : declaredFlags(call);
  if (declared === undefined || (declared & SCRIPT_COMPAT) !== 0) return flags;
  let own = flags & ~DECLARED;
  if ((declared & (SCRIPT_ALLOW_OOM | SCRIPT_NO_WRITES)) === 0) own |= FLAG_BITS.denyoom;
  if ((declared & SCRIPT_NO_WRITES) === 0) own |= FLAG_BITS.write;
  if ((declared & SCRIPT_ALLOW_STALE) !== 0) own |= FLAG_BITS.stale;
  return own;
}

/** May the call write, or pass on a message? EXEC does what its queue does. */
export function mayWrite(call: Call): boolean {
  return ((flagsOf(call) | queuedFlags(call)) & WRITING) !== 0;
}

/** Flags of all that an EXEC is about to run. */
export function queuedFlags({ command, client }: Call): number {
  if (command.name !== 'exec' || client.transaction === undefined) return 0;
  return client.transaction.queue.reduce((flags, queued) => flags | flagsOf(queued), 0);
}

/** SCRIPT_… bits of the script or function that the call names; undefined when it is none, or unknown. */
export function declaredFlags(call: Call): number | undefined {
  const { name } = call.command;
  const scripting = hasScripting(call.server) ? scriptingOf(call.server) : undefined;
  if (TEXTS.has(name)) return scripting?.byBody.get(call.arg(1))?.flags ?? flagsInText(call.arg(1));
  if (HASHES.has(name)) return scripting?.scripts.get(call.word(1))?.flags;
  return FUNCTIONS.has(name) ? scripting?.libraries.functions.get(call.word(1))?.flags : undefined;
}

/** A first line that makes no sense is reported when the script runs. */
function flagsInText(text: string): number | undefined {
  if (!text.startsWith('#!')) return SCRIPT_COMPAT;
  try {
    return parseShebang(text).flags;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
