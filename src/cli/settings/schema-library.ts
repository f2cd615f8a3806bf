/** What a schema of a validation library looks like, and how its objects of validators are found in a file. */
import { entriesOf } from '../editors/typescript/entries.ts';
import type { ImportWish } from '../editors/typescript/insert-statement.ts';
import { callsOf, findVariable, literalIn, type Call } from '../editors/typescript/locate.ts';
import { importsOf, type Import } from '../editors/typescript/modules.ts';
import { isGroup, isWithin, isWord, textOf, type Group, type Outline } from '../editors/typescript/outline.ts';
import type { SourceStyle } from '../editors/typescript/style.ts';
import type { Context } from './finding.ts';

export interface SchemaLibrary {
  readonly name: string;
  readonly packages: RegExp;
  /** Callee of the call that takes the validators, the library's local name already replaced by `$`. */
  readonly factory: RegExp;
  /** Which argument holds them. */
  readonly argument?: number;
  /** True where that same call checks the environment: `cleanEnv(process.env, {…})`. */
  readonly checks?: true;
  validator(site: SchemaSite): Validator;
}

export interface SchemaSite {
  readonly context: Context;
  readonly outline: Outline;
  readonly style: SourceStyle;
  /** The library's import. */
  readonly library: Import;
  readonly object: Group;
}

export interface Validator {
  readonly text: string;
  readonly optional?: boolean;
  readonly imports?: readonly ImportWish[];
}

export interface Schema {
  readonly path: string;
  readonly outline: Outline;
  readonly library: SchemaLibrary;
  readonly from: Import;
  readonly call: Call;
  readonly object: Group;
}

/** Schemas of a file, those nested in another one left out. */
export function schemasIn(path: string, outline: Outline, libraries: readonly SchemaLibrary[]): Schema[] {
  const found = libraries.flatMap((library) =>
    importsOf(outline)
      .filter((one) => library.packages.test(one.from) && !one.typeOnly)
      .flatMap((from) => {
        const locals = [from.defaultName, from.namespaceName, ...from.named.values()].filter(
          (name) => name !== undefined,
        );
        return callsOf(outline).flatMap((call): Schema[] => {
          if (!library.factory.test(generic(call.callee, locals, from))) return [];
          const object = objectArgument(outline, call, library.argument ?? 0);
          return object === undefined ? [] : [{ path, outline, library, from, call, object }];
        });
      }),
  );
  return found.filter(
    (schema) =>
      !found.some(
        (other) => other !== schema && other.object !== schema.object && isWithin(schema.object, other.object),
      ),
  );
}

/** `Joi.object` as `$.object`, `object` of `import { object }` as `$.object`. */
function generic(callee: string, locals: readonly string[], from: Import): string {
  const [head = '', ...rest] = callee.split('.');
  const root = head.replace(/[()[\]]+$/, '');
  if (!locals.includes(root)) return callee;
  const original = [...from.named].find(([, local]) => local === root)?.[0];
  const isNamespace = original === undefined || /^(?:z|Joi|v|yup|Type|t|Env)$/.test(original);
  return isNamespace
    ? ['$' + head.slice(root.length), ...rest].join('.')
    : ['$', original + head.slice(root.length), ...rest].join('.');
}

function objectArgument(outline: Outline, call: Call, index: number): Group | undefined {
  const nodes = call.args[index] ?? [];
  const [first, second] = nodes;
  if (isGroup(first, '{') && (second === undefined || isWord(second, 'as', 'satisfies'))) return first;
  if (!isWord(first) || second !== undefined) return undefined;
  const literal = literalIn(findVariable(outline, first.text)?.init ?? []);
  return isGroup(literal, '{') ? literal : undefined;
}

/** Do most sibling validators end in a call of this method, such as `describe`? */
export function siblingsUse(outline: Outline, object: Group, method: string): boolean {
  const entries = entriesOf(object);
  return (
    entries.length > 0 &&
    entries.filter((entry) => textOf(outline, entry.nodes).includes(`.${method}(`)).length * 2 > entries.length
  );
}

/** `process.env.X` or `process.env['X']`, as the neighbours have it. */
export function readLike(outline: Outline, object: Group, name: string, quote: string): string {
  const text = outline.text.slice(object.start, object.end);
  const via = /\b(process\.env|Bun\.env|import\.meta\.env)\b/.exec(text)?.[1] ?? 'process.env';
  const subscript = new RegExp(`${via.replaceAll('.', '\\.')}\\[['"]`).test(text);
  return subscript ? `${via}[${quote}${name}${quote}]` : `${via}.${name}`;
}
