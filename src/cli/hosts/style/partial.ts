/** What one source of style says; silent on the rest. */
import type { CodeStyle } from '../host.ts';

export type PartialStyle = { readonly [K in keyof CodeStyle]?: CodeStyle[K] };

export interface FormatterStyle {
  /** Options that the configuration names. */
  readonly stated: PartialStyle;
  /** What the formatter does where the configuration is silent. */
  readonly defaults: PartialStyle;
}

/** One step of indentation. */
export function indentOf(tabs: boolean | undefined, width: number | undefined): PartialStyle {
  if (tabs === true) return { indent: '\t' };
  if (width !== undefined && width > 0 && width <= 8) return { indent: ' '.repeat(width) };
  return {};
}

export function eolOf(name: string | undefined): PartialStyle {
  if (name === 'crlf') return { eol: '\r\n' };
  return name === 'lf' ? { eol: '\n' } : {};
}
