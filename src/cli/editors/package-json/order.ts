/** The orders in which lists of packages are kept. */

export type Compare = (a: string, b: string) => number;

/** The order of a list: npm's own, plain code units as older tools sort, or none. */
export function orderOf(names: readonly string[]): Compare | undefined {
  return [npmOrder, codeUnitOrder].find((compare) =>
    names.every((name, i) => i === 0 || compare(names[i - 1]!, name) <= 0),
  );
}

/** How npm sorts the lists of a manifest. */
export function npmOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en');
}

function codeUnitOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
