/** Settings without a library: exported objects, exported constants and destructuring of `process.env`. */
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { declares, insertAfter } from '../editors/typescript/insert-statement.ts';
import { exportTarget, patternNames } from '../editors/typescript/modules.ts';
import {
  compact,
  isGroup,
  isPunctuation,
  isWord,
  textOf,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementsOf, type Declarator, type Statement } from '../editors/typescript/statements.ts';
import { quoted } from '../editors/typescript/style.ts';
import {
  environmentRead,
  contextStyle,
  GENERAL_WEIGHT,
  importAccess,
  type Context,
  type Finding,
  type Plan,
  PROCESS_ENV,
} from './finding.ts';
import { reach, reachName, type Reached } from './flow.ts';
import { namingOf, spell } from './naming.ts';
import {
  defaulted,
  envObjects,
  isPerEnvironment,
  leaves,
  planEnvObject,
  valueLike,
  type EnvObject,
} from './objects.ts';
import { envReads, isEnvironment, type EnvRead } from './readers.ts';

/** File names of settings as a whole; `config/database.ts` and the like hold one topic only. */
const GENERAL =
  /(?:^|\/)(?:env|envs|environment|environments|config|configs|configuration|settings|constants|vars|variables|secrets|keys|options|dotenv|default|app[.-]?config|config[.-]?env|env[.-]?config|server[.-]?config|global|globals)(?:\.(?:config|server|service|env|util|utils|default))?\.[cm]?[jt]s$|(?:^|\/)(?:config|configs|configuration|settings|env|environment|environments|constants)\/(?:index|main|app|base|common|server|development|development\.config|production|all|appConfig|app\.config)\.[cm]?[jt]s$/i;

const TOPIC =
  /^(?!(?:app|env|environment|config|configuration|settings|constants|options|defaults?|vars|common|base|a|b)(?:Config|_CONFIG)?$)(?!.*(?:dev|prod|test|stag|local))\w{3,}$/i;

export function findPlain(context: Context, path: string, outline: Outline): Finding[] {
  return [...objectFindings(context, path, outline), ...constantFindings(context, path, outline)];
}

function objectFindings(context: Context, path: string, outline: Outline): Finding[] {
  const objects = envObjects(path, outline).filter((object) => isReachableObject(outline, object));
  const known = objects.find((object) => object.reads.some((read) => read.name === context.variable.name));
  const all = objects.flatMap((object) => object.reads);
  const [most] = objects;
  if (most === undefined) return [];
  const isSpread = objects.length > 2 ? most.reads.length * 2 <= all.length : areTopics(outline, objects);
  if (known === undefined && GENERAL.test(path) && isSpread) {
    const sibling = topicSibling(outline, objects);
    const weight = weightOf(path, most.reads.length);
    if (sibling !== undefined) {
      const offset = sibling.start;
      return [{ dialect: 'object', path, offset, weight, plan: () => planTopic(context, path, outline, sibling) }];
    }
  }
  return objects.flatMap((object): Finding[] => {
    if (object !== known && !isSettings(path, object.reads, leaves(object.root))) return [];
    const weight = weightOf(path, object.reads.length) + (object === known ? 500 : 0);
    return [{ dialect: 'object', path, offset: object.root.start, weight, plan: () => planEnvObject(context, object) }];
  });
}

function isReachableObject(outline: Outline, { root }: EnvObject): boolean {
  return reach(outline, root, isPerEnvironment(root) ? '[].probe' : '.probe') !== undefined;
}

/** The last of several `export const serverConfig = {…}`, each for one topic. */
function topicSibling(outline: Outline, objects: readonly EnvObject[]): Statement | undefined {
  return statementsOf(outline).findLast(
    (s) =>
      s.kind === 'variable' &&
      s.exported &&
      s.declarators.length === 1 &&
      objects.some(({ root }) => s.declarators[0]!.init[0] === root),
  );
}

/** `server` and `database`: two exported objects, neither of them the settings as a whole or those of one environment. */
function areTopics(outline: Outline, objects: readonly EnvObject[]): boolean {
  const names = objects.map(({ root }) => {
    const holder = statementsOf(outline).find((s) => s.exported && s.declarators[0]?.init[0] === root);
    return holder?.declarators[0]?.name ?? '';
  });
  const read = objects.flatMap((object) => object.reads.map(({ name }) => name));
  return objects.length === 2 && names.every((name) => TOPIC.test(name)) && new Set(read).size === read.length;
}

