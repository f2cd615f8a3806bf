/** T3's `createEnv({ server, client, runtimeEnv })`: a validator for the server, and its read where reads are spelled out. */
import { findProperty, objectValue, propertiesOf } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { insertImport } from '../editors/typescript/insert-statement.ts';
import type { Insertion } from '../editors/typescript/insertion.ts';
import { callsOf, findVariable, literalIn } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import { isGroup, isWord, textOf, type Group, type Outline } from '../editors/typescript/outline.ts';
import { quoted } from '../editors/typescript/style.ts';
import {
  contextStyle,
  importAccess,
  isOptional,
  LIBRARY_WEIGHT,
  type Context,
  type Finding,
  type Plan,
} from './finding.ts';
import { reach } from './flow.ts';
import { SCHEMA_LIBRARIES, zodText } from './libraries.ts';
import { readLike, type SchemaSite, type Validator } from './schema-library.ts';
import { turboParts } from './turbo.ts';

export function findT3Env(context: Context, path: string, outline: Outline): Finding[] {
  const from = importsOf(outline).find((one) => one.from.startsWith('@t3-oss/env-'));
  const local = from?.named.get('createEnv');
  if (local === undefined) return [];
  return callsOf(outline).flatMap((call): Finding[] => {
    const options = call.args[0]?.[0];
    if (call.callee !== local || !isGroup(options, '{')) return [];
    const server = valueObject(outline, options, 'server');
    if (server === undefined) return [];
    const weight = LIBRARY_WEIGHT + 1000 + (propertiesOf(server)?.length ?? 0);
    return [
      {
        dialect: 't3-env',
        path,
        offset: server.start,
        weight,
        plan: () => plan(context, path, outline, { call: call.group, options, server }),
      },
    ];
  });
}

interface Site {
  readonly call: Group;
  readonly options: Group;
  readonly server: Group;
}

function plan(context: Context, path: string, outline: Outline, { call, options, server }: Site): Plan {
  const { variable } = context;
  const style = contextStyle(context, outline);
  const there = findProperty(server, variable.name);
  const validator = validatorFor(context, outline, server);
  const insertions: Insertion[] = [];
  const notes: string[] = [];
  if (there === undefined) {
    insertions.push(insertEntry(outline, server, `${variable.name}: ${validator.text}`, style));
    insertions.push(...(validator.imports ?? []).flatMap((wish) => insertImport(outline, wish, style) ?? []));
    notes.push(`${variable.name} in server`);
  } else notes.push(`${variable.name} is in server already`);
  for (const key of ['runtimeEnv', 'runtimeEnvStrict']) {
    const runtime = valueObject(outline, options, key);
    if (runtime === undefined || findProperty(runtime, variable.name) !== undefined || isWhole(runtime)) continue;
    insertions.push(
      insertEntry(
        outline,
        runtime,
        `${variable.name}: ${readLike(outline, runtime, variable.name, style.quote)}`,
        style,
      ),
    );
    notes.push(`${variable.name} in ${key}`);
  }
  const optional = there === undefined ? validator.optional === true : isOptional(textOf(outline, there.value));
  const keys = (propertiesOf(server) ?? []).map((property) => property.key);
  return {
    parts: [{ path, insertions, notes }, ...turboParts(context, keys)],
    access: importAccess(path, reach(outline, call, `.${variable.name}`), optional),
    snippet: `${variable.name}: ${validator.text},`,
  };
}

function isWhole(runtime: Group): boolean {
  return (propertiesOf(runtime) ?? []).some((property) => property.form === 'spread');
}

function valueObject(outline: Outline, options: Group, key: string): Group | undefined {
  const property = findProperty(options, key);
  const direct = objectValue(property);
  if (direct !== undefined) return direct;
  const name =
    property?.form === 'shorthand'
      ? key
      : isWord(property?.value[0]) && property.value.length === 1
        ? property.value[0].text
        : undefined;
  const literal = name === undefined ? undefined : literalIn(findVariable(outline, name)?.init ?? []);
  return isGroup(literal, '{') ? literal : undefined;
}

/** The library whose validators the file imports; zod when none is imported by name. */
function validatorFor(context: Context, outline: Outline, object: Group): Validator {
  const style = contextStyle(context, outline);
  for (const library of SCHEMA_LIBRARIES) {
    const from = importsOf(outline).find((one) => library.packages.test(one.from) && !one.typeOnly);
    if (from === undefined || !['zod', 'valibot', 'arktype'].includes(library.name)) continue;
    const site: SchemaSite = { context, outline, style, library: from, object };
    if (library.name === 'arktype') return { text: `type(${quoted('string | undefined', style)})`, optional: true };
    return library.name === 'zod' ? { text: zodText(site) } : library.validator(site);
  }
  return {
    text: `z.string().url().default(${quoted(context.variable.default, style)})`,
    imports: [{ from: 'zod', named: 'z' }],
  };
}
