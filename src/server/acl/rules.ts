// The language of rules: `on`, `>password`, `+get`, `+@read`, `~key:*`, `%R~key:*`, `&channel`, `(+set ~a)`.

import type { CommandRow } from '../../redis/commands/index.ts';
import { splitLine } from '../config/file.ts';
import { printed } from '../errors.ts';
import { findCategory } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { hashPassword, isPasswordHash } from './passwords.ts';
import { READ, READ_WRITE, Selector, WRITE } from './selector.ts';
import type { User } from './user.ts';

/** What rules depend on besides the user. */
export interface RuleContext {
  readonly catalog: Catalog;
  /** `acl-pubsub-default`: do new and reset users see all channels? */
  readonly allChannels: boolean;
}

/** Thrown for a rule that cannot be applied. */
export class InvalidRule {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

const SYNTAX = new InvalidRule('Syntax error');
/** Told apart because files may name commands of another version. */
export const UNKNOWN_COMMAND = new InvalidRule('Unknown command or category name in ACL');
const FIRST_ARG_OF_SUBCOMMAND = new InvalidRule('Allowing first-arg of a subcommand is not supported');
const BAD_HASH = new InvalidRule(
  'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters',
);
const NO_SUCH_PASSWORD = new InvalidRule('The password you are trying to remove from the user does not exist');

function afterAll(flag: string, remedy: string, list: string): InvalidRule {
  return new InvalidRule(
    `Adding a pattern after the * pattern (or the '${flag}' flag) is not valid and does not have any effect. Try '${remedy}' to start with an empty list of ${list}`,
  );
}

const KEYS_AFTER_ALL = afterAll('allkeys', 'resetkeys', 'patterns');
const CHANNELS_AFTER_ALL = afterAll('allchannels', 'resetchannels', 'channels');

/** Apply one rule to a user; throws InvalidRule and then has changed nothing. */
export function applyRule(user: User, rule: string, context: RuleContext): void {
  user.description = undefined;
  if (rule === '') return;
  const word = printed(rule).toLowerCase();
  const change = USER_WORDS.get(word);
  if (change !== undefined) change(user, context);
  else if ('>#<!'.includes(rule[0]!)) applyPassword(user, rule);
  else if (rule.startsWith('(') && rule.endsWith(')')) user.selectors.push(parseSelector(rule, context));
  else applySelectorRule(user.root, rule, context);
}

/**
 * Join the parts of selectors that blanks have split: `(+get`, `~a)`. Returns the opening part of one that is
 * never closed.
 */
export function mergeSelectors(rules: readonly string[]): { readonly rules: string[]; readonly unmatched?: string } {
  const merged: string[] = [];
  let open: { text: string; from: string } | undefined;
  for (const rule of rules) {
    if (rule.startsWith('(') && !rule.endsWith(')')) {
      open = { text: rule, from: rule };
    } else if (open !== undefined) {
      open.text += ` ${rule}`;
      if (!rule.endsWith(')')) continue;
      merged.push(open.text);
      open = undefined;
    } else {
      merged.push(rule);
    }
  }
  return open === undefined ? { rules: merged } : { rules: merged, unmatched: open.from };
}

export function hasSpaces(text: string): boolean {
  return /[\0\t-\r ]/.test(text);
}

const USER_WORDS: ReadonlyMap<string, (user: User, context: RuleContext) => void> = new Map([
  ['on', (user: User) => void (user.enabled = true)],
  ['off', (user: User) => void (user.enabled = false)],
  ['skip-sanitize-payload', (user: User) => void (user.sanitize = false)],
  ['sanitize-payload', (user: User) => void (user.sanitize = true)],
  ['nopass', (user: User) => resetPasswords(user, true)],
  ['resetpass', (user: User) => resetPasswords(user, false)],
  ['clearselectors', (user: User) => void (user.selectors.length = 1)],
  ['reset', reset],
]);

function resetPasswords(user: User, nopass: boolean): void {
  user.nopass = nopass;
  user.passwords = [];
}

function reset(user: User, { allChannels }: RuleContext): void {
  resetPasswords(user, false);
  user.enabled = false;
  user.sanitize = true;
  user.selectors = [new Selector(allChannels)];
}

function applyPassword(user: User, rule: string): void {
  const text = rule.slice(1);
  const plain = rule[0] === '>' || rule[0] === '<';
  if (!plain && !isPasswordHash(text)) throw BAD_HASH;
  const hash = plain ? hashPassword(text) : text;
  const at = user.passwords.indexOf(hash);
  if (rule[0] === '>' || rule[0] === '#') {
    if (at < 0) user.passwords.push(hash);
    user.nopass = false;
  } else {
    if (at < 0) throw NO_SUCH_PASSWORD;
    user.passwords.splice(at, 1);
  }
}

/** A selector in parentheses. Quotes that are not closed leave it empty, as in Redis. */
function parseSelector(rule: string, context: RuleContext): Selector {
  const selector = new Selector(context.allChannels);
  for (const inner of splitLine(rule.slice(1, -1)) ?? []) applySelectorRule(selector, inner, context);
  return selector;
}

const SELECTOR_WORDS: ReadonlyMap<string, (selector: Selector) => void> = new Map([
  ['allkeys', (selector: Selector) => setAllKeys(selector, true)],
  ['~*', (selector: Selector) => setAllKeys(selector, true)],
  ['resetkeys', (selector: Selector) => setAllKeys(selector, false)],
  ['allchannels', (selector: Selector) => setAllChannels(selector, true)],
  ['&*', (selector: Selector) => setAllChannels(selector, true)],
  ['resetchannels', (selector: Selector) => setAllChannels(selector, false)],
  ['allcommands', (selector: Selector) => selector.allowAll(true)],
  ['+@all', (selector: Selector) => selector.allowAll(true)],
  ['nocommands', (selector: Selector) => selector.allowAll(false)],
  ['-@all', (selector: Selector) => selector.allowAll(false)],
]);

function setAllKeys(selector: Selector, all: boolean): void {
  selector.allKeys = all;
  selector.keys = [];
}

function setAllChannels(selector: Selector, all: boolean): void {
  selector.allChannels = all;
  selector.channels = [];
}

function applySelectorRule(selector: Selector, rule: string, context: RuleContext): void {
  const change = SELECTOR_WORDS.get(printed(rule).toLowerCase());
  if (change !== undefined) return change(selector);
  switch (rule[0]) {
    case '~':
    case '%':
      return addKeyPattern(selector, rule);
    case '&':
      return addChannel(selector, rule.slice(1));
    case '+':
    case '-':
      return applyCommandRule(selector, printed(rule), context.catalog);
    default:
      throw SYNTAX;
  }
}

function addKeyPattern(selector: Selector, rule: string): void {
  if (selector.allKeys) throw KEYS_AFTER_ALL;
  let access = rule[0] === '~' ? READ_WRITE : 0;
  let at = 1;
  if (access === 0) {
    for (; at < rule.length; at++) {
      const letter = rule[at]!.toUpperCase();
      if (letter === 'R' && (access & READ) === 0) access |= READ;
      else if (letter === 'W' && (access & WRITE) === 0) access |= WRITE;
      else if (letter === '~' && access !== 0) break;
      else throw SYNTAX;
    }
    at++;
  }
  const pattern = rule.slice(at);
  if (access === 0 || hasSpaces(pattern)) throw SYNTAX;
  const known = selector.keys.find((one) => one.pattern === pattern);
  if (known === undefined) selector.keys.push({ pattern, access });
  else known.access |= access;
}

function addChannel(selector: Selector, pattern: string): void {
  if (selector.allChannels) throw CHANNELS_AFTER_ALL;
  if (hasSpaces(pattern)) throw SYNTAX;
  if (!selector.channels.includes(pattern)) selector.channels.push(pattern);
}

function applyCommandRule(selector: Selector, rule: string, { table, members }: Catalog): void {
  const allowed = rule[0] === '+';
  const name = rule.slice(1);
  if (name.startsWith('@')) {
    const category = findCategory(name.slice(1));
    if (category === undefined) throw UNKNOWN_COMMAND;
    for (const member of members.get(category)!) allowCommand(selector, member, allowed);
    return;
  }
  const bar = allowed ? name.lastIndexOf('|') : -1;
  const row = table.findFullName(bar < 0 ? name : name.slice(0, bar));
  if (row === undefined) throw UNKNOWN_COMMAND;
  if (bar < 0) return allowCommand(selector, row, allowed);
  if (row.parent !== undefined) throw FIRST_ARG_OF_SUBCOMMAND;
  const rest = name.slice(bar + 1);
  if (rest === '') throw SYNTAX;
  if (row.subcommands.length === 0) return addFirstArg(selector, row.fullName, rest);
  const sub = table.findFullName(name);
  if (sub === undefined) throw UNKNOWN_COMMAND;
  allowCommand(selector, sub, true);
}

/** A container takes its sub-commands along. */
function allowCommand(selector: Selector, row: CommandRow, allowed: boolean): void {
  selector.allow(row.fullName, allowed);
  selector.firstArgs.delete(row.fullName);
  for (const sub of row.subcommands) selector.allow(sub.fullName, allowed);
}

function addFirstArg(selector: Selector, name: string, arg: string): void {
  const known = selector.firstArgs.get(name);
  if (known === undefined) selector.firstArgs.set(name, [arg]);
  else if (!known.some((one) => one.toLowerCase() === arg.toLowerCase())) known.push(arg);
}
