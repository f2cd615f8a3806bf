/** Style as the sources show it, by majority over a sample. */
import type { CodeStyle } from '../host.ts';
import type { SourceFile } from '../project.ts';
import type { PartialStyle } from './partial.ts';

/** What a clear majority does; silent where the sample is too small or divided. */
export function observedStyle(files: readonly SourceFile[]): PartialStyle {
  const texts = files.map((file) => withoutComments(file.text.replaceAll('\r\n', '\n')));
  const total = (pattern: RegExp): number => texts.reduce((sum, text) => sum + (text.match(pattern)?.length ?? 0), 0);
  const indent = observedIndent(texts);
  const quote = majority<CodeStyle['quote']>("'", total(/'(?:[^'\\\n]|\\.)*'/g), '"', total(/"(?:[^"\\\n]|\\.)*"/g));
  // Lines that end a statement whatever the style: imports, calls, returns of a name.
  const semicolons = majority<boolean>(true, total(STATEMENT_WITH), false, total(STATEMENT_WITHOUT));
  const space = majority<boolean>(true, total(/\bfunction \w+ \(/g), false, total(/\bfunction \w+\(/g));
  return {
    ...(space === undefined ? {} : { spaceBeforeParameters: space }),
    ...(indent === undefined ? {} : { indent }),
    ...(quote === undefined ? {} : { quote }),
    ...(semicolons === undefined ? {} : { semicolons }),
    ...commas(total(/,\n\s*[}\]]/g), literalEnds(texts), {
      comma: total(/,\n\s*\)/g),
      none: total(/[\w'"`\]]\n\s*\)/g),
    }),
  };
}

/** The line end of most of the sampled lines. */
export function observedEol(files: readonly SourceFile[]): CodeStyle['eol'] | undefined {
  let crlf = 0;
  let lf = 0;
  for (const { text } of files) {
    const pairs = text.match(/\r\n/g)?.length ?? 0;
    crlf += pairs;
    lf += (text.match(/\n/g)?.length ?? 0) - pairs;
  }
  if (crlf + lf === 0) return undefined;
  return crlf > lf ? '\r\n' : '\n';
}

const STATEMENT_WITH =
  /^[ \t]*(?:import\b[^\n]*['"]|export \* from[^\n]*['"]|(?:const|let|var) [^\n]*[\w)\]'"`]|return [^\n]*[\w)\]'"`]|await [^\n]*\))[ \t]*;$/gm;
const STATEMENT_WITHOUT =
  /^[ \t]*(?:import\b[^\n]*['"]|export \* from[^\n]*['"]|(?:const|let|var) \w+ = [^\n]*[\w)\]'"`]|return [^\n]*[\w)\]'"`]|await [^\n]*\))[ \t]*$(?!\n[ \t]*[.?:+&|])/gm;

function majority<T>(one: T, ones: number, other: T, others: number): T | undefined {
  if (ones + others < 3 || ones === others) return undefined;
  return ones > others ? one : other;
}

/** The width of the smallest step that occurs with some frequency. */
function observedIndent(texts: readonly string[]): string | undefined {
  let tabs = 0;
  const steps = new Map<number, number>();
  for (const text of texts) {
    let before = 0;
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      if (line.startsWith('\t')) tabs++;
      const width = /^ */.exec(line)![0].length;
      // ` * ` of block comments is gone; odd steps are alignment.
      if (width > before && (width - before) % 2 === 0) steps.set(width - before, (steps.get(width - before) ?? 0) + 1);
      before = width;
    }
  }
  const spaces = [...steps.values()].reduce((sum, times) => sum + times, 0);
  if (tabs + spaces < 2) return undefined;
  if (tabs > spaces) return '\t';
  return ' '.repeat([...steps].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0]![0]);
}

/** Lines that end the last item of a multi-line literal without a comma. A block's last statement ends in `;` or `}` or is told apart by the opening. */
function literalEnds(texts: readonly string[]): number {
  let ends = 0;
  for (const text of texts) {
    const open: boolean[] = [];
    const lines = text.split('\n');
    lines.forEach((line, at) => {
      const trimmed = line.trim();
      if (/^[}\])]/.test(trimmed) && open.pop() === true && /[\w'"`)\]}]$/.test(lines[at - 1]?.trim() ?? '')) ends++;
      if (/[{[(]$/.test(trimmed))
        open.push(/(?:[=(:,?[]|\breturn|\bdefault)\s*[{[]$/.test(trimmed) && !/=>\s*\{$/.test(trimmed));
    });
  }
  return ends;
}

/** Silent on `es5` against `all` where no call is broken over lines. */
function commas(
  trailing: number,
  without: number,
  calls: { readonly comma: number; readonly none: number },
): PartialStyle {
  if (trailing + without < 2) return {};
  if (without > trailing) return { trailingComma: 'none' };
  if (calls.comma === calls.none) return {};
  return { trailingComma: calls.comma > calls.none ? 'all' : 'es5' };
}

function withoutComments(text: string): string {
  return text
    .replace(/^[ \t]*\/\*[^]*?\*\/[ \t]*$/gm, '')
    .replace(/^[ \t]*\/\/.*$/gm, '')
    .replace(/[ \t]+\/\/.*$/gm, '');
}
