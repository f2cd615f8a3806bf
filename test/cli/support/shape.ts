/** A small language for the shape of JSON documents: what each field holds, and nothing besides. */

/**
 * - a word: the type of the value, as `typeof` says it;
 * - a list of one: an array of that; of literals as JSON has them, all starting with `"`: one of those;
 * - an object: its fields; a name that ends in `?` may be missing.
 */
export type Shape = string | readonly Shape[] | { readonly [name: string]: Shape };

/** @returns one sentence per difference */
export function problems(value: unknown, shape: Shape, at = ''): string[] {
  if (typeof shape === 'string') return typeof value === shape ? [] : [`${at} is no ${shape}`];
  if (isList(shape)) return isLiterals(shape) ? oneOf(value, shape, at) : inArray(value, shape[0]!, at);
  if (typeof value !== 'object' || value === null) return [`${at} is no object`];
  const fields = new Map(Object.entries(shape).map(([name, field]) => [name.replace('?', ''), field]));
  const missing = Object.keys(shape).filter((name) => !name.endsWith('?') && !(name in value));
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const field = fields.get(name);
      return field === undefined ? [`${at}.${name} is not known`] : problems(inner, field, `${at}.${name}`);
    }),
  ];
}

function isList(shape: Shape): shape is readonly Shape[] {
  return Array.isArray(shape);
}

function isLiterals(shapes: readonly Shape[]): boolean {
  return shapes.every((shape) => typeof shape === 'string' && shape.startsWith('"'));
}

function oneOf(value: unknown, literals: readonly Shape[], at: string): string[] {
  return literals.includes(JSON.stringify(value)) ? [] : [`${at} is ${JSON.stringify(value)}`];
}

function inArray(value: unknown, shape: Shape, at: string): string[] {
  if (!Array.isArray(value)) return [`${at} is no array`];
  return value.flatMap((inner, i) => problems(inner, shape, `${at}[${i}]`));
}
