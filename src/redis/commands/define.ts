/** Turns the specs of a group into rows: links sub-commands to their containers and computes what follows. */

import { categoriesOf, flagBitsOf } from './flags.ts';
import { legacyKeys } from './key-specs.ts';
import { any } from './reply-shapes.ts';
import { argumentsAt, isReached } from './version.ts';
import type { ReplyShape } from './reply-shapes.ts';
import type {
  AclCategory,
  CommandArgument,
  CommandFlag,
  CommandGroup,
  CommandRow,
  CommandSpec,
  DocFlag,
  KeySpec,
} from './types.ts';

const NOTHING: readonly never[] = [];

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
    for (const [fullName, spec] of Object.entries<CommandSpec>(specs)) {
      if (!isReached(spec.since, version)) continue;
      const bar = fullName.indexOf('|');
      if (bar < 0) top.push({ fullName, group, spec });
      else listOf(children, fullName.slice(0, bar)).push({ fullName, group, spec });
    }
  }
  return top.map((entry) => new Row(entry, version, undefined, children.get(entry.fullName) ?? []));
}

interface Entry {
  readonly fullName: string;
  readonly group: CommandGroup;
  readonly spec: CommandSpec;
}

/** A class for its lazy getters: they live on the prototype, so that rows stay cheap to make and alike in shape. */
class Row implements CommandRow {
  readonly name: string;
  readonly fullName: string;
  readonly parent: CommandRow | undefined;
  readonly group: CommandGroup;
  readonly since: string;
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  readonly flagBits: number;
  readonly summary: string;
  readonly complexity: string | undefined;
  readonly tips: readonly string[];
  readonly keySpecs: readonly KeySpec[];
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  readonly docFlags: readonly DocFlag[];
  readonly deprecatedSince: string | undefined;
  readonly replacedBy: string | undefined;
  readonly reply: ReplyShape;
  readonly subcommands: readonly CommandRow[];
  private readonly spec: CommandSpec;
  private readonly version: string;
  private builtArguments: readonly CommandArgument[] | undefined = undefined;
  private builtCategories: readonly AclCategory[] | undefined = undefined;

  constructor({ fullName, group, spec }: Entry, version: string, parent: CommandRow | undefined, children: Entry[]) {
    const { first, last, step, movable } = legacyKeys(spec.keys ?? NOTHING);
    this.name = parent === undefined ? fullName : fullName.slice(parent.name.length + 1);
    this.fullName = fullName;
    this.parent = parent;
    this.group = group;
    this.since = spec.since;
    this.arity = spec.revisions?.findLast(({ since }) => isReached(since, version))?.arity ?? spec.arity;
    this.flags = movable ? [...(spec.flags ?? NOTHING), 'movablekeys'] : (spec.flags ?? NOTHING);
    this.flagBits = flagBitsOf(this.flags);
    this.summary = spec.summary;
    this.complexity = spec.complexity;
    this.tips = spec.tips ?? NOTHING;
    this.keySpecs = spec.keys ?? NOTHING;
    this.firstKey = first;
    this.lastKey = last;
    this.keyStep = step;
    this.docFlags = spec.docFlags ?? NOTHING;
    this.deprecatedSince = spec.deprecatedSince;
    this.replacedBy = spec.replacedBy;
    this.reply = spec.reply ?? any;
    this.subcommands = children.map((child) => new Row(child, version, this, []));
    this.spec = spec;
    this.version = version;
  }

  get categories(): readonly AclCategory[] {
    return (this.builtCategories ??= categoriesOf(this.group, this.flags, this.spec.categories));
  }

  get arguments(): readonly CommandArgument[] {
    return (this.builtArguments ??= argumentsAt(this.spec.args?.() ?? NOTHING, this.version));
  }

  get history(): CommandRow['history'] {
    return this.spec.history?.filter(([since]) => isReached(since, this.version)) ?? NOTHING;
  }
}

function listOf<K, V>(map: Map<K, V[]>, at: K): V[] {
  let list = map.get(at);
  if (list === undefined) map.set(at, (list = []));
  return list;
}
