/** AdonisJS: `Env.create(root, {…})` of version 6 and `Env.rules({…})` of version 5. */
import { findProperty, propertiesOf } from '../editors/typescript/entries.ts';
import { insertEntries } from '../editors/typescript/insert-entry.ts';
import { callsOf } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import { isGroup, type Group, type Outline } from '../editors/typescript/outline.ts';
import type { EnvVariable, SettingsAccess } from './dialect.ts';
import { contextStyle, importAccess, LIBRARY_WEIGHT, type Context, type Finding, type Plan } from './finding.ts';
import { reach } from './flow.ts';

export function findAdonis(context: Context, path: string, outline: Outline): Finding[] {
  const from = importsOf(outline).find((one) => /^@adonisjs\/(?:core\/)?env$|^@ioc:Adonis\/Core\/Env$/.test(one.from));
  const local = from?.named.get('Env') ?? from?.defaultName;
  if (local === undefined) return [];
  return callsOf(outline).flatMap((call): Finding[] => {
    const isCreate = call.callee === `${local}.create`;
    const object = call.args[isCreate ? 1 : 0]?.[0];
    if ((!isCreate && call.callee !== `${local}.rules`) || !isGroup(object, '{')) return [];
    const weight = LIBRARY_WEIGHT + 1000 + (propertiesOf(object)?.length ?? 0);
    return [
      {
        dialect: 'adonis',
        path,
        offset: object.start,
        weight,
        plan: () => plan(context, path, outline, { local, call: call.group, object, isCreate }),
      },
    ];
  });
}

interface Place {
  readonly local: string;
  readonly call: Group;
  readonly object: Group;
  readonly isCreate: boolean;
}

/** The URL where the app has one already, else the parts of the address as @adonisjs/redis reads them. */
function plan(context: Context, path: string, outline: Outline, place: Place): Plan {
  const { local, object, isCreate } = place;
  const { variable } = context;
  const style = contextStyle(context, outline);
  const get = (one: EnvVariable): string => getter(one, style.quote);
  const base = isCreate ? importAccess(path, reach(outline, place.call, get(variable)), false) : ofVersion5(path);
  const whole = base.kind !== 'import' || findProperty(object, variable.name) !== undefined;
  const variables = whole ? [variable] : addressParts(variable.default);
  const missing = variables.filter(({ name }) => findProperty(object, name) === undefined);
  const rules = missing.map((one) => `${one.name}: ${local}.${ruleOf(one, style.quote)}`);
  const names = missing.map(({ name }) => name).join(', ');
  return {
    parts: [
      {
        path,
        insertions: insertEntries(outline, object, rules, style),
        notes: [rules.length === 0 ? `${variables[0]!.name} is there already` : `${names} in ${path}`],
      },
    ],
    access: base.kind === 'import' ? { ...base, expression: expressionOf(base.expression, variables, get) } : base,
    snippet: rules.map((rule) => `${rule},`).join('\n'),
    variables,
  };
}

/** The container's alias for the checked environment. */
function ofVersion5(path: string): SettingsAccess {
  const specifier = '@ioc:Adonis/Core/Env';
  return { kind: 'import', path, binding: 'default', name: 'Env', expression: 'Env', optional: false, specifier };
}

function addressParts(url: string): EnvVariable[] {
  const { hostname, port } = new URL(url);
  return [
    { name: 'REDIS_HOST', kind: 'string', default: hostname, description: 'Host of Redis.', sensitive: false },
    { name: 'REDIS_PORT', kind: 'number', default: port || '6379', description: 'Port of Redis.', sensitive: false },
    { name: 'REDIS_PASSWORD', kind: 'string', default: '', description: 'Password of Redis, if any.', sensitive: true },
  ];
}

/** Optional all: an app that is deployed without them must not stop starting. */
function ruleOf({ name, kind }: EnvVariable, quote: string): string {
  if (kind === 'number') return 'schema.number.optional()';
  return name === 'REDIS_HOST'
    ? `schema.string.optional({ format: ${quote}host${quote} })`
    : 'schema.string.optional()';
}

function getter({ name, kind, default: value }: EnvVariable, quote: string): string {
  return `.get(${quote}${name}${quote}, ${kind === 'number' ? value : quote + value + quote})`;
}

/** An empty password in the address means none, to both clients. */
function expressionOf(
  expression: string,
  variables: readonly EnvVariable[],
  get: (variable: EnvVariable) => string,
): string {
  const base = expression.replace(/\.get\([^)]*\)$/, '');
  const [host, port, password] = variables.map((one) => base + get(one));
  if (port === undefined) return host!;
  return `\`redis://:\${encodeURIComponent(${password})}@\${${host}}:\${${port}}/0\``;
}
