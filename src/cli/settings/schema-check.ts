/** Where a schema meets the environment: in its own file or in one that imports it, whole or picked. */
import { propertiesOf } from '../editors/typescript/entries.ts';
import { callsOf, findVariable, literalIn, type Call } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import {
  before,
  compact,
  isGroup,
  isPunctuation,
  isWithin,
  isWord,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementAt, statementsOf } from '../editors/typescript/statements.ts';
import type { Context } from './finding.ts';
import { isEnvironment } from './readers.ts';
import type { Schema } from './schema-library.ts';

/** Where and how a schema meets the environment. */
export interface Check {
  readonly path: string;
  readonly outline: Outline;
  readonly call: Call;
  /** `.data` of a safeParse, `.value` of a Joi validate. */
  readonly result: string;
  /** An object literal that picks the variables, where not the whole environment is checked. */
  readonly picked: Group | undefined;
}

export function checkOf(context: Context, schema: Schema): Check | undefined {
  const { outline, path, library, call } = schema;
  if (library.checks) return { path, outline, call, result: '', picked: undefined };
  const names = derivedNames(outline, schema);
  const own = checkIn(path, outline, (other) => mentions(other, names, schema.call));
  if (own !== undefined) return own;
  for (const other of context.sources.paths) {
    if (other === path) continue;
    const text = context.sources.text(other) ?? '';
    const candidates = [...names].filter((name) => text.includes(name));
    const otherOutline = candidates.length === 0 ? undefined : context.sources.outline(other);
    if (otherOutline === undefined) continue;
    const locals = importsOf(otherOutline)
      .filter((one) => context.sources.resolve(other, one.from) === path)
      .flatMap((one) =>
        [...one.named]
          .filter(([name]) => names.has(name))
          .map(([, local]) => local)
          .concat(one.defaultName ?? []),
      );
    if (locals.length === 0) continue;
    const found = checkIn(other, otherOutline, (one) => mentions(one, new Set(locals), undefined));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The schema's variable and those made from it by `extend`, `merge`, `transform` and the like. */
function derivedNames(outline: Outline, schema: Schema): Set<string> {
  const names = new Set<string>();
  const own = nameOfValue(outline, schema.call.group);
  if (own !== undefined) names.add(own);
  const holder = nameOfValue(outline, schema.object);
  if (holder !== undefined && holder !== own) names.add(holder);
  for (let grown = true; grown;) {
    grown = false;
    for (const declarator of statementsOf(outline).flatMap((s) => s.declarators)) {
      if (declarator.name === undefined || names.has(declarator.name)) continue;
      if (usesName(declarator.init, names) && !declarator.init.some((node) => isWord(node, 'process'))) {
        names.add(declarator.name);
        grown = true;
      }
    }
  }
  return names;
}

function usesName(nodes: readonly Node[], names: ReadonlySet<string>): boolean {
  return nodes.some((node) => {
    if (node.kind === 'group') return usesName(node.children, names);
    return isWord(node) && names.has(node.text) && !isPunctuation(before(node), '.', '?.');
  });
}

/** Does a call use the schema: as its subject, in its own chain, or as an argument? */
function mentions(call: Call, names: ReadonlySet<string>, own: Call | undefined): boolean {
  const root = /^[\w$]+/.exec(call.callee)?.[0] ?? '';
  if (names.has(root)) return true;
  if (own !== undefined && call !== own && call.head === own.head && call.group.start > own.group.start) return true;
  return call.args.some(
    (arg) =>
      usesName(arg, names) ||
      (own !== undefined && arg.some((node) => (isGroup(node) && isWithin(own.group, node)) || node === own.group)),
  );
}

/** The first check whose result goes on to something; a mere assertion before it counts only where there is no other. */
function checkIn(path: string, outline: Outline, uses: (call: Call) => boolean): Check | undefined {
  const checks = callsOf(outline).flatMap((call): Check[] => {
    if (!uses(call)) return [];
    const environment = call.args.map((arg) => environmentArgument(outline, arg)).find((one) => one !== undefined);
    if (environment === undefined) return [];
    const picked = environment === 'whole' ? undefined : environment;
    return [{ path, outline, call, result: resultOf(call), picked }];
  });
  return checks.find((check) => !isDropped(check)) ?? checks[0];
}

/** `schema.parse(process.env);` as a statement of its own. */
function isDropped({ outline, call }: Check): boolean {
  const block = call.head.parent;
  const statement = block === undefined ? undefined : statementAt(outline, block, call.head);
  return statement?.kind === 'expression' && statement.nodes[0] === call.head;
}

/** An argument that is the environment, an options object that carries it, or a literal that picks from it. */
function environmentArgument(outline: Outline, arg: readonly Node[]): 'whole' | Group | undefined {
  if (isEnvironment(outline, arg)) return 'whole';
  const literal =
    isWord(arg[0]) && arg.length === 1 ? literalIn(findVariable(outline, arg[0].text)?.init ?? []) : arg[0];
  if (!isGroup(literal, '{')) return undefined;
  const properties = propertiesOf(literal) ?? [];
  if (properties.some((p) => p.form === 'spread' && isEnvironment(outline, p.value))) return 'whole';
  if (properties.some((p) => p.form === 'pair' && isEnvironment(outline, p.value))) return 'whole';
  const reads = properties.filter((p) => /\b(?:process|Bun)\.env\b/.test(compact(p.value)));
  return reads.length > 0 && reads.length * 2 >= properties.length ? literal : undefined;
}

function resultOf({ callee }: Call): string {
  const method = callee.slice(callee.lastIndexOf('.') + 1);
  if (/^safeParse$/i.test(method)) return /^(?:v|valibot)\./.test(callee) ? '.output' : '.data';
  return method === 'validate' ? '.value' : '';
}

/** The variable whose value a node is or goes into, as an argument at most; a member of an object is not the object. */
export function nameOfValue(outline: Outline, node: Group): string | undefined {
  for (let at: Group | undefined = node; at !== undefined; at = at.parent) {
    if (at !== node && at.bracket !== '(') break;
    const holder: Group = at;
    const found = statementsOf(outline)
      .flatMap((s) => s.declarators)
      .find((d) => d.init.includes(holder));
    if (found !== undefined) return found.name;
  }
  return undefined;
}
