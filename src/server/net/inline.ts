// Splits an inline command into words, with the quoting rules of redis-cli and telnet users.

/** The words of a line, or `undefined` when a quote is left open or closed without a blank after it. */
export function splitInline(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isBlank(line, at)) at++;
    if (at >= line.length) return words;
    let word = '';
    while (at < line.length && !isBlank(line, at)) {
      const quote = line[at]!;
      if (quote !== '"' && quote !== "'") {
        word += quote;
        at++;
        continue;
      }
      const closed = quote === '"' ? doubleQuoted(line, at + 1) : singleQuoted(line, at + 1);
      if (closed === undefined || (closed.end < line.length && !isBlank(line, closed.end))) return undefined;
      word += closed.text;
      at = closed.end;
    }
    words.push(word);
  }
}

interface Quoted {
  readonly text: string;
  /** Behind the closing quote. */
  readonly end: number;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

function doubleQuoted(line: string, at: number): Quoted | undefined {
  let text = '';
  for (; at < line.length; at++) {
    const letter = line[at]!;
    if (letter === '"') return { text, end: at + 1 };
    if (letter !== '\\' || at + 1 >= line.length) {
      text += letter;
      continue;
    }
    const hex = /^x[\da-fA-F]{2}/.exec(line.slice(at + 1, at + 4));
    if (hex !== null) {
      text += String.fromCharCode(Number.parseInt(line.slice(at + 2, at + 4), 16));
      at += 3;
    } else {
      text += ESCAPES[line[at + 1]!] ?? line[at + 1]!;
      at++;
    }
  }
  return undefined;
}

function singleQuoted(line: string, at: number): Quoted | undefined {
  let text = '';
  for (; at < line.length; at++) {
    const letter = line[at]!;
    if (letter === "'") return { text, end: at + 1 };
    if (letter === '\\' && line[at + 1] === "'") {
      text += "'";
      at++;
    } else {
      text += letter;
    }
  }
  return undefined;
}

function isBlank(line: string, at: number): boolean {
  const code = line.charCodeAt(at);
  return code === 32 || (code >= 9 && code <= 13);
}
