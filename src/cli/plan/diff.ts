/** Unified diffs of a plan: exact ones that `git apply` takes, and ones to look at, without secrets and in colour. */
import type { StructuredPatch } from 'diff';
import type { FileChange } from './change.ts';
import { maskLine } from './mask.ts';
import { isSecretPath, LEDGER_PATH } from './paths.ts';

export interface FileDiff {
  readonly path: string;
  readonly kind: FileChange['kind'];
  /** Lines. */
  readonly added: number;
  /** Lines. */
  readonly removed: number;
  /** Unified diff with git's headers. */
  readonly text: string;
}

/** Diffs that `git apply` turns into the same bytes that apply would write. Secrets are in them. */
export async function exactDiffs(changes: readonly FileChange[]): Promise<FileDiff[]> {
  const { structuredPatch } = await import('diff');
  return changes.map((change) => {
    const before = toText(change.before);
    const after = toText(change.after);
    if (before === undefined || after === undefined) return binaryDiff(change);
    const { hunks } = structuredPatch(change.path, change.path, before, after, undefined, undefined, { context: 3 });
    return count(change, `${headers(change, hunks.length > 0)}${hunks.map(formatHunk).join('')}`);
  });
}

/**
 * Diffs to look at. Of a file that may hold secrets only our own lines are shown, with passwords masked;
 * the ledger is summed up, as it repeats what the other diffs say.
 */
export async function shownDiffs(changes: readonly FileChange[]): Promise<FileDiff[]> {
  const exact = await exactDiffs(changes.filter((change) => !isSecretPath(change.path) && !isLarge(change)));
  const { diffArrays } = await import('diff');
  return changes.map((change) => {
    if (isLarge(change)) {
      const size = `${Math.round(change.after!.length / 1024)} KiB`;
      return { ...count(change, ''), text: `${headers(change, false)}New file of ${size}, not shown\n` };
    }
    if (!isSecretPath(change.path)) {
      const diff = exact.find(({ path }) => path === change.path)!;
      return change.path === LEDGER_PATH ? { ...diff, text: headers(change, false) } : diff;
    }
    const parts = diffArrays(lines(toText(change.before) ?? ''), lines(toText(change.after) ?? ''));
    const shown = parts.flatMap(({ added, removed, value }) =>
      added ? value.map((line) => `+${maskLine(line)}\n`) : removed ? value.map((line) => `-${maskLine(line)}\n`) : [],
    );
    return count(change, `${headers(change, shown.length > 0)}${shown.join('')}`);
  });
}

/** More than anybody reads: a program that comes along as a file. */
function isLarge({ kind, after }: FileChange): boolean {
  return kind === 'create' && after !== undefined && after.length > 128 * 1024;
}

/** The diffs one after the other, in the colours that terminals are used to. */
export async function formatDiffs(diffs: readonly FileDiff[], options: { readonly color: boolean }): Promise<string> {
  const text = diffs.map((diff) => diff.text).join('');
  if (!options.color) return text;
  const { default: picocolors } = await import('picocolors');
  const colors = picocolors.createColors(true);
  let inHunk = false;
  return text
    .split('\n')
    .map((line) => {
      if (line.startsWith('diff --git ')) inHunk = false;
      if (line.startsWith('@@')) inHunk = true;
      if (line === '') return line;
      if (!inHunk && !/^[+-](?![+-]{2} )/.test(line)) return colors.bold(line);
      if (line.startsWith('@@')) return colors.cyan(line);
      if (line.startsWith('+')) return colors.green(line);
      if (line.startsWith('-')) return colors.red(line);
      return line.startsWith('\\') ? colors.dim(line) : line;
    })
    .join('\n');
}

/** `+12 −0 src/lib/redis.ts`, one line per file, columns aligned. */
export function summarizeDiffs(diffs: readonly FileDiff[]): string {
  const plus = Math.max(0, ...diffs.map(({ added }) => `+${added}`.length));
  const minus = Math.max(0, ...diffs.map(({ removed }) => `−${removed}`.length));
  return diffs
    .map(({ path, added, removed }) => `${`+${added}`.padStart(plus)} ${`−${removed}`.padStart(minus)} ${path}\n`)
    .join('');
}

function headers({ path, kind, mode }: FileChange, withNames: boolean): string {
  const fileMode = mode !== undefined && (mode & 0o111) !== 0 ? '100755' : '100644';
  const old = quote(`a/${path}`);
  const now = quote(`b/${path}`);
  let text = `diff --git ${old} ${now}\n`;
  if (kind === 'create') text += `new file mode ${fileMode}\n`;
  if (kind === 'delete') text += `deleted file mode ${fileMode}\n`;
  if (!withNames) return text;
  // A name with a blank ends at a tab, or git would take the rest for a date.
  const end = path.includes(' ') ? '\t\n' : '\n';
  text += `--- ${kind === 'create' ? '/dev/null\n' : old + end}`;
  text += `+++ ${kind === 'delete' ? '/dev/null\n' : now + end}`;
  return text;
}

type Hunk = StructuredPatch['hunks'][number];

function formatHunk({ oldStart, oldLines, newStart, newLines, lines: body }: Hunk): string {
  const old = `${oldLines === 0 ? oldStart - 1 : oldStart},${oldLines}`;
  const now = `${newLines === 0 ? newStart - 1 : newStart},${newLines}`;
  return `@@ -${old} +${now} @@\n${body.join('\n')}\n`;
}

function binaryDiff(change: FileChange): FileDiff {
  const text = `${headers(change, false)}Binary files differ\n`;
  return { path: change.path, kind: change.kind, added: 0, removed: 0, text };
}

function count({ path, kind }: FileChange, text: string): FileDiff {
  const body = text.split('\n').filter((line) => !/^(\+\+\+|---) ("?[ab]\/|\/dev\/null)/.test(line));
  return {
    path,
    kind,
    added: body.filter((line) => line.startsWith('+')).length,
    removed: body.filter((line) => line.startsWith('-')).length,
    text,
  };
}

/** As git writes names: between quotes when they hold a quote, a backslash or a control character. */
function quote(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!/["\\\u0000-\u001f\u007f]/.test(name)) return name;
  const escaped = JSON.stringify(name).slice(1, -1);
  return `"${escaped.replaceAll(/\\u00(..)/g, (_, hex: string) => `\\${Number.parseInt(hex, 16).toString(8).padStart(3, '0')}`)}"`;
}

function toText(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined) return '';
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function lines(text: string): string[] {
  const all = text.split('\n').map((line) => line.replace(/\r$/, ''));
  if (all.at(-1) === '') all.pop();
  return all;
}
