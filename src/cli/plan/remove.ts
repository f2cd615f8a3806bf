/** Takes a component out again: what is still ours goes, what was edited since stays and is named. */
import { applySplices, sortSplices, type Splice } from '../editors/outcome.ts';
import { positionOf } from '../editors/text.ts';
import { PaxxError } from '../errors.ts';
import { hashOf } from './change.ts';
import type { WorkTree } from './disk-tree.ts';
import { findImporters, isCode, type Importer } from './importers.ts';
import { parsePlain, removeEntries, sameValue, valueWithout } from './json-entries.ts';
import {
  baseOf,
  stageLedger,
  type ComponentRecord,
  type CreatedRecord,
  type EditedRecord,
  type Ledger,
  type SecretRecord,
} from './ledger.ts';
import { findSecretSpans, findSpans, invertSpans, isPunctuation, type Found } from './spans.ts';

/** Why a text would not do: `line 3: unexpected token`. undefined: it is fine. */
export type Verify = (path: string, text: string) => string | undefined | Promise<string | undefined>;

export interface RemovalOptions {
  /** Delete created files even when they were edited since. */
  readonly force?: boolean;
  /** Looks at each text before it is staged; JSON is looked at anyway. */
  readonly verify?: Verify;
}

/** Something of the component that stays in the project. */
export interface Leftover {
  readonly path: string;
  /** 1-based. */
  readonly line?: number;
  readonly reason: string;
}

export interface Removal {
  /** The ledger without the component; staged in the tree already. */
  readonly ledger: Ledger;
  readonly leftovers: readonly Leftover[];
  /** Files of the user that still import what is deleted: they will not run any more. */
  readonly importers: readonly Importer[];
}

/**
 * Stage the removal. A file that was not touched since gets back its very bytes.
 * @throws {PaxxError} `NOT_ADDED`
 */
export async function planRemoval(
  tree: WorkTree,
  ledger: Ledger,
  name: string,
  options: RemovalOptions = {},
): Promise<Removal> {
  const record = ledger.components[name];
  if (!record) {
    throw new PaxxError('NOT_ADDED', `${name} was not added to this project by paxx`, {
      hint: 'There is nothing to remove; paxx infra status shows what was added.',
    });
  }
  const leftovers: Leftover[] = [];
  // The last edit of a file comes off first.
  for (const file of record.files.toReversed()) {
    if (file.kind === 'created') removeCreated(tree, file, options, leftovers);
    else if (file.kind === 'secret') removeSecret(tree, file, leftovers);
    else await removeEdited(tree, file, options.verify ?? (() => undefined), leftovers);
  }
  const { [name]: _, ...others } = ledger.components;
  const remaining: Ledger = { ...ledger, components: handOver(tree, record, others) };
  stageLedger(tree, remaining);
  const deleted = tree.changes().flatMap(({ path, kind }) => (kind === 'delete' ? [path] : []));
  return { ledger: remaining, leftovers: leftovers.toReversed(), importers: findImporters(tree, deleted) };
}

/** True when a created file is as it was made; line ends of a text converted by version control do not count. */
export function isAsCreated(tree: Pick<WorkTree, 'read' | 'hash'>, record: CreatedRecord): boolean {
  const text = tree.read(record.path);
  return text === undefined ? tree.hash(record.path) === record.hash : isAsRendered(text, record);
}

function isAsRendered(text: string, record: CreatedRecord): boolean {
  if (hashOf(Buffer.from(text)) === record.hash) return true;
  const base = baseOf(record);
  return base !== undefined && toLf(base) === toLf(text);
}

function removeCreated(
  tree: WorkTree,
  record: CreatedRecord,
  { force = false }: RemovalOptions,
  leftovers: Leftover[],
): void {
  if (!tree.exists(record.path)) return;
  if (!force && !isAsCreated(tree, record)) {
    leftovers.push({ path: record.path, reason: 'edited since: kept; --force deletes it' });
    return;
  }
  tree.stageDelete(record.path, { notes: ['was added by paxx'] });
}

function removeSecret(tree: WorkTree, record: SecretRecord, leftovers: Leftover[]): void {
  const text = tree.read(record.path);
  if (text === undefined) return;
  const found = findSecretSpans(text, record.spans);
  if (found.includes(undefined)) {
    leftovers.push({ path: record.path, reason: 'edited since: what is left of it stays' });
  }
  const splices = found.filter((splice) => splice !== undefined);
  tree.stageText(record.path, applySplices(text, sortSplices(splices)), { notes: ['what paxx added'] });
}

