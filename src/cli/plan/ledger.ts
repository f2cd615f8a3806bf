/**
 * The ledger: what each component brought into the project, so that it can be taken out, checked and upgraded.
 * Committed with the project, so it holds no times, no machine's paths and no secrets.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { decode } from '../editors/text.ts';
import { hashOf, type FileChange } from './change.ts';
import type { WorkTree } from './disk-tree.ts';
import { addedEntries, type JsonEntry } from './json-entries.ts';
import { isSecretPath, LEDGER_PATH, STATE_FOLDER } from './paths.ts';
import type { JsonObject } from './plan.ts';
import { digestSpans, recordSpans, type SecretSpan, type Span } from './spans.ts';

/** A file that the component made. */
export interface CreatedRecord {
  readonly path: string;
  readonly kind: 'created';
  /** SHA-256 of the file as rendered. */
  readonly hash: string;
  /** The text as rendered, deflated, in base64: what an upgrade merges from. Absent for secrets, what is large, what is no text. */
  readonly base?: string;
}

/** A file of the project that the component added to. */
export interface EditedRecord {
  readonly path: string;
  readonly kind: 'edited';
  /** SHA-256 of the whole file. */
  readonly before: string;
  /** SHA-256 of the whole file. */
  readonly after: string;
  readonly spans: readonly Span[];
  /** What was added, for JSON: found again even when the file was printed anew. */
  readonly entries?: readonly JsonEntry[];
}

/** An env file that the component added to: neither its text nor its hash may be told. */
export interface SecretRecord {
  readonly path: string;
  readonly kind: 'secret';
  readonly spans: readonly SecretSpan[];
}

export type FileRecord = CreatedRecord | EditedRecord | SecretRecord;

export interface ComponentRecord {
  /** Of the component, when it was rendered. */
  readonly version: string;
  /** As given on the command line or chosen; what an upgrade renders with. */
  readonly options: JsonObject;
  /** What was found out about the host: settings access, compose service, … */
  readonly facts: JsonObject;
  /** Folders that were made, outermost first. */
  readonly folders: readonly string[];
  /** Ordered by path; several edits of one file in the order in which they were made. */
  readonly files: readonly FileRecord[];
}

export interface Ledger {
  readonly version: 1;
  readonly components: Readonly<Record<string, ComponentRecord>>;
}

export const EMPTY_LEDGER: Ledger = { version: 1, components: {} };

export interface Recording {
  readonly version: string;
  readonly options: JsonObject;
  readonly facts: JsonObject;
  /** As the tree tells them, before the ledger itself is staged. */
  readonly changes: readonly FileChange[];
  readonly newFolders: readonly string[];
  /** Rendered text per path, where what was written is a merge of it with the user's edits. */
  readonly bases?: Readonly<Record<string, string>>;
}

/** Add to what the ledger knows of a component. */
export function recordComponent(ledger: Ledger, name: string, recording: Recording): Ledger {
  const known = ledger.components[name];
  let files = [...(known?.files ?? [])];
  for (const change of recording.changes) {
    if (change.path === LEDGER_PATH) continue;
    const base = recording.bases?.[change.path];
    const made = files.find((file) => file.path === change.path && file.kind === 'created');
    // A file of ours that the user has edited stays theirs: what is added to it now is accounted for on its own.
    const own = made?.kind === 'created' && (base !== undefined || made.hash === change.beforeHash);
    if (change.kind !== 'edit' || own) files = files.filter(({ path }) => path !== change.path);
    if (change.kind !== 'delete') files.push(recordOf(change, own, base));
  }
  const folders = new Set([...(known?.folders ?? []), ...recording.newFolders.filter((path) => path !== STATE_FOLDER)]);
  const { version, options, facts } = recording;
  const component: ComponentRecord = {
    version,
    options,
    facts,
    folders: [...folders],
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
  };
  return { ...ledger, components: { ...ledger.components, [name]: component } };
}

/** An edit of a file in whose text of ours `from` gave way to `to`: it comes off again as what is there now. */
export function replaceInRecord(
  record: EditedRecord,
  { from, to }: { readonly from: string; readonly to: string },
  { beforeHash, afterHash }: Pick<FileChange, 'beforeHash' | 'afterHash'>,
): EditedRecord {
  const replaced = JSON.parse(JSON.stringify(record).replaceAll(from, to)) as EditedRecord;
  return { ...replaced, after: record.after === beforeHash ? afterHash! : record.after };
}

/** Lay the ledger over the tree: written when it knows of a component, else removed. */
export function stageLedger(tree: WorkTree, ledger: Ledger): void {
  if (Object.keys(ledger.components).length === 0) {
    tree.stageDelete(LEDGER_PATH, { notes: ['nothing is left to keep account of'] });
    return;
  }
  const text = printLedger(ledger);
  const options = { notes: Object.keys(ledger.components).toSorted() };
  if (tree.exists(LEDGER_PATH)) tree.stageText(LEDGER_PATH, text, options);
  else tree.stageNew(LEDGER_PATH, text, options);
}

export function printLedger(ledger: Ledger): string {
  const components = Object.fromEntries(
    Object.entries(ledger.components).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
  return `${JSON.stringify({ version: ledger.version, components }, undefined, 2)}\n`;
}

/** @returns the text as rendered; undefined when the ledger does not keep it */
export function baseOf(record: CreatedRecord): string | undefined {
  return record.base === undefined ? undefined : inflateRawSync(Buffer.from(record.base, 'base64')).toString('utf8');
}

/** Bytes; a larger file is a program that came along, which nobody merges edits into. */
const MERGEABLE = 128 * 1024;

function recordOf(change: FileChange, own: boolean, base: string | undefined): FileRecord {
  const { path } = change;
  if (change.kind === 'create' || own) {
    const bytes = base === undefined ? change.after! : Buffer.from(base);
    const kept = bytes.length <= MERGEABLE && !isSecretPath(path) && 'text' in decode(bytes);
    if (!kept) return { path, kind: 'created', hash: hashOf(bytes) };
    return { path, kind: 'created', hash: hashOf(bytes), base: deflateRawSync(bytes, { level: 9 }).toString('base64') };
  }
  const after = textOf(change.after);
  const before = textOf(change.before);
  if (isSecretPath(path)) return { path, kind: 'secret', spans: digestSpans(change.splices) };
  const entries = path.endsWith('.json') ? addedEntries(before, after) : undefined;
  return {
    path,
    kind: 'edited',
    before: change.beforeHash!,
    after: change.afterHash!,
    spans: recordSpans(before, after, change.splices),
    ...(entries ? { entries } : {}),
  };
}

function textOf(bytes: Buffer | undefined): string {
  const decoded = decode(bytes ?? Buffer.alloc(0));
  if ('reason' in decoded) throw new TypeError(`a text that was edited ${decoded.reason}`);
  return decoded.text;
}
