/** Biome's formatter options. */
import type { JsonObject } from '../json.ts';
import { isObject, readJson } from '../json.ts';
import { ancestors, under } from '../paths.ts';
import type { Project } from '../project.ts';
import type { FormatterStyle } from './partial.ts';
import { eolOf, indentOf } from './partial.ts';

/** The nearest biome.json at or above the app, unless its formatter is off. */
export function biomeStyle(project: Project): FormatterStyle | undefined {
  for (const folder of ancestors(project.app)) {
    for (const name of ['biome.json', 'biome.jsonc', 'rome.json']) {
      const text = project.tree.read(under(folder, name));
      const result = text === undefined ? undefined : readJson(text, true);
      if (result?.ok && isObject(result.value)) return toStyle(result.value);
    }
  }
  return undefined;
}

function toStyle(config: JsonObject): FormatterStyle | undefined {
  const general = group(config, 'formatter');
  if (general['enabled'] === false) return undefined;
  const script = group(group(config, 'javascript'), 'formatter');
  const value = (name: string): unknown => script[name] ?? general[name];
  const width = value('indentWidth');
  const commas = value('trailingCommas') ?? value('trailingComma');
  const quote = value('quoteStyle');
  const semicolons = value('semicolons');
  const eol = value('lineEnding');
  const columns = value('lineWidth');
  return {
    stated: {
      ...(value('indentStyle') === undefined
        ? {}
        : indentOf(value('indentStyle') === 'tab', typeof width === 'number' ? width : 2)),
      ...(quote === 'single' || quote === 'double' ? { quote: quote === 'single' ? "'" : '"' } : {}),
      ...(semicolons === 'always' || semicolons === 'asNeeded' ? { semicolons: semicolons === 'always' } : {}),
      ...(commas === 'all' || commas === 'es5' || commas === 'none' ? { trailingComma: commas } : {}),
      ...(typeof columns === 'number' ? { lineWidth: columns } : {}),
      ...eolOf(typeof eol === 'string' ? eol : undefined),
    },
    defaults: { indent: '\t', quote: '"', semicolons: true, trailingComma: 'all' },
  };
}

function group(config: JsonObject, name: string): JsonObject {
  const value = config[name];
  return isObject(value) ? value : {};
}
