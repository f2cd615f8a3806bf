// May this user run this command, on these keys and channels?

import { FLAG_BITS, hasKeys, keysOf } from '../../redis/commands/index.ts';
import type { CommandRow, FoundKey, KeySpec } from '../../redis/commands/index.ts';
import type { Call } from '../dispatch/call.ts';
import { printed } from '../errors.ts';
import { matchGlob } from '../util/glob.ts';
import { READ, READ_WRITE, WRITE } from './selector.ts';
import type { Selector } from './selector.ts';
import type { Shortcut, User } from './user.ts';

export interface Denial {
  readonly reason: 'command' | 'key' | 'channel';
  /** The argument that was refused; 0 for the command itself. */
  readonly index: number;
}

/**
 * Undefined when some selector allows the whole call. Otherwise the failure that came closest: of the selectors that
 * allow the command, the last argument that one of them stumbled over, channels before keys.
 * @param argv the whole call, its name first
 */
export function checkCommand(user: User, row: CommandRow, argv: readonly string[]): Denial | undefined {
  let nearest: Denial = NO_COMMAND;
  const keys = keyFinder(row, argv);
  for (const selector of user.selectors) {
    const denial = checkSelector(selector, row, argv, keys);
    if (denial === undefined) return undefined;
    const order = ORDER[denial.reason] - ORDER[nearest.reason];
    if (order > 0 || (order === 0 && denial.index > nearest.index)) nearest = denial;
  }
  return nearest;
}

/**
 * Do the user's own rights clearly allow the call? Spares most calls of restricted users the arguments as strings and
 * the search for keys; false means no more than that the question is open.
 */
export function allowsAtOnce(user: User, call: Call): boolean {
  const { row } = call.command;
  let shortcut = user.shortcuts.get(row);
  if (shortcut === undefined) user.shortcuts.set(row, (shortcut = shortcutOf(user.root, row)));
  if (shortcut !== 'by key') return shortcut === 'always';
  const key = call.arg(1);
  return user.root.keys.some(({ pattern, access }) => access === READ_WRITE && matchGlob(pattern, key));
}

function shortcutOf(selector: Selector, row: CommandRow): Shortcut {
  const allowed = selector.allows(row.fullName) && (selector.allChannels || !CHANNELS.has(row.fullName));
  if (!allowed) return 'none';
  if (selector.allKeys || !hasKeys(row)) return 'always';
  const [{ begin, find, flags } = NO_KEY, ...others] = row.keySpecs;
  const plain =
    others.length === 0 &&
    begin.type === 'index' &&
    begin.index === 1 &&
    find.type === 'range' &&
    find.lastKey === 0 &&
    !flags.includes('incomplete');
  return plain ? 'by key' : 'none';
}

/** Does some selector that allows the call let the user read every key? SORT asks, whose patterns name any key. */
export function readsAnyKey(user: User, row: CommandRow, argv: readonly string[]): boolean {
  const keys = keyFinder(row, argv);
  return user.selectors.some(
    (selector) =>
      (selector.allKeys || selector.keys.some(({ pattern, access }) => pattern === '*' && (access & READ) !== 0)) &&
      checkSelector(selector, row, argv, keys) === undefined,
  );
}

/** May one listen to this channel? A pattern must be allowed word for word. */
export function allowsChannel(patterns: readonly string[], channel: string, isPattern: boolean): boolean {
  if (isPattern) return patterns.includes(printed(channel));
  return patterns.some((pattern) => matchGlob(pattern, channel));
}

const NO_KEY: KeySpec = { flags: [], begin: { type: 'unknown' }, find: { type: 'unknown' } };
const NO_COMMAND: Denial = { reason: 'command', index: 0 };
const ORDER: Readonly<Record<Denial['reason'], number>> = { command: 1, key: 2, channel: 3 };

/** Unsubscribing needs no rights. */
const CHANNELS: ReadonlyMap<string, { readonly isPattern: boolean; readonly all: boolean }> = new Map([
  ['subscribe', { isPattern: false, all: true }],
  ['ssubscribe', { isPattern: false, all: true }],
  ['psubscribe', { isPattern: true, all: true }],
  ['publish', { isPattern: false, all: false }],
  ['spublish', { isPattern: false, all: false }],
]);

type KeyFinder = () => readonly FoundKey[];

/** Looks for the keys once, whatever the number of selectors that ask. */
function keyFinder(row: CommandRow, argv: readonly string[]): KeyFinder {
  let found: readonly FoundKey[] | undefined;
  return () => (found ??= hasKeys(row) ? keysOf(row, argv) : []);
}

function checkSelector(
  selector: Selector,
  row: CommandRow,
  argv: readonly string[],
  keys: KeyFinder,
): Denial | undefined {
  if (!allowsCommand(selector, row, argv)) return NO_COMMAND;
  if (!selector.allKeys) {
    for (const key of keys()) {
      if (!allowsKey(selector, argv[key.index]!, key)) return { reason: 'key', index: key.index };
    }
  }
  return selector.allChannels ? undefined : checkChannels(selector, row, argv);
}

function allowsCommand(selector: Selector, row: CommandRow, argv: readonly string[]): boolean {
  // AUTH and HELLO, without which nobody could become another user, QUIT and RESET.
  if ((row.flagBits & FLAG_BITS.no_auth) !== 0 || selector.allows(row.fullName)) return true;
  const first = argv[1];
  if (first === undefined) return false;
  const word = printed(first).toLowerCase();
  return selector.firstArgs.get(row.fullName)?.some((arg) => arg.toLowerCase() === word) === true;
}

function allowsKey(selector: Selector, name: string, { flags }: FoundKey): boolean {
  let needed = 0;
  for (const flag of flags) {
    if (flag === 'access') needed |= READ;
    else if (flag === 'insert' || flag === 'delete' || flag === 'update') needed |= WRITE;
  }
  return selector.keys.some(({ pattern, access }) => (access & needed) === needed && matchGlob(pattern, name));
}

function checkChannels(selector: Selector, row: CommandRow, argv: readonly string[]): Denial | undefined {
  const spec = CHANNELS.get(row.fullName);
  if (spec === undefined) return undefined;
  const end = spec.all ? argv.length : Math.min(2, argv.length);
  for (let index = 1; index < end; index++) {
    if (!allowsChannel(selector.channels, argv[index]!, spec.isPattern)) return { reason: 'channel', index };
  }
  return undefined;
}
