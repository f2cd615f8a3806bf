// Users as rules again, for ACL LIST, ACL GETUSER and files.
//
// What commands a selector allows is told by categories first, the one that fits best each time, then by single
// commands for the rest. So the rules that come out are seldom those that went in, but they mean the same.

import type { AclCategory } from '../../redis/commands/index.ts';
import { CATEGORIES } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { READ, READ_WRITE } from './selector.ts';
import type { Selector } from './selector.ts';
import type { User } from './user.ts';

/** All of a user's rules, as they follow its name in a line of a file. */
export function describeUser(user: User, catalog: Catalog): string {
  return (user.description ??= [
    ...user.flags,
    ...user.passwords.map((hash) => `#${hash}`),
    ...user.selectors.map((selector, i) => {
      const rules = describeSelector(selector, catalog);
      return i === 0 ? rules : `(${rules})`;
    }),
  ].join(' '));
}

export function describeKeys({ allKeys, keys }: Selector): string {
  return allKeys ? '~*' : keys.map(({ pattern, access }) => `${prefixOf(access)}${pattern}`).join(' ');
}

export function describeChannels({ allChannels, channels }: Selector): string {
  return allChannels ? '&*' : channels.map((pattern) => `&${pattern}`).join(' ');
}

/** `+@all -get`, `-@all +@read +select|0`. */
export function describeCommands(selector: Selector, catalog: Catalog): string {
  const additive = !selector.allCommands;
  const sign = additive ? '+' : '-';
  const rules = [additive ? '-@all' : '+@all'];
  // What is still to be told, and what a reader of the rules so far would think.
  const left = new Set(catalog.rows.map((row) => row.fullName).filter((name) => selector.allows(name)));
  const told = new Set(additive ? [] : catalog.rows.map((row) => row.fullName));
  const open = new Set(CATEGORIES);
  for (;;) {
    const best = bestCategory(open, left, additive, catalog);
    if (best === undefined) break;
    open.delete(best);
    rules.push(`${sign}@${best}`);
    for (const row of catalog.members.get(best)!) {
      for (const { fullName } of [row, ...row.subcommands]) {
        setMember(told, fullName, additive);
        setMember(left, fullName, !additive);
      }
    }
  }
  for (const row of catalog.rows) {
    const name = row.fullName;
    const allowed = selector.allows(name);
    if (allowed !== told.has(name)) {
      rules.push(`${allowed ? '+' : '-'}${name}`);
      for (const { fullName } of [row, ...row.subcommands]) setMember(told, fullName, allowed);
    }
    if (!allowed) for (const arg of selector.firstArgs.get(name) ?? []) rules.push(`+${name}|${arg}`);
  }
  return rules.join(' ');
}

function describeSelector(selector: Selector, catalog: Catalog): string {
  return [
    describeKeys(selector),
    selector.allChannels ? '' : 'resetchannels',
    describeChannels(selector),
    describeCommands(selector, catalog),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function prefixOf(access: number): string {
  return access === READ_WRITE ? '~' : access === READ ? '%R~' : '%W~';
}

/** With more commands to tell than to take back: the one with the fewest to take back, then with the most to tell. */
function bestCategory(
  open: ReadonlySet<AclCategory>,
  left: ReadonlySet<string>,
  additive: boolean,
  { members }: Catalog,
): AclCategory | undefined {
  let best: AclCategory | undefined;
  let fewest = Infinity;
  let most = 0;
  for (const category of open) {
    const rows = members.get(category)!;
    const on = rows.reduce((count, row) => count + (left.has(row.fullName) ? 1 : 0), 0);
    const same = additive ? on : rows.length - on;
    const different = rows.length - same;
    if (same > different && (different < fewest || (different === fewest && same > most))) {
      best = category;
      fewest = different;
      most = same;
    }
  }
  return best;
}

function setMember(set: Set<string>, name: string, member: boolean): void {
  if (member) set.add(name);
  else set.delete(name);
}
