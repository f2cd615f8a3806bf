/** Does in a host app what the `Next` steps of `infra add redis` say, taking every line from what was printed. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where a printed line goes. */
export interface Paste {
  /** A printed line, from its start. */
  readonly line: string;
  readonly file: string;
  /** The line of the file that it is put after, or before; at the end if neither is given. */
  readonly after?: string;
  readonly before?: string;
}

/** The slow call of a route, which is to be cached. */
export interface CachedCall {
  readonly file: string;
  /** As it is in the file. */
  readonly call: string;
  /** Expression of the id in that call. */
  readonly id: string;
  /** The file that the printed import is written for. */
  readonly printedFor: string;
}

/** A change to make a line of the file fit for pasting, such as naming the server. */
export interface Preparation {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Wiring {
  readonly prepare?: readonly Preparation[];
  readonly paste: readonly Paste[];
  readonly cached: CachedCall;
}

/** What each computation prints. */
export const COMPUTED = 'computed an item';

/** @throws Error when a printed line has no place, or a place no printed line */
export function followNextSteps(folder: string, output: string, { prepare = [], paste, cached }: Wiring): void {
  const steps = parseNextSteps(output);
  for (const { file, from, to } of prepare) edit(folder, file, (text) => replaceOnce(text, from, to));
  const pending = new Set(steps.wiring.filter((line) => !line.startsWith('//')));
  for (const place of paste) {
    const printed = [...pending].find((line) => line.startsWith(place.line));
    if (printed === undefined) throw new Error(`"${place.line}" is not in the printed steps:\n${output}`);
    pending.delete(printed);
    edit(folder, place.file, (text) => insert(text, place, printed));
    for (const statement of steps.imports) importWhatIsUsed(folder, place.file, statement, printed);
  }
  if (pending.size > 0) throw new Error(`these printed lines were not used: ${[...pending].join(' ')}`);
  cacheCall(folder, steps, cached);
}

interface NextSteps {
  readonly usageImport: string;
  /** `cache.getOrCompute(…)`, of an `id` and a `loadItem(id)`. */
  readonly usage: string;
  readonly imports: readonly string[];
  readonly wiring: readonly string[];
}

function parseNextSteps(output: string): NextSteps {
  const blocks = new Map<string, string[]>();
  let title = '';
  for (const line of output.split('\n')) {
    const heading = /^ {2}\d+\. (Use it|Wire it in)\b/.exec(line);
    if (heading) title = heading[1]!;
    else if (/^(?: {2}\d+\. |\S)/.test(line)) title = '';
    else if (title !== '' && line.trim() !== '') blocks.set(title, [...(blocks.get(title) ?? []), line.trim()]);
  }
  const [usageImport = '', usageLine = ''] = blocks.get('Use it') ?? [];
  const usage = /await (cache\.getOrCompute\(.*\));?$/.exec(usageLine)?.[1];
  if (usage === undefined) throw new Error(`no use of the cache is printed:\n${output}`);
  const lines = blocks.get('Wire it in') ?? [];
  return { usageImport, usage, imports: lines.filter(isImport), wiring: lines.filter((line) => !isImport(line)) };
}

function isImport(line: string): boolean {
  return /^import |\brequire\(/.test(line);
}

function cacheCall(
  folder: string,
  { usageImport, usage }: NextSteps,
  { file, call, id, printedFor }: CachedCall,
): void {
  const counted = `(console.error("${COMPUTED}"), ${call})`;
  const cached = usage.replace('${id}', `\${${id}}`).replace('loadItem(id)', () => counted);
  edit(folder, file, (text) => replaceOnce(text, call, cached));
  addImport(folder, file, moveImport(usageImport, printedFor, file));
}

/** The same module, seen from another file. */
function moveImport(statement: string, from: string, to: string): string {
  return statement.replace(/(['"])(\.[^'"]*)\1/, (_, quote: string, specifier: string) => {
    const target = path.posix.join(path.posix.dirname(from), specifier);
    const relative = path.posix.relative(path.posix.dirname(to), target);
    return quote + (relative.startsWith('.') ? relative : `./${relative}`) + quote;
  });
}

/** Behind the imports that are there, or on top. */
function addImport(folder: string, file: string, statement: string): void {
  edit(folder, file, (text) => {
    if (text.includes(statement)) return text;
    const lines = text.split('\n');
    const last = lines.findLastIndex((line) =>
      /^(?:import\b.*from |import ['"]|\} from |(?:const|let|var) .*\brequire\()/.test(line),
    );
    const at = last === -1 && /^['"]use \w+['"]/.test(text) ? 1 : last + 1;
    return lines.toSpliced(at, 0, statement).join('\n');
  });
}

/** A developer who pastes a line takes along of the import what that line needs. */
function importWhatIsUsed(folder: string, file: string, statement: string, line: string): void {
  const list = /\{([^}]*)\}/.exec(statement)?.[1] ?? '';
  for (const name of list.split(',').map((each) => each.trim())) {
    if (new RegExp(`\\b${name}\\b`).test(line)) addImport(folder, file, statement.replace(`{${list}}`, `{ ${name} }`));
  }
}

function insert(text: string, { after, before }: Paste, line: string): string {
  // What is there already is not pasted again.
  if (text.split('\n').some((each) => each.trim() === line)) return text;
  const anchor = after ?? before;
  if (anchor === undefined) return `${text.trimEnd()}\n${line}\n`;
  const lines = text.split('\n');
  const found = lines.flatMap((each, at) => (each.trim().startsWith(anchor) ? [at] : []));
  if (found.length !== 1) throw new Error(`"${anchor}" is there ${found.length} times`);
  return lines.toSpliced(found[0]! + (after === undefined ? 0 : 1), 0, line).join('\n');
}

function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" is there ${parts.length - 1} times`);
  return parts.join(to);
}

function edit(folder: string, file: string, change: (text: string) => string): void {
  const place = path.join(folder, file);
  const before = readFileSync(place, 'utf8');
  // Pasted in an editor that keeps the ends of lines as they are.
  const crlf = before.includes('\r\n');
  const after = change(before.replaceAll('\r\n', '\n'));
  writeFileSync(place, crlf ? after.replaceAll('\n', '\r\n') : after);
}
