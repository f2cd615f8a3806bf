/** Builders for argument trees, so that a row reads like the syntax line it stands for. */

import type { ArgumentType, CommandArgument } from './types.ts';

/** A key; `keySpecIndex` says which key spec finds it. */
export function key(name = 'key', keySpecIndex = 0, word?: string): CommandArgument {
  return { ...value('key', name, word), keySpecIndex };
}

export function str(name: string, word?: string): CommandArgument {
  return value('string', name, word);
}

export function int(name: string, word?: string): CommandArgument {
  return value('integer', name, word);
}

export function dbl(name: string, word?: string): CommandArgument {
  return value('double', name, word);
}

export function pattern(name: string, word?: string, keySpecIndex?: number): CommandArgument {
  const argument = value('pattern', name, word);
  return keySpecIndex === undefined ? argument : { ...argument, keySpecIndex };
}

export function unixTime(name: string, word?: string): CommandArgument {
  return value('unix-time', name, word);
}

/** A word that stands for itself. */
export function token(word: string, name = word.toLowerCase()): CommandArgument {
  return { name, type: 'pure-token', token: word };
}

export function oneOf(name: string, choices: readonly CommandArgument[], word?: string): CommandArgument {
  return { ...value('oneof', name, word), arguments: choices };
}

export function block(name: string, parts: readonly CommandArgument[], word?: string): CommandArgument {
  return { ...value('block', name, word), arguments: parts };
}

export function opt(argument: CommandArgument): CommandArgument {
  return { ...argument, optional: true };
}

export function many(argument: CommandArgument): CommandArgument {
  return { ...argument, multiple: true };
}

/** As often as wanted, each time with its token. */
export function manyWithToken(argument: CommandArgument): CommandArgument {
  return { ...argument, multiple: true, multipleToken: true };
}

export function since(version: string, argument: CommandArgument): CommandArgument {
  return { ...argument, since: version };
}

export function deprecated(version: string, argument: CommandArgument): CommandArgument {
  return { ...argument, deprecatedSince: version };
}

function value(type: ArgumentType, name: string, word: string | undefined): CommandArgument {
  return word === undefined ? { name, type } : { name, type, token: word };
}
