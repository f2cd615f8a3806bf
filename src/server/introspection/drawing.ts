// LOLWUT's picture: Sierpinski's triangle, from the binomial coefficients that are odd.

/** @param rows a power of two looks best */
export function drawTriangle(rows: number): string {
  let picture = '';
  for (let row = 0; row < rows; row++) {
    const cells = Array.from({ length: row + 1 }, (_, column) => ((row & column) === column ? '▲' : ' '));
    picture += `${' '.repeat(rows - 1 - row)}${cells.join(' ')}`.trimEnd() + '\n';
  }
  return Buffer.from(`${picture}\n`, 'utf8').toString('latin1');
}