/** An object of its own for the variable, where every topic has one. */
function planTopic(context: Context, path: string, outline: Outline, sibling: Statement): Plan {
  const { variable } = context;
  const style = contextStyle(context, outline);
  const siblingName = sibling.declarators[0]!.name ?? '';
  const ending = /(?:_?(?:Config|CONFIG|Settings|Options|Env))$/.exec(siblingName)?.[0] ?? '';
  const [head = '', ...tail] = variable.name.split('_');
  const naming = namingOf([siblingName.slice(0, -ending.length || undefined)]);
  const name = spell(head, naming) + ending;
  if (declares(outline, name)) {
    const note = `${name} is there already, without a URL; the module reads ${variable.name} itself`;
    return { parts: [{ path, insertions: [], notes: [note] }], access: PROCESS_ENV, snippet: '' };
  }
  const key = spell(tail.join('_'), 'camel');
  const operator = outline.text.includes('??') ? '??' : '||';
  const value = defaulted(variable.default, environmentRead(context, style), operator, style);
  const text = `export const ${name} = {\n${style.indent}${key}: ${value}${style.trailingComma ? ',' : ''}\n}`;
  return {
    parts: [
      { path, insertions: [insertAfter(outline, sibling, text, style)], notes: [`${name} reads ${variable.name}`] },
    ],
    access: { kind: 'import', path, binding: 'named', name, expression: `${name}.${key}`, optional: false },
    snippet: text,
  };
}

/** Many variables of several topics, or a file that is called settings. */
function isSettings(path: string, reads: readonly EnvRead[], members: number): boolean {
  if (GENERAL.test(path)) return reads.length * 6 >= members;
  const topics = new Set(reads.map((read) => read.name.split('_')[0]));
  return reads.length >= 4 && topics.size >= 3 && reads.length * 2 >= members;
}

function weightOf(path: string, reads: number): number {
  return (GENERAL.test(path) ? GENERAL_WEIGHT : 100) + reads;
}

interface Constant {
  readonly statement: Statement;
  /** What the statement declares: the name, or the pattern that takes names from the environment. */
  readonly name: string | undefined;
  readonly pattern: Group | undefined;
  readonly declarator: Declarator | undefined;
  readonly value: readonly Node[];
  readonly reads: readonly EnvRead[];
}

function constantFindings(context: Context, path: string, outline: Outline): Finding[] {
  const constants = constantsOf(outline).filter((one) => isReachable(outline, one));
  const reads = constants.flatMap((one) => one.reads);
  const count = constants.reduce(
    (sum, one) => sum + (one.pattern === undefined ? 1 : patternNames(one.pattern).length),
    0,
  );
  if (constants.length === 0 || (GENERAL.test(path) ? count < 1 : count < 4)) return [];
  if (
    !GENERAL.test(path) &&
    new Set(reads.map((read) => read.name.split('_')[0])).size < 3 &&
    constants.every((one) => one.pattern === undefined)
  )
    return [];
  const offset = constants[0]!.statement.start;
  return [
    {
      dialect: 'constants',
      path,
      offset,
      weight: weightOf(path, count),
      plan: () => planConstant(context, path, outline, constants),
    },
  ];
}

function constantsOf(outline: Outline): Constant[] {
  const reads = envReads(outline);
  return statementsOf(outline).flatMap((statement): Constant[] => {
    if (statement.kind === 'variable') {
      return statement.declarators.flatMap((declarator) => declaredConstant(outline, statement, declarator, reads));
    }
    if (statement.kind !== 'expression') return [];
    const target = exportTarget(statement.nodes);
    if (target?.name === undefined) return [];
    const inside = reads.filter((read) => target.value.includes(read.first));
    return inside.length === 0
      ? []
      : [
          {
            statement,
            name: target.name,
            pattern: undefined,
            declarator: undefined,
            value: target.value,
            reads: inside,
          },
        ];
  });
}

function declaredConstant(
  outline: Outline,
  statement: Statement,
  declarator: Declarator,
  reads: readonly EnvRead[],
): Constant[] {
  const { name, pattern, init } = declarator;
  if (pattern !== undefined && isEnvironment(outline, init)) {
    return [{ statement, name: undefined, pattern, declarator, value: [], reads: [] }];
  }
  const [first] = init;
  const last = init.at(-1);
  if (name === undefined || first === undefined || last === undefined) return [];
  const inside = reads.filter((read) => read.first.start >= first.start && read.first.end <= last.end);
  const isOther = init.some(
    (node) =>
      isGroup(node, '{') ||
      (isGroup(node, '[') && !inside.some((read) => read.last === node)) ||
      isPunctuation(node, '=>') ||
      isWord(node, 'new'),
  );
  const isShallow = inside.some(
    (read) =>
      read.first.parent === outline.root || (read.form !== 'call' && read.first.parent!.parent === outline.root),
  );
  return isShallow && !isOther ? [{ statement, name, pattern: undefined, declarator, value: init, reads: inside }] : [];
}

function isReachable(outline: Outline, { name, pattern, declarator }: Constant): boolean {
  if (declarator === undefined) return true;
  const names = pattern === undefined ? [name!] : patternNames(pattern).map(([, local]) => local);
  return names.some((one) => reachName(outline, one, '') !== undefined);
}

