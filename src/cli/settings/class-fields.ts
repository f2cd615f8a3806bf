/** Settings kept in the fields of a class: static ones, or those of an instance that the module exports. */
import { insertClassProperty, membersOf, type Member } from '../editors/typescript/insert-member.ts';
import {
  after,
  isPunctuation,
  isWithin,
  isWord,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementsOf, type Statement } from '../editors/typescript/statements.ts';
import { contextStyle, importAccess, type Context, type Finding, type Plan } from './finding.ts';
import { member, reachName, type Reached } from './flow.ts';
import { namingOf, sameName, spell } from './naming.ts';
import { valueLike } from './objects.ts';
import { envReads, type EnvRead } from './readers.ts';

interface Field {
  readonly member: Member;
  readonly read: EnvRead;
}

/** Classes of which at least two fields read the environment. */
export function findClassFields(context: Context, path: string, outline: Outline): Finding[] {
  return statementsOf(outline).flatMap((statement): Finding[] => {
    const { body, name } = statement;
    if (statement.kind !== 'class' || body === undefined || name === undefined) return [];
    const fields = fieldsOf(outline, body);
    const isStatic = fields.every(({ member: field }) => isWord(field.nodes.find((node) => isWord(node, 'static'))));
    if (fields.length < 2 || reachClass(outline, name, isStatic, '.probe') === undefined) return [];
    const plan = () => planField(context, path, outline, { statement, name, body, fields, isStatic });
    return [{ dialect: 'class', path, offset: statement.start, weight: 1000 + fields.length, plan }];
  });
}

function fieldsOf(outline: Outline, body: Group): Field[] {
  const reads = envReads(outline).filter((read) => isWithin(read.first, body) && isInExpression(read.first, body));
  return membersOf(outline, body).flatMap((one): Field[] => {
    const read = reads.find(({ first }) => one.isField && first.start >= one.start && first.end <= one.end);
    return read === undefined ? [] : [{ member: one, read }];
  });
}

/** In the field itself or an argument, as in `Number(process.env.PORT)`; not in an object or a function. */
function isInExpression(node: Node, body: Group): boolean {
  let at = node.parent;
  while (at !== undefined && at !== body && at.bracket === '(') at = at.parent;
  return at === body;
}

/** `Config.x` of an exported class with static fields, `config.x` of an exported `new Config()`. */
function reachClass(outline: Outline, name: string, isStatic: boolean, suffix: string): Reached | undefined {
  if (isStatic) return reachName(outline, name, suffix);
  for (const statement of statementsOf(outline)) {
    for (const { name: variable, init } of statement.declarators) {
      if (variable !== undefined && isInstance(init, name)) return reachName(outline, variable, suffix);
    }
    if (statement.kind === 'export-default' && isInstance(statement.expression, name)) {
      return { binding: 'default', name: 'config', expression: `config${suffix}` };
    }
  }
  return undefined;
}

/** `new Config()` without arguments. */
function isInstance(nodes: readonly Node[], name: string): boolean {
  const [first, second, call] = nodes;
  return (
    nodes.length === 3 &&
    isWord(first, 'new') &&
    isWord(second, name) &&
    call?.kind === 'group' &&
    call.children.length === 0
  );
}

interface Site {
  readonly statement: Statement;
  readonly name: string;
  readonly body: Group;
  readonly fields: readonly Field[];
  readonly isStatic: boolean;
}

function planField(context: Context, path: string, outline: Outline, { name, body, fields, isStatic }: Site): Plan {
  const { variable } = context;
  const there = fields.find(({ read }) => read.name === variable.name);
  if (there !== undefined) {
    const bare = isPunctuation(after(there.read.last), ';') || there.member.nodes.at(-1) === there.read.last;
    return {
      parts: [{ path, insertions: [], notes: [`${there.member.name} is there already`] }],
      access: importAccess(path, reachClass(outline, name, isStatic, member(there.member.name)), bare),
      snippet: '',
    };
  }
  const style = contextStyle(context, outline);
  const key = spell(variable.name, namingOf(fields.map((field) => field.member.name)));
  if (membersOf(outline, body).some((one) => sameName(one.name, variable.name))) {
    const reached = reachClass(outline, name, isStatic, member(key));
    return {
      parts: [{ path, insertions: [], notes: [`${key} is there already`] }],
      access: importAccess(path, reached, false),
      snippet: '',
    };
  }
  const reads = fields.map((field) => field.read);
  const value = valueLike(context, { path, outline, root: body, reads }, body, style);
  const text = `${modifiersOf(fields.at(-1)!.member)}${key} = ${value}`;
  return {
    parts: [{ path, insertions: [insertClassProperty(outline, body, text, style)], notes: [`${key} in ${name}`] }],
    access: importAccess(path, reachClass(outline, name, isStatic, member(key)), false),
    snippet: text,
  };
}

/** `public static readonly ` of a sibling, so that the new field can be read where that one can. */
function modifiersOf({ nodes, name }: Member): string {
  const words = nodes.slice(
    0,
    nodes.findIndex((node) => isWord(node, name)),
  );
  return words
    .filter((node) => isWord(node, 'public', 'static', 'readonly'))
    .map((node) => `${(node as { text: string }).text} `)
    .join('');
}
