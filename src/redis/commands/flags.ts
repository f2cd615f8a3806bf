/** Flags as a bit mask for dispatch, and the ACL categories that follow from them. */

import type { AclCategory, CommandFlag, CommandGroup } from './types.ts';

/** Each flag's bit; `row.flagBits & FLAG_BITS.write` is the test that dispatch makes. */
export const FLAG_BITS = {
  write: 1 << 0,
  readonly: 1 << 1,
  denyoom: 1 << 2,
  admin: 1 << 3,
  pubsub: 1 << 4,
  noscript: 1 << 5,
  blocking: 1 << 6,
  loading: 1 << 7,
  stale: 1 << 8,
  skip_monitor: 1 << 9,
  skip_slowlog: 1 << 10,
  asking: 1 << 11,
  fast: 1 << 12,
  no_auth: 1 << 13,
  no_mandatory_keys: 1 << 14,
  no_async_loading: 1 << 15,
  no_multi: 1 << 16,
  movablekeys: 1 << 17,
  allow_busy: 1 << 18,
  may_replicate: 1 << 19,
  protected: 1 << 20,
  sentinel: 1 << 21,
  only_sentinel: 1 << 22,
} as const satisfies Record<CommandFlag, number>;

/** Flags that exist inside the server and that COMMAND does not show. */
export const UNREPORTED_FLAGS: ReadonlySet<CommandFlag> = new Set([
  'may_replicate',
  'protected',
  'sentinel',
  'only_sentinel',
]);

export function flagBitsOf(flags: readonly CommandFlag[]): number {
  let bits = 0;
  for (let i = 0; i < flags.length; i++) bits |= FLAG_BITS[flags[i] as CommandFlag];
  return bits;
}

/** In the order in which Redis lists them. */
export const ACL_CATEGORIES: readonly AclCategory[] = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
];

const GROUP_CATEGORY: Partial<Record<CommandGroup, AclCategory>> = {
  bitmap: 'bitmap',
  connection: 'connection',
  generic: 'keyspace',
  geo: 'geo',
  hash: 'hash',
  hyperloglog: 'hyperloglog',
  list: 'list',
  pubsub: 'pubsub',
  scripting: 'scripting',
  set: 'set',
  'sorted-set': 'sortedset',
  stream: 'stream',
  string: 'string',
  transactions: 'transaction',
};

/** The categories of a command: its own ones (by default its group's) and those that its flags imply. */
export function categoriesOf(
  group: CommandGroup,
  flags: readonly CommandFlag[],
  own: readonly AclCategory[] | undefined,
): AclCategory[] {
  const fallback = GROUP_CATEGORY[group];
  const found = new Set<AclCategory>(own ?? (fallback === undefined ? [] : [fallback]));
  const has = (flag: CommandFlag): boolean => flags.includes(flag);
  if (has('write')) found.add('write');
  // Scripts are marked readonly for dispatch only; what they read is checked when they read it.
  if (has('readonly') && !found.has('scripting')) found.add('read');
  if (has('admin')) found.add('admin').add('dangerous');
  if (has('pubsub')) found.add('pubsub');
  if (has('blocking')) found.add('blocking');
  found.add(has('fast') ? 'fast' : 'slow');
  return ACL_CATEGORIES.filter((category) => found.has(category));
}
