/** Validation libraries, one row each: how a schema is recognised and how one validator is written. */
import { declares } from '../editors/typescript/insert-statement.ts';
import { isGroup, textOf, type Outline } from '../editors/typescript/outline.ts';
import { quoted } from '../editors/typescript/style.ts';
import { phraseOf } from './finding.ts';
import { siblingsUse, type SchemaLibrary, type SchemaSite, type Validator } from './schema-library.ts';

const zod: SchemaLibrary = {
  name: 'zod',
  packages: /^zod(?:\/v[34](?:-mini)?|\/mini)?$|^@hono\/zod-openapi$|^@asteasolutions\/zod-to-openapi$|^astro\/zod$/,
  factory: /^\$\.(?:object|strictObject|looseObject|interface)$/,
  validator: (site) => ({ text: zodText(site) }),
};

const znv: SchemaLibrary = {
  name: 'znv',
  packages: /^znv$/,
  factory: /^\$\.parseEnv$/,
  argument: 1,
  checks: true,
  validator: (site) => ({ text: zodText(site) }),
};

const valibot: SchemaLibrary = {
  name: 'valibot',
  packages: /^valibot$/,
  factory: /^\$\.(?:object|strictObject|looseObject)$/,
  validator: (site) => valibotValidator(site),
};

const arktype: SchemaLibrary = {
  name: 'arktype',
  packages: /^arktype$/,
  factory: /^\$\.type$/,
  validator: ({ context, style }) => ({
    text: quoted(`string = ${quoted(context.variable.default, { quote: other(style.quote) })}`, style),
  }),
};

const yup: SchemaLibrary = {
  name: 'yup',
  packages: /^yup$/,
  factory: /^\$\.object(?:\(\)\.shape)?$/,
  validator: ({ context, style, library }) => ({
    ...bare(library, 'string', 'yup', `string().default(${quoted(context.variable.default, style)})`),
  }),
};

const joi: SchemaLibrary = {
  name: 'joi',
  packages: /^(?:@hapi\/)?joi$|^@hapi\/joi$/,
  factory: /^\$\.object(?:\(\)(?:\.unknown\(\)|\.required\(\))?\.(?:keys|append))?$/,
  validator: ({ context, style, library, outline, object }) => {
    const local = library.defaultName ?? library.namespaceName ?? [...library.named.values()][0] ?? 'Joi';
    const doc = siblingsUse(outline, object, 'description')
      ? `.description(${quoted(phraseOf(context.variable), style)})`
      : '';
    return { text: `${local}.string().uri().default(${quoted(context.variable.default, style)})${doc}` };
  },
};

const typebox: SchemaLibrary = {
  name: 'typebox',
  packages: /^(?:@sinclair\/)?typebox$/,
  factory: /^\$\.Object$/,
  validator: ({ context, style, library }) => {
    const local =
      library.named.get('Type') ?? library.named.get('t') ?? library.namespaceName ?? library.defaultName ?? 'Type';
    const pad = style.quote;
    return { text: `${local}.String({ default: ${pad}${context.variable.default}${pad} })` };
  },
};

const envalid: SchemaLibrary = {
  name: 'envalid',
  packages: /^envalid$/,
  factory: /^\$\.(?:cleanEnv|customCleanEnv)$/,
  argument: 1,
  checks: true,
  validator: ({ context, outline, style, library }) => {
    const options = `({ default: ${quoted(context.variable.default, style)} })`;
    const isFree = library.named.has('url') || !declares(outline, 'url');
    const validator = context.variable.kind === 'url' && isFree ? 'url' : 'str';
    const local = library.named.get(validator);
    if (local !== undefined) return { text: local + options };
    if (library.named.size > 0)
      return { text: validator + options, imports: [{ from: library.from, named: validator }] };
    return { text: `${library.namespaceName ?? library.defaultName}.${validator}${options}` };
  },
};

/** Libraries whose schema is an object of validators. */
export const SCHEMA_LIBRARIES: readonly SchemaLibrary[] = [zod, znv, valibot, arktype, yup, joi, typebox, envalid];

/** `z.url()` where the file or the installed zod is of version 4, `z.string().url()` before. */
export function zodText(
  { context, outline, style, library, object }: SchemaSite,
  tail = `.default(${quoted(context.variable.default, style)})`,
): string {
  const z = library.named.get('z') ?? library.namespaceName ?? library.defaultName ?? localZod(outline);
  const mini = /mini/.test(library.from);
  if (mini) return `${z}._default(${z}.url(), ${quoted(context.variable.default, style)})`;
  const doc = siblingsUse(outline, object, 'describe') ? `.describe(${quoted(phraseOf(context.variable), style)})` : '';
  if (context.variable.kind !== 'url') return `${z}.string()${tail}${doc}`;
  return `${isZod4({ context, outline, library }) ? `${z}.url()` : `${z}.string().url()`}${tail}${doc}`;
}

function isZod4({ context, outline, library }: Pick<SchemaSite, 'context' | 'outline' | 'library'>): boolean {
  const { text } = outline;
  if (/\bz\.(?:url|email|uuid|guid|httpUrl|ipv4|ipv6|int|stringbool|iso\.\w+|cuid2?|nanoid|base64)\(/.test(text))
    return true;
  if (/\.string\(\s*(?:\{[^}]*\})?\s*\)\s*\.(?:url|email|uuid|datetime|ip|cuid)\(/.test(text)) return false;
  if (library.from === 'zod/v4') return true;
  const major = /(\d+)/.exec(context.host.dependencies['zod'] ?? '')?.[1];
  return library.from === 'zod' && Number(major ?? 3) >= 4;
}

function localZod(outline: Outline): string {
  return /\bzod\./.test(outline.text) ? 'zod' : 'z';
}

function valibotValidator({ context, outline, style, library, object }: SchemaSite): Validator {
  const fallback = quoted(context.variable.default, style);
  const local = library.namespaceName ?? library.defaultName ?? library.named.get('v');
  const prefix = local === undefined ? '' : `${local}.`;
  const piped = textOf(outline, isGroup(object) ? object.children : []).includes('pipe(');
  const schema =
    piped && context.variable.kind === 'url' ? `${prefix}pipe(${prefix}string(), ${prefix}url())` : `${prefix}string()`;
  const names = schema.includes('pipe') ? ['optional', 'pipe', 'string', 'url'] : ['optional', 'string'];
  const imports = local === undefined ? names.map((named) => ({ from: library.from, named })) : [];
  return { text: `${prefix}optional(${schema}, ${fallback})`, imports };
}

/** A call of a named import, or of the same name on the library's namespace. */
function bare(library: SchemaSite['library'], name: string, fallback: string, call: string): Validator {
  const local = library.namespaceName ?? library.defaultName;
  if (local !== undefined) return { text: `${local}.${call}` };
  return library.named.size === 0
    ? { text: `${fallback}.${call}` }
    : { text: call, imports: [{ from: library.from, named: name }] };
}

function other(quote: "'" | '"'): "'" | '"' {
  return quote === "'" ? '"' : "'";
}
