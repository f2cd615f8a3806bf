/** What COMMAND and its sub-commands answer, as plain data for the server to encode. */

import { hasKeys, keysOf } from './find-keys.ts';
import { UNREPORTED_FLAGS } from './flags.ts';
import type { CommandTable } from './table.ts';
import type { AclCategory, CommandArgument, CommandRow, KeySpec } from './types.ts';

/**
 * A reply before it is encoded: a string is a bulk string, `{ status }` a simple string, `{ error }` an error with its
 * code, null is `$-1` in RESP2; Map and Set become what the protocol has for them.
 */
export type CommandReply =
  | string
  | number
  | null
  | { readonly status: string }
  | { readonly error: string }
  | readonly CommandReply[]
  | ReadonlyMap<string, CommandReply>
  | ReadonlySet<CommandReply>;

export type ListFilter =
  | { readonly by: 'aclcat'; readonly category: string }
  | { readonly by: 'module'; readonly name: string }
  /** The glob is the caller's; it sees full names, sub-commands' too. */
  | { readonly by: 'pattern'; readonly matches: (fullName: string) => boolean };

/** COMMAND, and COMMAND INFO with names: null for each that is unknown. */
export function commandInfo(table: CommandTable, names: readonly string[] = []): CommandReply {
  if (names.length === 0) return table.rows.map(infoOf);
  return names.map((name) => {
    const row = table.findFullName(name);
    return row === undefined ? null : infoOf(row);
  });
}

/** COMMAND DOCS: unknown names are left out. */
export function commandDocs(table: CommandTable, names: readonly string[] = []): CommandReply {
  const rows = names.length === 0 ? table.rows : names.flatMap((name) => table.findFullName(name) ?? []);
  return docsByName(rows);
}

/** COMMAND LIST: the full names of all commands and sub-commands, or of those that pass the filter. */
export function commandList(table: CommandTable, filter?: ListFilter): CommandReply {
  const all = table.rows.flatMap((row) => [row, ...row.subcommands]);
  return all.filter((row) => filter === undefined || passes(row, filter)).map((row) => row.fullName);
}

/**
 * COMMAND GETKEYS, and GETKEYSANDFLAGS where `withFlags` is set.
 * @param argv the call to look at, its name first
 */
export function commandGetKeys(table: CommandTable, argv: readonly string[], withFlags = false): CommandReply {
  const row = table.resolve(argv);
  if (row === undefined) return { error: 'ERR Invalid command specified' };
  if (!hasKeys(row)) return { error: 'ERR The command has no key arguments' };
  if (row.arity > 0 ? argv.length !== row.arity : argv.length < -row.arity) {
    return { error: 'ERR Invalid number of arguments specified for command' };
  }
  const found = keysOf(row, argv);
  if (found.length === 0 && !row.flags.includes('no_mandatory_keys')) {
    return { error: 'ERR Invalid arguments specified for command' };
  }
  return found.map(({ index, flags }) => {
    const name = argv[index] ?? '';
    return withFlags ? [name, statuses(flags)] : name;
  });
}

function infoOf(row: CommandRow): CommandReply {
  return [
    row.fullName,
    row.arity,
    statuses(row.flags.filter((flag) => !UNREPORTED_FLAGS.has(flag))),
    row.firstKey,
    row.lastKey,
    row.keyStep,
    statuses(row.categories.map((category) => `@${category}`)),
    new Set(row.tips),
    new Set(row.keySpecs.map(keySpecReply)),
    // Redis has a set here only where it is empty.
    row.subcommands.length === 0 ? new Set() : row.subcommands.map(infoOf),
  ];
}

function keySpecReply({ flags, begin, find, notes }: KeySpec): CommandReply {
  const reply = new Map<string, CommandReply>();
  if (notes !== undefined) reply.set('notes', notes);
  reply.set('flags', statuses(flags));
  const beginSpec = new Map<string, CommandReply>();
  if (begin.type === 'index') beginSpec.set('index', begin.index);
  if (begin.type === 'keyword') beginSpec.set('keyword', begin.keyword).set('startfrom', begin.startFrom);
  reply.set('begin_search', typedSpec(begin.type, beginSpec));
  const findSpec = new Map<string, CommandReply>();
  if (find.type === 'range') {
    findSpec.set('lastkey', find.lastKey).set('keystep', find.keyStep).set('limit', find.limit);
  }
  if (find.type === 'keynum') {
    findSpec.set('keynumidx', find.keyNumIdx).set('firstkey', find.firstKey).set('keystep', find.keyStep);
  }
  return reply.set('find_keys', typedSpec(find.type, findSpec));
}

function typedSpec(type: string, spec: CommandReply): CommandReply {
  return new Map<string, CommandReply>([
    ['type', type],
    ['spec', spec],
  ]);
}

function docsByName(rows: readonly CommandRow[]): Map<string, CommandReply> {
  return new Map(rows.map((row) => [row.fullName, docsOf(row)]));
}

function docsOf(row: CommandRow): CommandReply {
  const docs = new Map<string, CommandReply>([
    ['summary', row.summary],
    ['since', row.since],
    ['group', row.group],
  ]);
  if (row.complexity !== undefined) docs.set('complexity', row.complexity);
  if (row.docFlags.length > 0) docs.set('doc_flags', statuses(row.docFlags));
  if (row.deprecatedSince !== undefined) docs.set('deprecated_since', row.deprecatedSince);
  if (row.replacedBy !== undefined) docs.set('replaced_by', row.replacedBy);
  if (row.history.length > 0) docs.set('history', new Set(row.history));
  if (row.arguments.length > 0) docs.set('arguments', row.arguments.map(argumentReply));
  if (row.subcommands.length > 0) docs.set('subcommands', docsByName(row.subcommands));
  return docs;
}

function argumentReply(argument: CommandArgument): CommandReply {
  const reply = new Map<string, CommandReply>([
    ['name', argument.name],
    ['type', argument.type],
  ]);
  if (argument.keySpecIndex !== undefined) reply.set('key_spec_index', argument.keySpecIndex);
  if (argument.token !== undefined) reply.set('token', argument.token);
  if (argument.since !== undefined) reply.set('since', argument.since);
  if (argument.deprecatedSince !== undefined) reply.set('deprecated_since', argument.deprecatedSince);
  const flags: string[] = [];
  if (argument.optional) flags.push('optional');
  if (argument.multiple) flags.push('multiple');
  if (argument.multipleToken) flags.push('multiple_token');
  if (flags.length > 0) reply.set('flags', statuses(flags));
  if (argument.arguments !== undefined) reply.set('arguments', argument.arguments.map(argumentReply));
  return reply;
}

function passes(row: CommandRow, filter: ListFilter): boolean {
  switch (filter.by) {
    case 'aclcat':
      return row.categories.includes(filter.category.toLowerCase() as AclCategory);
    case 'module':
      return false;
    case 'pattern':
      return filter.matches(row.fullName);
  }
}

function statuses(words: readonly string[]): Set<CommandReply> {
  return new Set(words.map((status) => ({ status })));
}
