/** Linters whose style is fixed: their presence says how the host writes. */
import { declares } from '../project.ts';
import type { Project } from '../project.ts';
import type { PartialStyle } from './partial.ts';

const STANDARD: PartialStyle = {
  indent: '  ',
  quote: "'",
  semicolons: false,
  trailingComma: 'none',
  spaceBeforeParameters: true,
};

const PRESETS: readonly (readonly [string, PartialStyle])[] = [
  ['standard', STANDARD],
  ['ts-standard', STANDARD],
  ['semistandard', { ...STANDARD, semicolons: true }],
  ['neostandard', { indent: '  ', quote: "'", semicolons: false, spaceBeforeParameters: true }],
  ['@antfu/eslint-config', { indent: '  ', quote: "'", semicolons: false, trailingComma: 'all' }],
  ['xo', { indent: '\t', quote: "'", semicolons: true, trailingComma: 'all' }],
];

export function presetStyle(project: Project): PartialStyle | undefined {
  return PRESETS.find(([name]) => declares(project, name))?.[1];
}
