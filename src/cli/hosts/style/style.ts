/** How the host writes code: what its formatter is told, else what its sources do. */
import type { CodeStyle } from '../host.ts';
import type { Project } from '../project.ts';
import { biomeStyle } from './biome.ts';
import { editorconfigStyle } from './editorconfig.ts';
import type { PartialStyle } from './partial.ts';
import { presetStyle } from './presets.ts';
import { prettierStyle } from './prettier.ts';
import { observedEol, observedStyle } from './observed.ts';

const FALLBACK: CodeStyle = { indent: '  ', quote: "'", semicolons: true, trailingComma: 'all', eol: '\n' };

/**
 * What a formatter's configuration states counts most, then what the sources do, then what a
 * linter or the formatter does unasked. Line ends are the files' own, since git may have turned them.
 */
export function codeStyle(project: Project): CodeStyle {
  const seen = observedStyle(project.sample());
  const prettier = prettierStyle(project);
  const biome = prettier === undefined ? biomeStyle(project) : undefined;
  const formatter = prettier ?? biome;
  const editor = editorconfigStyle(project);
  const layers: readonly (PartialStyle | undefined)[] = [
    formatter?.stated,
    editor,
    seen,
    presetStyle(project),
    formatter?.defaults,
    FALLBACK,
  ];
  const pick = <K extends keyof CodeStyle>(key: K): CodeStyle[K] | undefined =>
    layers.find((layer) => layer?.[key] !== undefined)?.[key];
  return {
    indent: pick('indent') ?? FALLBACK.indent,
    quote: pick('quote') ?? FALLBACK.quote,
    semicolons: pick('semicolons') ?? FALLBACK.semicolons,
    trailingComma: pick('trailingComma') ?? FALLBACK.trailingComma,
    ...optional('lineWidth', pick('lineWidth')),
    ...optional('spaceBeforeParameters', pick('spaceBeforeParameters')),
    eol: observedEol(project.sample()) ?? formatter?.stated.eol ?? editor?.eol ?? '\n',
  };
}

function optional<K extends keyof CodeStyle>(key: K, value: CodeStyle[K] | undefined): Pick<CodeStyle, K> | object {
  return value === undefined ? {} : { [key]: value };
}
