// How many nodes Redis' radix tree has for a stream's blocks, which XINFO STREAM tells.
//
// The tree's form follows from its keys, the blocks' ids in 16 bytes: a leaf for each, a node where keys part, and one
// more for each run of bytes without a parting.

import type { StreamNode } from './stream-node.ts';
import type { Word } from './stream-id.ts';

const KEY_BYTES = 16;

export function countRadixNodes(nodes: readonly (StreamNode | undefined)[], from: number): number {
  const leaves = nodes.length - from;
  if (leaves === 0) return 1;
  let runs = 0;
  let partings = 0;
  /** Depths at which the keys so far have parted from the present one, deepest last. */
  const open: number[] = [];
  let previous = keyOf(nodes[from]!);
  const close = (depth: number): void => {
    // What hangs below a parting at `depth`, the parting's own byte apart.
    let below = KEY_BYTES;
    while (open.length > 0 && open.at(-1)! > depth) {
      const at = open.pop()!;
      if (below - at > 1) runs++;
      below = at;
    }
    if (below - depth > 1) runs++;
  };
  for (let i = from + 1; i < nodes.length; i++) {
    const key = keyOf(nodes[i]!);
    const shared = sharedBytes(previous, key);
    close(shared);
    if (open.at(-1) !== shared) {
      open.push(shared);
      partings++;
    }
    previous = key;
  }
  close(-1);
  return leaves + partings + runs;
}

function keyOf({ id }: StreamNode): Uint32Array {
  return Uint32Array.of(high(id.ms), low(id.ms), high(id.seq), low(id.seq));
}

function high(word: Word): number {
  return typeof word === 'number' ? Math.floor(word / 0x1_0000_0000) : Number(word >> 32n);
}

function low(word: Word): number {
  return typeof word === 'number' ? word % 0x1_0000_0000 : Number(word & 0xffff_ffffn);
}

function sharedBytes(a: Uint32Array, b: Uint32Array): number {
  let word = 0;
  while (a[word] === b[word]) word++;
  return word * 4 + (Math.clz32(a[word]! ^ b[word]!) >> 3);
}
