/** Prettier's options, from any of the files that it reads. */
import type { ReadTree } from '../../plan/tree.ts';
import type { Json, JsonObject } from '../json.ts';
import { isObject, readJson, stringList } from '../json.ts';
import { findManifest } from '../manifest.ts';
import { ancestors, under } from '../paths.ts';
import type { Project } from '../project.ts';
import { majorOf } from '../versions.ts';
import type { FormatterStyle, PartialStyle } from './partial.ts';
import { eolOf, indentOf } from './partial.ts';

const NAMES = [
  '.prettierrc',
  '.prettierrc.json',
  '.prettierrc.yaml',
  '.prettierrc.yml',
  '.prettierrc.json5',
  '.prettierrc.js',
  '.prettierrc.cjs',
  '.prettierrc.mjs',
  '.prettierrc.ts',
  'prettier.config.js',
  'prettier.config.cjs',
  'prettier.config.mjs',
  'prettier.config.ts',
  '.prettierrc.toml',
];

/** Configurations that many apps of a framework share. */
const SHARED: Readonly<Record<string, JsonObject>> = {
  '@adonisjs/prettier-config': { semi: false, singleQuote: true, trailingComma: 'es5', printWidth: 100 },
};

/** The nearest configuration at or above the app; undefined when the host does not use prettier. */
export function prettierStyle(project: Project): FormatterStyle | undefined {
  for (const folder of ancestors(project.app)) {
    const options = optionsIn(project.tree, folder);
    if (options !== undefined)
      return { stated: toStyle(options), defaults: defaultsOf(majorOf(project.anyRange('prettier'))) };
  }
  return undefined;
}

function optionsIn(tree: ReadTree, folder: string): JsonObject | undefined {
  const inManifest = findManifest(tree, folder)?.fields['prettier'];
  if (isObject(inManifest)) return forSources(inManifest);
  for (const name of NAMES) {
    const text = tree.read(under(folder, name));
    if (text !== undefined) return forSources(parse(name, text));
  }
  // A shared configuration: most packages say nothing here, yet prettier is in use.
  return typeof inManifest === 'string' ? (SHARED[inManifest] ?? {}) : undefined;
}

function parse(name: string, text: string): JsonObject {
  const json = readJson(text, true);
  if (json.ok && isObject(json.value)) return json.value;
  if (/\.(?:[cm]?[jt]s|json5)$/.test(name)) return literals(text, ':');
  return literals(text, name.endsWith('.toml') ? '=' : ':');
}

/** `key: literal` pairs outside of `overrides`; enough of YAML, TOML, JSON5 and object literals for options that are flat. */
function literals(text: string, separator: ':' | '='): JsonObject {
  const plain = text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*(?:\/\/|#).*$/gm, '');
  const flat = withoutOverrides(plain);
  const pairs = flat.matchAll(
    new RegExp(`(['"]?)\\b([a-z]\\w+)\\1\\s*${separator}\\s*(?:(['"])(.*?)\\3|([\\w-]+))`, 'gi'),
  );
  return Object.fromEntries(
    [...pairs].map(([, , key, , quoted, bare]): [string, Json] => [key!, quoted ?? bareValue(bare!)]),
  );
}

/** Options of other files must not count: a bracketed list, or the lines below `overrides:` in YAML. */
function withoutOverrides(text: string): string {
  const found = /(['"]?)\boverrides\1\s*[:=]\s*/.exec(text);
  if (found === null) return text;
  const start = found.index + found[0].length;
  if (text[start] !== '[') return text.replace(/^overrides:.*\n(?:[ \t-].*(?:\n|$))*/m, '');
  let depth = 0;
  let end = start;
  do {
    if (text[end] === '[') depth++;
    if (text[end] === ']') depth--;
    end++;
  } while (depth > 0 && end < text.length);
  return text.slice(0, found.index) + text.slice(end);
}

function bareValue(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** The options with those of overrides that name script files laid over them. */
function forSources(options: JsonObject): JsonObject {
  const overrides = Array.isArray(options['overrides']) ? options['overrides'] : [];
  return overrides.reduce<JsonObject>((merged, override) => {
    if (!isObject(override) || !isObject(override['options'])) return merged;
    const meant = stringList(override['files']).some((glob) =>
      /^(?:\*\*\/)?\*\.(?:\{[^}]*\b[jt]s\b[^}]*\}|[jt]s)$/.test(glob),
    );
    return meant ? { ...merged, ...override['options'] } : merged;
  }, options);
}

function toStyle(options: JsonObject): PartialStyle {
  const { useTabs, tabWidth, singleQuote, semi, trailingComma, endOfLine, printWidth } = options;
  return {
    ...indentOf(useTabs === true, typeof tabWidth === 'number' ? tabWidth : undefined),
    ...(typeof singleQuote === 'boolean' ? { quote: singleQuote ? "'" : '"' } : {}),
    ...(typeof semi === 'boolean' ? { semicolons: semi } : {}),
    ...(trailingComma === 'all' || trailingComma === 'es5' || trailingComma === 'none' ? { trailingComma } : {}),
    ...(typeof printWidth === 'number' ? { lineWidth: printWidth } : {}),
    ...eolOf(typeof endOfLine === 'string' ? endOfLine : undefined),
  };
}

function defaultsOf(major = 3): PartialStyle {
  const trailingComma = major >= 3 ? 'all' : major === 2 ? 'es5' : 'none';
  return { indent: '  ', quote: '"', semicolons: true, trailingComma };
}
