// Redis' glob patterns (`*`, `?`, `[a-z]`, `[^x]`, `\`), matched in time linear in pattern times text.

/** Does `text` match `pattern` as a whole? Both are byte strings. */
export function matchGlob(pattern: string, text: string, ignoreCase = false): boolean {
  if (ignoreCase) return matchGlob(pattern.toLowerCase(), text.toLowerCase());
  // To Redis even a star takes something, where there is nothing at all.
  if (text === '') return pattern === '';
  let p = 0;
  let t = 0;
  // Where to go back to: behind the last star, which then swallows one byte more. Earlier stars never matter again.
  let starP = -1;
  let starT = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      starP = ++p;
      starT = t;
      continue;
    }
    const next = p < pattern.length ? matchOne(pattern, p, text.charCodeAt(t)) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (starP >= 0) {
      p = starP;
      t = ++starT;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p >= pattern.length;
}

/** Match one byte against the pattern's element at `p`: the position behind it, or -1. */
function matchOne(pattern: string, p: number, code: number): number {
  switch (pattern[p]) {
    case '?':
      return p + 1;
    case '[':
      return matchClass(pattern, p + 1, code);
    case '\\':
      if (p + 1 < pattern.length) p++;
      break;
  }
  return pattern.charCodeAt(p) === code ? p + 1 : -1;
}

/** A class that is never closed ends with the pattern, as in Redis. */
function matchClass(pattern: string, p: number, code: number): number {
  const negated = pattern[p] === '^';
  if (negated) p++;
  let found = false;
  for (; ; p++) {
    if (pattern[p] === '\\' && p + 1 < pattern.length) {
      p++;
      if (pattern.charCodeAt(p) === code) found = true;
    } else if (pattern[p] === ']') {
      break;
    } else if (p >= pattern.length) {
      p--;
      break;
    } else if (p + 2 < pattern.length && pattern[p + 1] === '-') {
      const from = pattern.charCodeAt(p);
      const to = pattern.charCodeAt(p + 2);
      if (code >= Math.min(from, to) && code <= Math.max(from, to)) found = true;
      p += 2;
    } else if (pattern.charCodeAt(p) === code) {
      found = true;
    }
  }
  return found === negated ? -1 : p + 1;
}
