/** Adds packages and scripts to a package.json; nothing that is there changes by a byte. */
import { isDeepStrictEqual } from 'node:util';
import { changed, conflict, unchanged } from '../outcome.ts';
import type { Conflict, Outcome, Splice } from '../outcome.ts';
import { positionOf } from '../text.ts';
import { fillManifest, insertEntries, insertSection } from './insert.ts';
import { isRecord, parseManifest } from './parse.ts';
import type { Member, ParsedManifest } from './parse.ts';

/** What a manifest should hold afterwards. Ranges and commands of entries that exist are left alone. */
export interface ManifestWish {
  /** Needed while the app runs. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Needed to build or test it. */
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

type SectionName = keyof ManifestWish;
type Entry = readonly [name: string, value: string];

/** The order in which the sections stand in a manifest, and in which they are added. */
const SECTIONS: readonly SectionName[] = ['scripts', 'dependencies', 'devDependencies'];

/** A new section goes before the first of these that the manifest has, else to its end, as npm does. */
const FOLLOWERS: Readonly<Record<SectionName, readonly string[]>> = {
  scripts: ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'],
  dependencies: [
    'devDependencies',
    'peerDependencies',
    'peerDependenciesMeta',
    'optionalDependencies',
    'bundleDependencies',
    'bundledDependencies',
  ],
  devDependencies: [
    'peerDependencies',
    'peerDependenciesMeta',
    'optionalDependencies',
    'bundleDependencies',
    'bundledDependencies',
  ],
};

const PACKAGE_LISTS = ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'] as const;

/**
 * Add packages and scripts where they are missing.
 *
 * A package counts as there whichever list names it, but for one case: needed at run time, listed in
 * `devDependencies`, in an app that has run-time dependencies. npm lets the development entry win over
 * a second one in `dependencies` and drops it in production, so both adding and leaving it would break
 * the app there; that is a `taken` conflict.
 *
 * @param text the manifest without its BOM.
 */
export function addDependencies(text: string, wish: ManifestWish): Outcome {
  const parsed = parseManifest(text);
  if ('status' in parsed) return parsed;

  const present: string[] = [];
  const missing: [SectionName, Entry[]][] = [];
  for (const section of SECTIONS) {
    const entries: Entry[] = [];
    for (const [name, value] of Object.entries(wish[section] ?? {})) {
      const found = findEntry(text, parsed, section, name, value);
      if (typeof found === 'object') return found;
      if (found === undefined) entries.push([name, value]);
      else present.push(`${name} is in ${found} already`);
    }
    if (entries.length > 0) missing.push([section, entries]);
  }
  if (missing.length === 0) return unchanged(...present);

  const splices = spliceAll(text, parsed, missing);
  if ('status' in splices) return splices;
  const notes = missing.flatMap(([section, entries]) => entries.map(([name, value]) => describe(section, name, value)));
  const outcome = changed(text, splices, notes);
  return verify(parsed, missing, outcome.text) ?? outcome;
}

/** The section that holds the entry already, or why it may not be added, or undefined. */
function findEntry(
  text: string,
  parsed: ParsedManifest,
  section: SectionName,
  name: string,
  value: string,
): string | Conflict | undefined {
  if (section === 'scripts') {
    const script = listOf(parsed, 'scripts')?.[name];
    if (script === undefined || script === value) return script === undefined ? undefined : 'scripts';
    return conflict(
      'taken',
      `script "${name}" runs something else`,
      'Rename that script, or leave this one out.',
      positionOfEntry(text, parsed, 'scripts', name),
    );
  }
  const holder = PACKAGE_LISTS.find((list) => listOf(parsed, list)?.[name] !== undefined);
  if (holder !== 'devDependencies' || section === 'devDependencies') return holder;
  // With no run-time dependency at all the app is bundled from its devDependencies.
  if (Object.keys(listOf(parsed, 'dependencies') ?? {}).length === 0) return holder;
  return conflict(
    'taken',
    `${name} is in devDependencies, but the app needs it while it runs`,
    `Move ${name} from devDependencies to dependencies, then run again.`,
    positionOfEntry(text, parsed, holder, name),
  );
}

function listOf(parsed: ParsedManifest, section: string): Record<string, unknown> | undefined {
  const list = Object.hasOwn(parsed.value, section) ? parsed.value[section] : undefined;
  if (!isRecord(list)) return undefined;
  return Object.assign(Object.create(null), list) as Record<string, unknown>;
}

function spliceAll(
  text: string,
  parsed: ParsedManifest,
  missing: readonly (readonly [SectionName, readonly Entry[]])[],
): readonly Splice[] | Conflict {
  if (parsed.root.members.length === 0) return [fillManifest(text, parsed.root, missing)];
  const splices: Splice[] = [];
  for (const [section, entries] of missing) {
    const spliced = spliceSection(text, parsed, section, entries);
    if ('status' in spliced) return spliced;
    splices.push(...spliced);
  }
  return splices;
}

function spliceSection(
  text: string,
  parsed: ParsedManifest,
  section: SectionName,
  entries: readonly Entry[],
): readonly Splice[] | Conflict {
  const { root } = parsed;
  const members = root.members.filter((member) => member.name === section);
  const [member, second] = members;
  if (second) {
    return conflict(
      'shape',
      `has "${section}" twice, and only the last one counts`,
      'Merge the two into one, then run again.',
      positionOf(text, second.start),
    );
  }
  if (!member) {
    const before = root.members.findIndex((other) => FOLLOWERS[section].includes(other.name));
    return [insertSection(text, root, before === -1 ? root.members.length : before, section, entries)];
  }
  if (member.value.type !== 'object') {
    return conflict(
      'shape',
      `"${section}" is not an object`,
      `Write "${section}" as an object of names and values, then run again.`,
      positionOf(text, member.valueStart),
    );
  }
  return insertEntries(text, root, member, entries);
}

function describe(section: SectionName, name: string, value: string): string {
  return section === 'scripts' ? `script ${name}` : `${name}@${value} in ${section}`;
}

function positionOfEntry(text: string, parsed: ParsedManifest, section: string, name: string) {
  const list = parsed.root.members.findLast((member) => member.name === section);
  const entry = list && entryOf(list, name);
  return entry === undefined ? {} : positionOf(text, entry);
}

function entryOf(list: Member, name: string): number | undefined {
  const property = list.value.children?.findLast((child) => child.children?.[0]?.value === name);
  return property?.offset;
}

/** The edited text must read as the old one plus exactly the new entries. */
function verify(
  parsed: ParsedManifest,
  missing: readonly (readonly [SectionName, readonly Entry[]])[],
  after: string,
): Conflict | undefined {
  const meant: Record<string, unknown> = { ...parsed.value };
  for (const [section, entries] of missing) {
    const old = parsed.value[section];
    meant[section] = { ...(isRecord(old) ? old : {}), ...Object.fromEntries(entries) };
  }
  const reread = parseManifest(after);
  if (!('status' in reread) && isSame(reread.value, meant)) return undefined;
  return conflict(
    'verify',
    'the edited manifest did not read back as meant',
    'Add the entries by hand and report this file.',
  );
}

/** By text first: a value may nest deeper than a comparison of objects can follow. */
function isSame(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) => JSON.stringify(one[name]) === JSON.stringify(other[name]) || isDeepStrictEqual(one[name], other[name]),
    )
  );
}
