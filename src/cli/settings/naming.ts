/** How the host spells its keys, and our variable in that spelling. */

export type Naming = 'upper' | 'camel' | 'snake' | 'kebab' | 'pascal';

/** @param keys sibling keys; those of one lower-case word say nothing */
export function namingOf(keys: readonly string[], fallback: Naming = 'camel'): Naming {
  const votes: Record<Naming, number> = { upper: 0, camel: 0, snake: 0, kebab: 0, pascal: 0 };
  for (const key of keys) {
    if (/^[A-Z][A-Z0-9_]*$/.test(key)) votes.upper++;
    else if (/^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/.test(key)) votes.snake++;
    else if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/.test(key)) votes.kebab++;
    else if (/^[A-Z][a-z]/.test(key)) votes.pascal++;
    else if (/^[a-z]/.test(key)) votes.camel += /[A-Z]/.test(key) ? 1 : 0.5;
  }
  const best = (Object.keys(votes) as Naming[]).toSorted((a, b) => votes[b] - votes[a])[0]!;
  return votes[best] === 0 ? fallback : best;
}

/** `REDIS_URL` as `redisUrl`, `redis_url`, `'redis-url'`, `RedisUrl`. */
export function spell(variable: string, naming: Naming): string {
  const words = variable.toLowerCase().split('_');
  switch (naming) {
    case 'upper':
      return variable;
    case 'snake':
      return words.join('_');
    case 'kebab':
      return words.join('-');
    case 'pascal':
      return words.map(capital).join('');
    case 'camel':
      return words.map((word, i) => (i === 0 ? word : capital(word))).join('');
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** A key as it is written in an object literal. */
export function writtenKey(key: string, quote: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote + key + quote;
}

/** Do two keys mean the same name, whatever their spelling? */
export function sameName(key: string, variable: string): boolean {
  return plain(key) === plain(variable);
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}
