/** Turns the specs of a group into rows: links sub-commands to their containers and computes what follows. */

import { categoriesOf, flagBitsOf } from './flags.ts';
import { legacyKeys } from './key-specs.ts';
import { any } from './reply-shapes.ts';
import { specAt } from './version.ts';
import type { CommandFlag, CommandGroup, CommandRow, CommandSpec } from './types.ts';

/** A group's specs by full name (`config`, `config|get`). */
export interface GroupSpecs<Name extends string> {
  readonly group: CommandGroup;
  readonly specs: Readonly<Record<Name, CommandSpec>>;
}

/** Declares a group; the names stay in the type, the rows do not burden the compiler. */
export function defineGroup<Name extends string>(
  group: CommandGroup,
  specs: Readonly<Record<Name, CommandSpec>>,
): GroupSpecs<Name> {
  return { group, specs };
}

/** Rows of all commands of these groups as of a version, sub-commands inside their containers. */
export function buildRows(groups: readonly GroupSpecs<string>[], version: string): CommandRow[] {
  const children = new Map<string, Entry[]>();
  const top: Entry[] = [];
  for (const { group, specs } of groups) {
    for (const [fullName, latest] of Object.entries<CommandSpec>(specs)) {
      const spec = specAt(latest, version);
      if (spec === undefined) continue;
      const bar = fullName.indexOf('|');
      if (bar < 0) top.push({ fullName, group, spec });
      else listOf(children, fullName.slice(0, bar)).push({ fullName, group, spec });
    }
  }
  return top.map((entry) => buildRow(entry, undefined, children.get(entry.fullName) ?? []));
}

interface Entry {
  readonly fullName: string;
  readonly group: CommandGroup;
  readonly spec: CommandSpec;
}

function buildRow({ fullName, group, spec }: Entry, parent: CommandRow | undefined, children: Entry[]): CommandRow {
  const keySpecs = spec.keys ?? [];
  const { first, last, step, movable } = legacyKeys(keySpecs);
  const flags: CommandFlag[] = [...(spec.flags ?? [])];
  if (movable) flags.push('movablekeys');
  const subcommands: CommandRow[] = [];
  const row: CommandRow = {
    name: parent === undefined ? fullName : fullName.slice(parent.name.length + 1),
    fullName,
    parent,
    group,
    since: spec.since,
    arity: spec.arity,
    flags,
    flagBits: flagBitsOf(flags),
    summary: spec.summary,
    complexity: spec.complexity,
    categories: categoriesOf(group, flags, spec.categories),
    tips: spec.tips ?? [],
    keySpecs,
    firstKey: first,
    lastKey: last,
    keyStep: step,
    arguments: spec.args ?? [],
    history: spec.history ?? [],
    docFlags: spec.docFlags ?? [],
    deprecatedSince: spec.deprecatedSince,
    replacedBy: spec.replacedBy,
    reply: spec.reply ?? any,
    subcommands,
  };
  for (const child of children) subcommands.push(buildRow(child, row, []));
  return row;
}

function listOf<K, V>(map: Map<K, V[]>, at: K): V[] {
  let list = map.get(at);
  if (list === undefined) map.set(at, (list = []));
  return list;
}
