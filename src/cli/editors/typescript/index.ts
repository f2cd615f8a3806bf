/** Intentions over a TypeScript or JavaScript file: text in, Outcome out. */
import { conflict, type Outcome } from '../outcome.ts';
import { insertEntry } from './insert-entry.ts';
import { entriesOf, findProperty } from './entries.ts';
import { insertClassProperty, insertTypeMember, membersOf } from './insert-member.ts';
import { declares, insertAfter, insertImport } from './insert-statement.ts';
import type { Insertion } from './insertion.ts';
import { callsOf, findClass, findTypeBody, findVariable, literalIn, objectAt } from './locate.ts';
import { exportTarget } from './modules.ts';
import { compact, outlineOf, type Group, type Outline } from './outline.ts';
import { findSyntaxError, finishEdit, outlineByCompiler } from './proof.ts';
import { statementsOf } from './statements.ts';
import { styleOf, type PreferredStyle, type SourceStyle } from './style.ts';

/** Where a literal stands: the value of a variable or of the module's export, or an argument of a call. */
export type LiteralAt = (
  | { readonly variable: string }
  | { readonly exported: 'default' | 'module' }
  | { readonly call: string; readonly argument?: number }
) & { readonly path?: readonly string[] };

export type Intention =
  | { readonly kind: 'property'; readonly in: LiteralAt; readonly key: string; readonly value: string }
  | { readonly kind: 'element'; readonly in: LiteralAt; readonly value: string }
  | { readonly kind: 'import'; readonly from: string; readonly named?: string; readonly defaultName?: string }
  | { readonly kind: 'type-member'; readonly type: string; readonly key: string; readonly value: string }
  | { readonly kind: 'class-property'; readonly class: string; readonly key: string; readonly value: string }
  /** A variable behind another one: `{ name: 'B', after: 'A', value: 'env("B")' }` follows A's `export const`. */
  | { readonly kind: 'variable'; readonly name: string; readonly after: string; readonly value: string };

/** Make all intentions come true in one file, or say why not. Those that are true already are left out. */
export async function editSource(
  path: string,
  text: string,
  intentions: readonly Intention[],
  preferred?: PreferredStyle,
): Promise<Outcome> {
  const outline = outlineOf(path, text) ?? (await outlineByCompiler(path, text));
  if (outline === undefined) return (await findSyntaxError(path, text)) ?? unreadable();
  const style = styleOf(outline, preferred);
  const insertions: Insertion[] = [];
  for (const intention of intentions) {
    const planned = plan(outline, intention, style);
    if (planned === 'missing') return (await findSyntaxError(path, text)) ?? missing(intention);
    if (planned !== undefined) insertions.push(planned);
  }
  return finishEdit(path, text, insertions, intentions.map(describe));
}

function plan(outline: Outline, intention: Intention, style: SourceStyle): Insertion | 'missing' | undefined {
  switch (intention.kind) {
    case 'property': {
      const object = literalAt(outline, intention.in);
      if (object === undefined || object.bracket !== '{') return 'missing';
      if (findProperty(object, intention.key) !== undefined) return undefined;
      return insertEntry(outline, object, `${intention.key}: ${intention.value}`, style, 'property');
    }
    case 'element': {
      const array = literalAt(outline, intention.in);
      if (array === undefined || array.bracket !== '[') return 'missing';
      if (entriesOf(array).some((entry) => compact(entry.nodes) === intention.value)) return undefined;
      return insertEntry(outline, array, intention.value, style, 'element');
    }
    case 'import':
      return insertImport(outline, intention, style);
    case 'type-member': {
      const body = findTypeBody(outline, intention.type);
      if (body === undefined) return 'missing';
      const name = intention.key.replace(/\?$/, '');
      if (membersOf(outline, body).some((member) => member.name === name)) return undefined;
      return insertTypeMember(outline, body, `${intention.key}: ${intention.value}`, style);
    }
    case 'class-property': {
      const body = findClass(outline, intention.class)?.body;
      if (body === undefined) return 'missing';
      const name = /[\w$]+[?!]?$/.exec(intention.key)?.[0].replace(/[?!]$/, '');
      if (membersOf(outline, body).some((member) => member.name === name)) return undefined;
      return insertClassProperty(outline, body, `${intention.key}${intention.value}`, style);
    }
    case 'variable': {
      if (declares(outline, intention.name)) return undefined;
      const sibling = statementsOf(outline).find((s) => s.declarators.some((d) => d.name === intention.after));
      if (sibling === undefined) return 'missing';
      const head =
        outline.text.slice(sibling.start, sibling.end).match(/^(?:export\s+)?(?:const|let|var)\b/)?.[0] ?? 'const';
      return insertAfter(outline, sibling, `${head} ${intention.name} = ${intention.value}`, style);
    }
  }
}

function literalAt(outline: Outline, at: LiteralAt): Group | undefined {
  return objectAt(literalIn(expressionAt(outline, at)), at.path ?? []);
}

function expressionAt(outline: Outline, at: LiteralAt) {
  if ('variable' in at) return findVariable(outline, at.variable)?.init ?? [];
  if ('call' in at) return callsOf(outline).find((call) => call.callee === at.call)?.args[at.argument ?? 0] ?? [];
  for (const statement of statementsOf(outline)) {
    if (at.exported === 'default' && statement.kind === 'export-default') return statement.expression;
    if (at.exported === 'module' && statement.kind === 'export-assignment') return statement.expression;
    const target = statement.kind === 'expression' ? exportTarget(statement.nodes) : undefined;
    if (at.exported === 'module' && target !== undefined && target.name === undefined) return target.value;
  }
  return [];
}

function describe(intention: Intention): string {
  if (intention.kind === 'import') return `import ${intention.named ?? intention.defaultName}`;
  if (intention.kind === 'element') return intention.value;
  return intention.kind === 'variable' ? intention.name : intention.key;
}

function unreadable(): Outcome {
  return conflict('shape', 'cannot be read as TypeScript or JavaScript', 'Add the entry by hand.');
}

function missing(intention: Intention): Outcome {
  return conflict('shape', `has no place for ${describe(intention)}`, 'Add the entry by hand.');
}
