/** Reads the ledger strictly: it steers deletions, so a word that is not understood stops everything. */
import type { ParseError } from 'jsonc-parser';
import { PaxxError } from '../errors.ts';
import { positionOf } from '../editors/text.ts';
import { EMPTY_LEDGER, type Ledger } from './ledger.ts';
import { LEDGER_PATH } from './paths.ts';
import type { ReadTree } from './tree.ts';

/**
 * @returns an empty ledger when there is none
 * @throws {PaxxError} `BROKEN_FILE` with line and column
 */
export async function readLedger(
  tree: Pick<ReadTree, 'read' | 'exists'> & { readonly unreadable?: (path: string) => string | undefined },
): Promise<Ledger> {
  const text = tree.read(LEDGER_PATH);
  if (text !== undefined) return await parseLedger(text);
  if (!tree.exists(LEDGER_PATH)) return EMPTY_LEDGER;
  throw broken(tree.unreadable?.(LEDGER_PATH) ?? 'cannot be read', 1, 1);
}

export async function parseLedger(text: string): Promise<Ledger> {
  const marker = /^(<{7}|={7}|>{7})/m.exec(text);
  if (marker) {
    const { line, column } = positionOf(text, marker.index);
    throw broken('has merge conflict markers', line, column, 'Resolve the merge, then run again.');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { line, column, reason } = await locateSyntaxError(text);
    throw broken(reason, line, column);
  }
  const wrong = checkLedger(value);
  if (!wrong) return value as Ledger;
  const { line, column } = await locatePath(text, wrong.path);
  throw broken(`${wrong.path.join('.') || 'the ledger'} ${wrong.reason}`, line, column, wrong.hint);
}

function broken(
  reason: string,
  line: number,
  column: number,
  hint = `Restore it from version control (git checkout -- ${LEDGER_PATH}), or delete it and take out by hand what was added.`,
): PaxxError {
  return new PaxxError('BROKEN_FILE', reason, { hint, place: { path: LEDGER_PATH, line, column } });
}

type Path = readonly (string | number)[];

interface Wrong {
  readonly path: Path;
  readonly reason: string;
  readonly hint?: string;
}

type Check = (value: unknown, path: Path) => Wrong | undefined;

function checkLedger(value: unknown): Wrong | undefined {
  if (!isRecord(value)) return { path: [], reason: 'must be an object' };
  if (typeof value['version'] === 'number' && value['version'] > 1) {
    return {
      path: ['version'],
      reason: `is ${value['version']}, and this paxx knows version 1`,
      hint: 'Use the newer paxx that wrote it: npm install --save-dev @paxx/cli@latest.',
    };
  }
  return shape({ version: oneOf(1), components: mapOf(component) })(value, []);
}

const text: Check = (value, path) => (typeof value === 'string' ? undefined : { path, reason: 'must be a string' });

const offset: Check = (value, path) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : { path, reason: 'must be a whole number' };

const hash: Check = (value, path) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? undefined : { path, reason: 'must be a SHA-256 in hex' };

const base64: Check = (value, path) =>
  typeof value === 'string' && /^[\w+/]*={0,2}$/.test(value) ? undefined : { path, reason: 'must be base64' };

const anyObject: Check = (value, path) => (isRecord(value) ? undefined : { path, reason: 'must be an object' });

const anything: Check = (value, path) => (value === undefined ? { path, reason: 'is missing' } : undefined);

const filePath: Check = (value, path) => {
  const inside =
    typeof value === 'string' &&
    value !== '' &&
    !/^[/\\]|^[A-Za-z]:/.test(value) &&
    value.split(/[/\\]/).every((part) => part !== '..' && part !== '');
  return inside ? undefined : { path, reason: 'must be a path inside the project' };
};

const span = shape({ start: offset, removed: text, text, contextBefore: text, contextAfter: text });
const secretSpan = shape({ start: offset, length: offset, digest: hash });
const entry = shape({ path: listOf(text), value: anything, item: optional(oneOf(true)) });

const FILES: Readonly<Record<string, Check>> = {
  created: shape({ path: filePath, kind: text, hash, base: optional(base64) }),
  edited: shape({
    path: filePath,
    kind: text,
    before: hash,
    after: hash,
    spans: listOf(span),
    entries: optional(listOf(entry)),
  }),
  secret: shape({ path: filePath, kind: text, spans: listOf(secretSpan) }),
};

const file: Check = (value, path) => {
  const kind = isRecord(value) ? value['kind'] : undefined;
  if (typeof kind === 'string' && Object.hasOwn(FILES, kind)) return FILES[kind]!(value, path);
  return isRecord(value)
    ? { path: [...path, 'kind'], reason: `must be one of ${Object.keys(FILES).join(', ')}` }
    : { path, reason: 'must be an object' };
};

const component = shape({
  version: text,
  options: anyObject,
  facts: anyObject,
  folders: listOf(filePath),
  files: listOf(file),
});

function shape(fields: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isRecord(value)) return { path, reason: 'must be an object' };
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined) return { path: [...path, unknown], reason: 'is not known' };
    return first(Object.entries(fields), ([key, check]) => check(value[key], [...path, key]));
  };
}

function listOf(check: Check): Check {
  return (value, path) =>
    Array.isArray(value)
      ? first([...value.entries()], ([i, item]) => check(item, [...path, i]))
      : { path, reason: 'must be a list' };
}

function mapOf(check: Check): Check {
  return (value, path) =>
    isRecord(value)
      ? first(Object.entries(value), ([key, item]) => check(item, [...path, key]))
      : { path, reason: 'must be an object' };
}

function optional(check: Check): Check {
  return (value, path) => (value === undefined ? undefined : check(value, path));
}

function oneOf(wanted: unknown): Check {
  return (value, path) => (value === wanted ? undefined : { path, reason: `must be ${String(wanted)}` });
}

function first<Item>(items: readonly Item[], check: (item: Item) => Wrong | undefined): Wrong | undefined {
  for (const item of items) {
    const wrong = check(item);
    if (wrong) return wrong;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function locateSyntaxError(source: string): Promise<{ line: number; column: number; reason: string }> {
  const { parseTree, printParseErrorCode } = await import('jsonc-parser');
  const errors: ParseError[] = [];
  parseTree(source, errors, { disallowComments: true });
  const error = errors[0];
  if (!error) return { line: 1, column: 1, reason: 'is not valid JSON' };
  return { ...positionOf(source, error.offset), reason: `is not valid JSON (${printParseErrorCode(error.error)})` };
}

/** Where the value at a path stands; for one that is missing, the object it should be in. */
async function locatePath(source: string, path: Path): Promise<{ line: number; column: number }> {
  const { parseTree, findNodeAtLocation } = await import('jsonc-parser');
  const root = parseTree(source);
  if (!root) return { line: 1, column: 1 };
  for (let length = path.length; length >= 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node) return positionOf(source, (node.parent?.type === 'property' ? node.parent : node).offset);
  }
  return { line: 1, column: 1 };
}
