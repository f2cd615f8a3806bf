// Distinct random positions, each set of them as likely as any other.

/** `count` of the positions below `size`, in random order. */
export function distinctPositions(size: number, count: number, random: () => number): ArrayLike<number> {
  if (count * 3 > size) return shuffled(size, count, random);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(Math.floor(random() * size));
  return [...chosen];
}

/** The first `count` of a shuffle. */
function shuffled(size: number, count: number, random: () => number): Int32Array {
  const positions = new Int32Array(size);
  for (let i = 0; i < size; i++) positions[i] = i;
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(random() * (size - i));
    const position = positions[other]!;
    positions[other] = positions[i]!;
    positions[i] = position;
  }
  return positions.subarray(0, count);
}
