/** Places in a file where an environment variable is read: directly, by a helper, or from validated settings. */
import { entriesOf } from '../editors/typescript/entries.ts';
import { callsOf } from '../editors/typescript/locate.ts';
import { importsOf, patternNames } from '../editors/typescript/modules.ts';
import {
  after,
  before,
  compact,
  isGroup,
  isPunctuation,
  isWord,
  stringValue,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementsOf } from '../editors/typescript/statements.ts';

export interface EnvRead {
  /** `DATABASE_URL` */
  readonly name: string;
  /** First and last node of the reading expression itself: `process.env.X`, `getEnv('X', 1)`. */
  readonly first: Node;
  readonly last: Node;
  /** `process.env`, `env` (an alias or a validated object), or the helper's name. */
  readonly via: string;
  readonly form: 'dot' | 'subscript' | 'call';
  /** Number of arguments of a helper. */
  readonly args: number;
}

const ENV_NAME = /^[A-Z][A-Z0-9_]+$/;
const HELPER =
  /env|require|optional|mandatory|secret|^(?:get|read|load|must|str|string|from|var|config\.get|default|env\.get)/i;

/** @param objects names of objects whose members are variables, beside `process.env` and its aliases */
export function envReads(outline: Outline, objects: readonly string[] = []): EnvRead[] {
  const names = new Set([...envObjects(outline), ...objects]);
  const reads: EnvRead[] = [];
  const visit = (group: Group) => {
    for (const node of group.children) {
      if (node.kind === 'group') {
        visit(node);
        continue;
      }
      const read = objectRead(node, names);
      if (read !== undefined) reads.push(read);
    }
  };
  visit(outline.root);
  return [...reads, ...helperReads(outline)].toSorted((a, b) => a.first.start - b.first.start);
}

/** Does a run of nodes stand for the whole environment: `process.env`, an alias, a spread copy? */
export function isEnvironment(outline: Outline, nodes: readonly Node[]): boolean {
  const text = compact(nodes);
  if (/^(?:process\.env|Bun\.env|import\.meta\.env|globalThis\.process\.env)(?: ?as .*|!)?$/.test(text)) return true;
  if (/^\{\.\.\.process\.env\b/.test(text) || /^\{.*\.\.\.process\.env\b.*\}$/.test(text)) return true;
  if (/^(?:dotenv\.)?config\(.*\)\.parsed$|^dotenv\w*\.(?:config|load)\(/.test(text)) return true;
  const [first, second] = nodes;
  if (!isWord(first) || (second !== undefined && !isWord(second, 'as'))) return false;
  return envObjects(outline).includes(first.text) || isDefaultedParameter(outline, first.text);
}

/** `function load(env: NodeJS.ProcessEnv = process.env)` */
function isDefaultedParameter(outline: Outline, name: string): boolean {
  const pattern = new RegExp(`[(,]\\s*${name.replaceAll('$', '\\$')}\\s*(?::[^=,)]+)?=\\s*process\\.env\\s*[,)]`);
  return pattern.test(outline.text);
}

const aliasCache = new WeakMap<Outline, readonly string[]>();

/** Names that stand for `process.env`: `const env = process.env`, `const { env } = process`, `import { env } from 'process'`. */
function envObjects(outline: Outline): readonly string[] {
  let found = aliasCache.get(outline);
  if (found === undefined) {
    found = statementsOf(outline).flatMap((statement) =>
      statement.declarators.flatMap((d) => {
        const init = compact(d.init);
        if (d.name !== undefined)
          return /^(?:process\.env|Bun\.env|\{\.\.\.process\.env\})(?: ?as .*)?$/.test(init) ? [d.name] : [];
        return d.pattern !== undefined && init === 'process'
          ? patternNames(d.pattern)
              .filter(([key]) => key === 'env')
              .map(([, local]) => local)
          : [];
      }),
    );
    const imported = importsOf(outline)
      .find((one) => /^(?:node:)?process$/.test(one.from))
      ?.named.get('env');
    if (imported !== undefined) found = [...found, imported];
    aliasCache.set(outline, found);
  }
  return found;
}

function objectRead(node: Node, names: ReadonlySet<string>): EnvRead | undefined {
  if (!isWord(node) || isPunctuation(before(node), '.', '?.')) return undefined;
  let last: Node = node;
  let via = node.text;
  if (node.text === 'process' || node.text === 'Bun') {
    const dot = after(node);
    if (!isPunctuation(dot, '.') || !isWord(after(dot), 'env')) return undefined;
    last = after(dot)!;
    via = `${node.text}.env`;
  } else if (!names.has(node.text)) return undefined;
  const next = after(last);
  if (isPunctuation(next, '.', '?.')) {
    const name = after(next);
    return isWord(name) && ENV_NAME.test(name.text)
      ? { name: name.text, first: node, last: name, via, form: 'dot', args: 0 }
      : undefined;
  }
  if (!isGroup(next, '[') || next.children.length !== 1) return undefined;
  const name = stringValue(next.children[0]);
  return name !== undefined && ENV_NAME.test(name)
    ? { name, first: node, last: next, via, form: 'subscript', args: 0 }
    : undefined;
}

function helperReads(outline: Outline): EnvRead[] {
  const library = importsOf(outline).find((one) => one.from === 'env-var');
  const getter = `${library?.defaultName ?? library?.namespaceName ?? 'env'}.get`;
  return callsOf(outline).flatMap((call): EnvRead[] => {
    if (
      !(HELPER.test(call.callee) || call.callee === getter) ||
      /^(?:require|Env\.|registerAs)/.test(call.callee) ||
      call.callee.includes('schema')
    )
      return [];
    const name = stringValue(entriesOf(call.group)[0]?.nodes[0]);
    if (name === undefined || !ENV_NAME.test(name) || call.args[0]!.length !== 1) return [];
    return [{ name, first: call.head, last: call.group, via: call.callee, form: 'call', args: call.args.length }];
  });
}
