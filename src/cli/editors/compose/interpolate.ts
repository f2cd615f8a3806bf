/** Resolves compose's `${NAME:-default}` as far as the file itself tells the value. */

export interface Interpolated {
  readonly text: string;
  /** Names that have neither a value nor a default here. */
  readonly unresolved: readonly string[];
}

/** @param variables values that are known from elsewhere, such as the project's `.env` */
export function interpolate(written: string, variables: Readonly<Record<string, string>> = {}): Interpolated {
  const unresolved: string[] = [];
  return { text: expand(written, variables, unresolved), unresolved };
}

function expand(written: string, variables: Readonly<Record<string, string>>, unresolved: string[]): string {
  let out = '';
  for (let at = 0; at < written.length;) {
    const name = /^\$([A-Za-z_]\w*)/.exec(written.slice(at));
    if (written.startsWith('$$', at)) {
      out += '$';
      at += 2;
    } else if (written.startsWith('${', at)) {
      const end = closingBrace(written, at + 2);
      out += expandBraced(written.slice(at + 2, end), variables, unresolved);
      at = end + 1;
    } else if (name) {
      out += expandBraced(name[1]!, variables, unresolved);
      at += name[0].length;
    } else {
      out += written[at];
      at++;
    }
  }
  return out;
}

function expandBraced(inside: string, variables: Readonly<Record<string, string>>, unresolved: string[]): string {
  const parts = /^([A-Za-z_]\w*)(?:(:?[-+?])([\s\S]*))?$/.exec(inside);
  const name = parts?.[1];
  if (name === undefined) return '';
  const operator = parts?.[2] ?? '';
  const word = parts?.[3] ?? '';
  const known = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const set = known !== undefined && !(operator.startsWith(':') && known === '');
  if (operator.endsWith('+')) return set ? expand(word, variables, unresolved) : '';
  if (set) return known;
  if (operator.endsWith('-')) return expand(word, variables, unresolved);
  unresolved.push(name);
  return '';
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return text.length;
}
