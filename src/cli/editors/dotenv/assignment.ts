/** How a file writes its assignments, and new ones in the same hand. */
import type { EnvEntry, Quote } from './scan.ts';

export interface AssignmentStyle {
  readonly exported: boolean;
  /** `=`, ` = `, `: `. */
  readonly separator: string;
  readonly quote?: Quote;
}

/** What most assignments look like. */
export function assignmentStyle(entries: readonly EnvEntry[]): AssignmentStyle {
  const filled = entries.filter((entry) => entry.value !== '' && !entry.unterminated);
  const quote = mostCommon(filled.map((entry) => entry.quote ?? ''));
  return {
    exported: mostCommon(entries.map((entry) => entry.exported)) ?? false,
    separator: separatorOf(entries, filled),
    ...(quote ? { quote } : {}),
  };
}

/** @returns undefined when no quotes can hold the value. */
export function assignment(name: string, value: string, style: AssignmentStyle): string | undefined {
  const literal = quoted(value, style.quote);
  if (literal === undefined) return undefined;
  return `${style.exported ? 'export ' : ''}${name}${style.separator}${literal}`;
}

/** Blanks behind the `=` of an empty value are a slip, and Node 20 takes a tab for part of the value. */
function separatorOf(entries: readonly EnvEntry[], filled: readonly EnvEntry[]): string {
  const common = mostCommon(filled.map((entry) => entry.separator)) ?? mostCommon(entries.map(bareSeparator)) ?? '=';
  return common.includes('\t') ? '=' : common;
}

function bareSeparator(entry: EnvEntry): string {
  return entry.separator.includes(':') ? ': ' : '=';
}

/** The value in the file's quotes, else in those that leave it alone in dotenv, Docker and shells alike. */
function quoted(value: string, preferred: Quote | undefined): string | undefined {
  if (preferred === undefined && /^[\w./:@%+,?&=-]*$/.test(value)) return value;
  const usable = (['"', "'"] as const).filter((quote) => holds(value, quote));
  const quote = usable.find((candidate) => candidate === preferred) ?? usable[0];
  return quote && quote + value + quote;
}

function holds(value: string, quote: '"' | "'"): boolean {
  if (/[\r\n]/.test(value)) return false;
  return quote === '"' ? !/["\\$`]/.test(value) : !value.includes("'");
}

/** The most frequent item; of equally frequent ones the last. */
export function mostCommon<T>(items: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return items.findLast((item) => counts.get(item) === most);
}