async function removeEdited(
  tree: WorkTree,
  record: EditedRecord,
  verify: Verify,
  leftovers: Leftover[],
): Promise<void> {
  const { path } = record;
  const text = tree.read(path);
  if (text === undefined) return;
  const notes = ['what paxx added'];
  if (isWholly(text, record.after)) {
    const restored = applySplices(text, invertSpans(record.spans));
    if (isWholly(restored, record.before)) {
      tree.stageText(path, restored, { notes });
      return;
    }
  }
  const result = await withoutSpans(text, record, verify);
  if (result.text !== undefined && result.text !== text) tree.stageText(path, result.text, { notes });
  leftovers.push(...result.leftovers);
}

/** True when the text, with the byte order mark that the file may have, hashes to `hash`. */
export function isWholly(text: string, hash: string): boolean {
  return hashOf(Buffer.from(text)) === hash || hashOf(Buffer.from(`\uFEFF${text}`)) === hash;
}

interface Attempt {
  /** undefined: nothing can be taken out. */
  readonly text: string | undefined;
  readonly leftovers: readonly Leftover[];
}

async function withoutSpans(text: string, record: EditedRecord, verify: Verify): Promise<Attempt> {
  const found = findSpans(text, record.spans, { code: isCode(record.path) });
  if (record.entries && parsePlain(text)) return await withoutEntries(text, record, found);
  const edited = found.flatMap((span) => (span.state === 'edited' ? [span.line] : []));
  if (edited.length > 0) {
    // What was added to a file belongs together: an import goes with its use, a volume with its service.
    const leftovers = [...new Set(edited)].map((line) => ({
      path: record.path,
      line,
      reason: 'edited since: left in place',
    }));
    return { text: undefined, leftovers };
  }
  const all = inverseOf(record, found, () => true);
  if (all.length === 0) return { text: undefined, leftovers: [] };
  const bare = inverseOf(record, found, (i) => !isPunctuation(record.spans[i]!));
  let reason: string | undefined;
  // A comma of ours may by now serve an entry that came after.
  for (const splices of bare.length < all.length ? [all, bare] : [all]) {
    const candidate = applySplices(text, splices);
    reason = await verify(record.path, candidate);
    if (reason === undefined) return { text: candidate, leftovers: [] };
  }
  const { line } = positionOf(text, all[0]!.start);
  return {
    text: undefined,
    leftovers: [
      { path: record.path, line, reason: `left in place, as the file would not parse without it (${reason})` },
    ],
  };
}

async function withoutEntries(text: string, record: EditedRecord, found: readonly Found[]): Promise<Attempt> {
  const entries = record.entries!;
  const wanted = valueWithout(text, entries);
  if (found.every(({ state }) => state === 'found')) {
    const candidate = applySplices(
      text,
      inverseOf(record, found, () => true),
    );
    if (sameValue(parsePlain(candidate)?.value, wanted)) return { text: candidate, leftovers: [] };
  }
  const result = await removeEntries(text, entries);
  const leftovers = result.edited.map(({ path }) => {
    const key = JSON.stringify(path.at(-1) ?? '');
    const at = text.indexOf(key);
    const line = at === -1 ? {} : { line: positionOf(text, at).line };
    return { path: record.path, ...line, reason: `${path.join('.')} edited since: left in place` };
  });
  return { text: sameValue(parsePlain(result.text)?.value, wanted) ? result.text : undefined, leftovers };
}

function inverseOf(record: EditedRecord, found: readonly Found[], wanted: (index: number) => boolean): Splice[] {
  const splices = found.flatMap((span, i) =>
    span.state === 'found' && wanted(i) ? [{ start: span.start, end: span.end, text: record.spans[i]!.removed }] : [],
  );
  return sortSplices(splices);
}

/**
 * Folders that we made go when they are empty. One in which another component lives passes into its account, so
 * that it goes with that one.
 */
function handOver(tree: WorkTree, record: ComponentRecord, others: Ledger['components']): Ledger['components'] {
  const heirs = { ...others };
  for (const folder of record.folders) {
    const heir = Object.entries(heirs).find(([, { files }]) => files.some(({ path }) => path.startsWith(`${folder}/`)));
    if (!heir) {
      tree.stageFolderRemoval(folder);
      continue;
    }
    const [name, component] = heir;
    heirs[name] = { ...component, folders: [...new Set([folder, ...component.folders])] };
  }
  return heirs;
}

function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
