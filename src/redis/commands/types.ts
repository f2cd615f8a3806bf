/** What the table knows about a command: the shape of a row, its key specs and its arguments. */

import type { ReplyShape } from './reply-shapes.ts';

/** The names that COMMAND reports, in the order in which Redis lists them, then those that it keeps to itself. */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'asking'
  | 'fast'
  | 'no_auth'
  | 'no_mandatory_keys'
  | 'no_async_loading'
  | 'no_multi'
  | 'movablekeys'
  | 'allow_busy'
  | 'may_replicate'
  | 'protected'
  | 'sentinel'
  | 'only_sentinel';

export type CommandGroup =
  | 'bitmap'
  | 'cluster'
  | 'connection'
  | 'generic'
  | 'geo'
  | 'hash'
  | 'hyperloglog'
  | 'list'
  | 'pubsub'
  | 'scripting'
  | 'sentinel'
  | 'server'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'string'
  | 'transactions';

export type AclCategory =
  | 'keyspace'
  | 'read'
  | 'write'
  | 'set'
  | 'sortedset'
  | 'list'
  | 'hash'
  | 'string'
  | 'bitmap'
  | 'hyperloglog'
  | 'geo'
  | 'stream'
  | 'pubsub'
  | 'admin'
  | 'fast'
  | 'slow'
  | 'blocking'
  | 'dangerous'
  | 'connection'
  | 'transaction'
  | 'scripting';

/** RO reads, RW reads and writes, OW overwrites, RM removes the value without looking at it. */
export type KeyAccess = 'RO' | 'RW' | 'OW' | 'RM';

export type KeyFlag =
  | KeyAccess
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** Where the search for keys begins, as an index into the argument vector with the command's name at 0. */
export type BeginSearch =
  | { readonly type: 'index'; readonly index: number }
  /** Behind the first argument equal to `keyword`; a negative `startFrom` searches backwards from the end. */
  | { readonly type: 'keyword'; readonly keyword: string; readonly startFrom: number }
  | { readonly type: 'unknown' };

/** Which arguments from there on are keys. */
export type FindKeys =
  /** `lastKey` is relative to the begin; -1 is the last argument. `limit` n > 1 takes the first nth of what is left. */
  | { readonly type: 'range'; readonly lastKey: number; readonly keyStep: number; readonly limit: number }
  /** A count stands at begin + keyNumIdx, the first key at begin + firstKey. */
  | { readonly type: 'keynum'; readonly keyNumIdx: number; readonly firstKey: number; readonly keyStep: number }
  | { readonly type: 'unknown' };

export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly begin: BeginSearch;
  readonly find: FindKeys;
  /** Why the flags are as they are, where that would surprise. */
  readonly notes?: string;
}

export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block';

export interface CommandArgument {
  readonly name: string;
  readonly type: ArgumentType;
  /** The literal word that stands before the value, or is the whole argument of a pure token. */
  readonly token?: string;
  readonly optional?: boolean;
  readonly multiple?: boolean;
  /** The token is repeated with each value. */
  readonly multipleToken?: boolean;
  readonly since?: string;
  readonly deprecatedSince?: string;
  /** The key spec that finds this argument. */
  readonly keySpecIndex?: number;
  /** The choices of a `oneof`, the parts of a `block`. */
  readonly arguments?: readonly CommandArgument[];
}

export type DocFlag = 'deprecated' | 'syscmd';

/** A row as a group's file writes it; everything that can be computed is left out. */
export interface CommandSpec {
  readonly since: string;
  /** Number of arguments with the name (for a sub-command both names); negative is "at least". */
  readonly arity: number;
  readonly flags?: readonly CommandFlag[];
  readonly summary: string;
  readonly complexity?: string;
  /** Categories beyond those that follow from the flags; the group's own where absent. */
  readonly categories?: readonly AclCategory[];
  readonly tips?: readonly string[];
  readonly keys?: readonly KeySpec[];
  /** A function, since building a thousand arguments would cost every start what only COMMAND DOCS needs. */
  readonly args?: () => readonly CommandArgument[];
  readonly history?: readonly (readonly [version: string, change: string])[];
  readonly docFlags?: readonly DocFlag[];
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  readonly reply?: ReplyShape;
  /** What a later version changed about the row itself; arguments carry their own `since`. */
  readonly revisions?: readonly { readonly since: string; readonly arity: number }[];
}

/** A command or sub-command. All rows share one hidden class; `categories`, `arguments`, `history` are made on demand. */
export interface CommandRow {
  /** Lower case; a sub-command's own name, `get` of `config|get`. */
  readonly name: string;
  /** `get`, `config|get`: the name in COMMAND's replies, ACL rules and error texts. */
  readonly fullName: string;
  readonly parent: CommandRow | undefined;
  readonly group: CommandGroup;
  readonly since: string;
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** `flags` as a mask of `FLAG_BITS`. */
  readonly flagBits: number;
  readonly summary: string;
  readonly complexity: string | undefined;
  readonly categories: readonly AclCategory[];
  readonly tips: readonly string[];
  readonly keySpecs: readonly KeySpec[];
  /** First key, last key and step as COMMAND has given them since 2.8.13; zeros where there are no fixed keys. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  readonly arguments: readonly CommandArgument[];
  readonly history: readonly (readonly [version: string, change: string])[];
  readonly docFlags: readonly DocFlag[];
  readonly deprecatedSince: string | undefined;
  readonly replacedBy: string | undefined;
  readonly reply: ReplyShape;
  readonly subcommands: readonly CommandRow[];
}