function planConstant(context: Context, path: string, outline: Outline, constants: readonly Constant[]): Plan {
  const { variable } = context;
  const style = contextStyle(context, outline);
  const last = constants.at(-1)!;
  const there = existing(constants, variable.name);
  if (there !== undefined) {
    const bare = there.optional;
    return {
      parts: [{ path, insertions: [], notes: [`${there.name} is there already`] }],
      access: importAccess(path, there.reached ?? reachName(outline, there.name, ''), bare),
      snippet: '',
    };
  }
  if (last.pattern !== undefined) {
    const entry = `${variable.name} = ${quoted(variable.default, style)}`;
    const list = last.statement.exported ? [] : exportLists(outline, patternNames(last.pattern)[0]?.[1] ?? '');
    const insertions = [
      insertEntry(outline, last.pattern, entry, style, 'specifier'),
      ...list.map((one) => insertEntry(outline, one, variable.name, style, 'specifier')),
    ];
    return planned(path, insertions, variable.name, entry);
  }
  const name = spell(
    variable.name,
    namingOf(
      constants.map((one) => one.name!),
      'upper',
    ),
  );
  const object: EnvObject = { path, outline, root: outline.root, reads: constants.flatMap((one) => one.reads) };
  const value = valueLike(context, object, outline.root, style);
  if (declares(outline, name)) {
    const note = `${name} is there already`;
    const reached = reachName(outline, name, '');
    return {
      parts: [{ path, insertions: [], notes: [note] }],
      access: importAccess(path, reached, false),
      snippet: '',
    };
  }
  const head = headOf(outline, last, name);
  const list = last.statement.exported || last.declarator === undefined ? [] : exportLists(outline, last.name!);
  const text = `${head}${typeLike(outline, constants)} = ${value}`;
  const insertions = [
    insertAfter(outline, last.statement, text, style),
    ...list.map((one) => insertEntry(outline, one, name, style, 'specifier')),
  ];
  return planned(path, insertions, name, text);
}

function planned(path: string, insertions: Plan['parts'][number]['insertions'], name: string, snippet: string): Plan {
  return {
    parts: [{ path, insertions, notes: [`${name} beside its siblings`] }],
    access: { kind: 'import', path, binding: 'named', name, expression: name, optional: false },
    snippet,
  };
}

/** `export const X`, `const X`, `exports.X`: the sibling's own beginning with another name. */
function headOf(outline: Outline, sibling: Constant, name: string): string {
  const text = outline.text.slice(sibling.statement.start, sibling.statement.end);
  const first = sibling.statement.declarators[0]?.name ?? sibling.name!;
  const head = new RegExp(`^([\\s\\S]*?\\b)${first.replaceAll('$', '\\$')}\\b`).exec(text)?.[1] ?? 'export const ';
  return head + name;
}

function typeLike(outline: Outline, constants: readonly Constant[]): string {
  const typed = constants.filter((one) => one.declarator !== undefined && one.declarator.type.length > 0);
  return typed.length * 2 > constants.length && typed.some((one) => textOf(outline, one.declarator!.type) === 'string')
    ? ': string'
    : '';
}

function existing(
  constants: readonly Constant[],
  variable: string,
): { name: string; optional: boolean; reached?: Reached } | undefined {
  for (const { name, pattern, reads, declarator, value } of constants) {
    if (pattern !== undefined) {
      const pair = patternNames(pattern).find(([key]) => key === variable);
      if (pair !== undefined)
        return { name: pair[1], optional: !new RegExp(`\\b${variable}\\b[^,}]*=`).test(compact([pattern])) };
    } else if (name !== undefined && reads.some((read) => read.name === variable)) {
      const read = reads.find((one) => one.name === variable)!;
      const bare = value[0] === read.first && value.at(-1) === read.last && read.form !== 'call';
      if (declarator !== undefined) return { name, optional: bare };
      return { name, optional: bare, reached: { binding: 'named', name, expression: name } };
    }
  }
  return undefined;
}

/** The braces of `module.exports = { A, B }` and `export { A, B }` that pass a name on. */
function exportLists(outline: Outline, name: string): Group[] {
  return statementsOf(outline).flatMap((statement): Group[] => {
    const target = statement.kind === 'expression' ? exportTarget(statement.nodes) : undefined;
    const nodes =
      statement.kind === 'export-list'
        ? statement.nodes
        : statement.kind === 'export-default'
          ? statement.expression
          : target?.name === undefined
            ? target?.value
            : undefined;
    const braces = nodes?.find((node) => isGroup(node, '{'));
    if (!isGroup(braces, '{')) return [];
    return braces.children.some((node) => isWord(node, name)) ? [braces] : [];
  });
}
