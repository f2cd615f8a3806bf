// The order of a large sorted set: a B+-tree with counts over the members' slots, by score and then by bytes.
//
// Nodes are numbers; their entries lie side by side in two typed arrays. An entry of a leaf is a score and a member's
// slot; an entry of an inner node is a child and a lower bound of its scores. The bound may lag behind the child's first
// entry, never behind the entries before the child; on equal scores the real first entry decides. Each member knows its
// leaf, so removing one and asking its rank need no search from the root.

import type { MemberTable } from './member-table.ts';

/** Entries per node. More makes moves within a leaf dearer, fewer deepens the tree. */
const FAN = 64;
const FAN_SHIFT = 6;
/** A node below this looks for a neighbour to merge with. */
const SPARSE = FAN / 4;
/** Merged nodes stay below this, so that the next insert does not split them again. */
const MERGED_MAX = (FAN * 3) / 4;
const FIRST_NODES = 4;

// Fields of a node in `info`.
const INFO_SHIFT = 3;
const COUNT = 0;
/** Members below the node; for leaves COUNT says it. */
const SIZE = 1;
const PARENT = 2;
const NEXT = 3;
const PREVIOUS = 4;
/** 0 for leaves. */
const LEVEL = 5;
const NONE = -1;

export class OrderTree {
  readonly table: MemberTable;
  keys = new Float64Array(FIRST_NODES * FAN);
  refs = new Int32Array(FIRST_NODES * FAN);
  info = new Int32Array(FIRST_NODES << INFO_SHIFT);
  nodes = 0;
  freeNode = NONE;
  root = 0;
  /** Where `seek` and `step` stand. */
  leaf = NONE;
  at = 0;

  constructor(table: MemberTable) {
    this.table = table;
    this.root = this.takeNode(0);
  }

  insert(slot: number, score: number): void {
    let { keys, refs } = this;
    const { info, table } = this;
    let node = this.root;
    while (info[(node << INFO_SHIFT) + LEVEL] !== 0) {
      const base = node << FAN_SHIFT;
      let low = 0;
      let high = info[node << INFO_SHIFT]!;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        const key = keys[base + middle]!;
        if (key < score || (key === score && this.startsBefore(refs[base + middle]!, score, slot))) low = middle;
        else high = middle;
      }
      node = refs[base + low]!;
    }
    let count = info[node << INFO_SHIFT]!;
    let base = node << FAN_SHIFT;
    let at = 0;
    let high = count;
    while (at < high) {
      const middle = (at + high) >> 1;
      const key = keys[base + middle]!;
      if (key < score || (key === score && table.compare(refs[base + middle]!, slot) < 0)) at = middle + 1;
      else high = middle;
    }
    if (count === FAN) {
      // Members that arrive in order leave full leaves behind.
      const keep = at === FAN && info[(node << INFO_SHIFT) + NEXT] === NONE ? FAN : FAN / 2;
      const right = this.split(node, keep);
      ({ keys, refs } = this);
      if (at >= keep && (at > keep || keep === FAN)) {
        node = right;
        at -= keep;
      }
      if (keep === FAN) this.keys[this.entryOf(right)] = score;
      base = node << FAN_SHIFT;
      count = this.info[node << INFO_SHIFT]!;
    }
    for (let i = base + count; i > base + at; i--) {
      keys[i] = keys[i - 1]!;
      refs[i] = refs[i - 1]!;
    }
    keys[base + at] = score;
    refs[base + at] = slot;
    table.setLeaf(slot, node);
    this.info[node << INFO_SHIFT] = count + 1;
    this.resize(node, 1);
  }

  remove(slot: number): void {
    const { keys, refs, info } = this;
    const leaf = this.table.leaf(slot);
    const base = leaf << FAN_SHIFT;
    const count = info[leaf << INFO_SHIFT]! - 1;
    let at = base;
    while (refs[at] !== slot) at++;
    for (const last = base + count; at < last; at++) {
      keys[at] = keys[at + 1]!;
      refs[at] = refs[at + 1]!;
    }
    info[leaf << INFO_SHIFT] = count;
    this.resize(leaf, -1);
    if (count < SPARSE) this.mend(leaf);
  }

  /** How many members come before this one. */
  rank(slot: number): number {
    const { refs, info } = this;
    let node = this.table.leaf(slot);
    let base = node << FAN_SHIFT;
    let rank = 0;
    while (refs[base + rank] !== slot) rank++;
    for (let parent = info[(node << INFO_SHIFT) + PARENT]!; parent !== NONE;) {
      const size = info[(node << INFO_SHIFT) + LEVEL] === 0 ? COUNT : SIZE;
      base = parent << FAN_SHIFT;
      for (let i = base; refs[i] !== node; i++) rank += info[(refs[i]! << INFO_SHIFT) + size]!;
      node = parent;
      parent = info[(node << INFO_SHIFT) + PARENT]!;
    }
    return rank;
  }

  /** How many members score below `score`, or up to it. */
  countBelow(score: number, inclusive: boolean): number {
    const { keys, refs, info } = this;
    let node = this.root;
    let total = 0;
    for (let level = info[(node << INFO_SHIFT) + LEVEL]!; ; level--) {
      const base = node << FAN_SHIFT;
      let low = level === 0 ? -1 : 0;
      let high = info[node << INFO_SHIFT]!;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        const key = keys[base + middle]!;
        if (key < score || (inclusive && key === score)) low = middle;
        else high = middle;
      }
      if (level === 0) return total + low + 1;
      const size = level === 1 ? COUNT : SIZE;
      for (let i = base; i < base + low; i++) total += info[(refs[i]! << INFO_SHIFT) + size]!;
      node = refs[base + low]!;
    }
  }

  /** How many members lie before `bound` in byte order, or up to it; sensible where all scores are equal. */
  countBefore(bound: Uint8Array, inclusive: boolean): number {
    const { refs, info, table } = this;
    let node = this.root;
    let total = 0;
    for (let level = info[(node << INFO_SHIFT) + LEVEL]!; ; level--) {
      const base = node << FAN_SHIFT;
      let low = level === 0 ? -1 : 0;
      let high = info[node << INFO_SHIFT]!;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        const entry = refs[base + middle]!;
        const order = table.compareTo(level === 0 ? entry : refs[this.firstEntry(entry)]!, bound);
        if (order < 0 || (inclusive && order === 0)) low = middle;
        else high = middle;
      }
      if (level === 0) return total + low + 1;
      const size = level === 1 ? COUNT : SIZE;
      for (let i = base; i < base + low; i++) total += info[(refs[i]! << INFO_SHIFT) + size]!;
      node = refs[base + low]!;
    }
  }

  /** Stand at a rank; `step` moves on from there. Returns the member's slot. */
  seek(rank: number): number {
    const { refs, info } = this;
    let node = this.root;
    let left = rank;
    for (let level = info[(node << INFO_SHIFT) + LEVEL]!; level > 0; level--) {
      const size = level === 1 ? COUNT : SIZE;
      let i = node << FAN_SHIFT;
      for (;;) {
        node = refs[i++]!;
        const below = info[(node << INFO_SHIFT) + size]!;
        if (left < below) break;
        left -= below;
      }
    }
    this.leaf = node;
    this.at = left;
    return refs[(node << FAN_SHIFT) + left]!;
  }

  /** The slot of the next member, or of the one before; -1 behind the last. */
  step(reverse: boolean): number {
    const { info } = this;
    if (reverse) {
      if (--this.at < 0) {
        this.leaf = info[(this.leaf << INFO_SHIFT) + PREVIOUS]!;
        if (this.leaf === NONE) return -1;
        this.at = info[this.leaf << INFO_SHIFT]! - 1;
      }
    } else if (++this.at === info[this.leaf << INFO_SHIFT]) {
      this.leaf = info[(this.leaf << INFO_SHIFT) + NEXT]!;
      if (this.leaf === NONE) return -1;
      this.at = 0;
    }
    return this.refs[(this.leaf << FAN_SHIFT) + this.at]!;
  }

  /** Bytes that the tree takes. */
  footprint(): number {
    return this.keys.byteLength + this.refs.byteLength + this.info.byteLength;
  }

  /** A deep copy over a copy of the table. */
  clone(table: MemberTable): OrderTree {
    const copy = new OrderTree(table);
    copy.keys = this.keys.slice();
    copy.refs = this.refs.slice();
    copy.info = this.info.slice();
    copy.nodes = this.nodes;
    copy.freeNode = this.freeNode;
    copy.root = this.root;
    return copy;
  }

  /** Does the first member below `node` come before (`score`, `slot`)? */
  startsBefore(node: number, score: number, slot: number): boolean {
    const entry = this.firstEntry(node);
    const key = this.keys[entry]!;
    return key < score || (key === score && this.table.compare(this.refs[entry]!, slot) < 0);
  }

  firstEntry(node: number): number {
    const { refs, info } = this;
    let entry = node << FAN_SHIFT;
    for (let level = info[(node << INFO_SHIFT) + LEVEL]!; level > 0; level--) entry = refs[entry]! << FAN_SHIFT;
    return entry;
  }

  /** Tell the nodes above a leaf that it has one member more or less. */
  resize(leaf: number, by: number): void {
    const { info } = this;
    for (let node = info[(leaf << INFO_SHIFT) + PARENT]!; node !== NONE; node = info[(node << INFO_SHIFT) + PARENT]!) {
      info[(node << INFO_SHIFT) + SIZE] = info[(node << INFO_SHIFT) + SIZE]! + by;
    }
  }

  /** Move the entries from `keep` on to a new node at the right. */
  split(node: number, keep: number): number {
    const level = this.info[(node << INFO_SHIFT) + LEVEL]!;
    const right = this.takeNode(level);
    const { keys, refs, info } = this;
    const from = node << FAN_SHIFT;
    const moved = info[node << INFO_SHIFT]! - keep;
    info[node << INFO_SHIFT] = keep;
    this.move(from + keep, right, 0, moved);
    info[right << INFO_SHIFT] = moved;
    if (level > 0) {
      let size = 0;
      const field = level === 1 ? COUNT : SIZE;
      for (let i = 0; i < moved; i++) size += info[(refs[(right << FAN_SHIFT) + i]! << INFO_SHIFT) + field]!;
      info[(right << INFO_SHIFT) + SIZE] = size;
      info[(node << INFO_SHIFT) + SIZE] = info[(node << INFO_SHIFT) + SIZE]! - size;
    } else {
      const next = info[(node << INFO_SHIFT) + NEXT]!;
      info[(right << INFO_SHIFT) + NEXT] = next;
      info[(right << INFO_SHIFT) + PREVIOUS] = node;
      info[(node << INFO_SHIFT) + NEXT] = right;
      if (next !== NONE) info[(next << INFO_SHIFT) + PREVIOUS] = right;
    }
    this.adopt(node, right, moved > 0 ? keys[right << FAN_SHIFT]! : 0);
    return right;
  }

  /** Put `right` behind `node` among the children of its parent. */
  adopt(node: number, right: number, key: number): void {
    let parent = this.info[(node << INFO_SHIFT) + PARENT]!;
    if (parent === NONE) {
      const level = this.info[(node << INFO_SHIFT) + LEVEL]!;
      parent = this.takeNode(level + 1);
      const { info } = this;
      const size = level === 0 ? COUNT : SIZE;
      this.refs[parent << FAN_SHIFT] = node;
      info[parent << INFO_SHIFT] = 1;
      info[(parent << INFO_SHIFT) + SIZE] = info[(node << INFO_SHIFT) + size]! + info[(right << INFO_SHIFT) + size]!;
      info[(node << INFO_SHIFT) + PARENT] = parent;
      this.root = parent;
    } else if (this.info[parent << INFO_SHIFT] === FAN) {
      // The new node is nobody's child yet; whoever becomes its parent must count what it took from `node`.
      this.split(parent, FAN / 2);
      const { info } = this;
      const size = info[(node << INFO_SHIFT) + LEVEL] === 0 ? COUNT : SIZE;
      const half = info[(node << INFO_SHIFT) + PARENT]!;
      const taken = info[(right << INFO_SHIFT) + size]!;
      for (let to = half, from = parent; to !== from;) {
        info[(to << INFO_SHIFT) + SIZE] = info[(to << INFO_SHIFT) + SIZE]! + taken;
        info[(from << INFO_SHIFT) + SIZE] = info[(from << INFO_SHIFT) + SIZE]! - taken;
        to = info[(to << INFO_SHIFT) + PARENT]!;
        from = info[(from << INFO_SHIFT) + PARENT]!;
      }
      parent = half;
    }
    const { keys, refs, info } = this;
    const base = parent << FAN_SHIFT;
    let at = base + info[parent << INFO_SHIFT]!;
    for (; refs[at - 1] !== node; at--) {
      keys[at] = keys[at - 1]!;
      refs[at] = refs[at - 1]!;
    }
    keys[at] = key;
    refs[at] = right;
    info[parent << INFO_SHIFT] = info[parent << INFO_SHIFT]! + 1;
    info[(right << INFO_SHIFT) + PARENT] = parent;
  }

  /** A node has become sparse: drop it when empty, merge it with a neighbour when both fit into one. */
  mend(node: number): void {
    const { refs, info } = this;
    const parent = info[(node << INFO_SHIFT) + PARENT]!;
    if (parent === NONE) {
      this.lowerRoot();
      return;
    }
    const count = info[node << INFO_SHIFT]!;
    const at = this.entryOf(node) - (parent << FAN_SHIFT);
    if (count === 0) {
      this.drop(node, parent, at);
      return;
    }
    if (at + 1 < info[parent << INFO_SHIFT]!) {
      const right = refs[(parent << FAN_SHIFT) + at + 1]!;
      if (count + info[right << INFO_SHIFT]! <= MERGED_MAX) return this.merge(node, right, parent, at + 1);
    }
    if (at > 0) {
      const left = refs[(parent << FAN_SHIFT) + at - 1]!;
      if (count + info[left << INFO_SHIFT]! <= MERGED_MAX) this.merge(left, node, parent, at);
    }
  }

  /** Append the entries of `right`, the parent's child `at`, to those of `left`. */
  merge(left: number, right: number, parent: number, at: number): void {
    const { keys, info } = this;
    const count = info[left << INFO_SHIFT]!;
    const added = info[right << INFO_SHIFT]!;
    // A first child's own bound is never asked, so it may be wrong; its parent's is right.
    if (info[(right << INFO_SHIFT) + LEVEL] !== 0) keys[right << FAN_SHIFT] = keys[(parent << FAN_SHIFT) + at]!;
    this.move(right << FAN_SHIFT, left, count, added);
    info[left << INFO_SHIFT] = count + added;
    info[(left << INFO_SHIFT) + SIZE] = info[(left << INFO_SHIFT) + SIZE]! + info[(right << INFO_SHIFT) + SIZE]!;
    this.drop(right, parent, at);
  }

  /** Take a node, the parent's child `at`, out of the tree. */
  drop(node: number, parent: number, at: number): void {
    const { keys, refs, info } = this;
    if (info[(node << INFO_SHIFT) + LEVEL] === 0) {
      const next = info[(node << INFO_SHIFT) + NEXT]!;
      const previous = info[(node << INFO_SHIFT) + PREVIOUS]!;
      if (next !== NONE) info[(next << INFO_SHIFT) + PREVIOUS] = previous;
      if (previous !== NONE) info[(previous << INFO_SHIFT) + NEXT] = next;
    }
    info[(node << INFO_SHIFT) + NEXT] = this.freeNode;
    this.freeNode = node;
    const count = info[parent << INFO_SHIFT]! - 1;
    info[parent << INFO_SHIFT] = count;
    const base = parent << FAN_SHIFT;
    for (let i = base + at; i < base + count; i++) {
      keys[i] = keys[i + 1]!;
      refs[i] = refs[i + 1]!;
    }
    if (count < SPARSE) this.mend(parent);
  }

  lowerRoot(): void {
    const { refs, info } = this;
    while (info[(this.root << INFO_SHIFT) + LEVEL] !== 0 && info[this.root << INFO_SHIFT]! <= 1) {
      const old = this.root;
      this.root = refs[old << FAN_SHIFT]!;
      info[(this.root << INFO_SHIFT) + PARENT] = NONE;
      info[(old << INFO_SHIFT) + NEXT] = this.freeNode;
      this.freeNode = old;
    }
  }

  /** Copy entries to a node and tell their members or children where they are now. */
  move(from: number, node: number, at: number, count: number): void {
    const { keys, refs, info, table } = this;
    const to = (node << FAN_SHIFT) + at;
    const isLeaf = info[(node << INFO_SHIFT) + LEVEL] === 0;
    for (let i = 0; i < count; i++) {
      const ref = refs[from + i]!;
      keys[to + i] = keys[from + i]!;
      refs[to + i] = ref;
      if (isLeaf) table.setLeaf(ref, node);
      else info[(ref << INFO_SHIFT) + PARENT] = node;
    }
  }

  /** Where a node stands among its parent's entries. */
  entryOf(node: number): number {
    let entry = this.info[(node << INFO_SHIFT) + PARENT]! << FAN_SHIFT;
    while (this.refs[entry] !== node) entry++;
    return entry;
  }

  takeNode(level: number): number {
    let node = this.freeNode;
    if (node !== NONE) {
      this.freeNode = this.info[(node << INFO_SHIFT) + NEXT]!;
    } else {
      node = this.nodes++;
      if (node << FAN_SHIFT === this.keys.length) this.grow(node + (node >> 1));
    }
    const { info } = this;
    const at = node << INFO_SHIFT;
    info[at] = 0;
    info[at + SIZE] = 0;
    info[at + PARENT] = NONE;
    info[at + NEXT] = NONE;
    info[at + PREVIOUS] = NONE;
    info[at + LEVEL] = level;
    return node;
  }

  grow(nodes: number): void {
    const keys = new Float64Array(nodes << FAN_SHIFT);
    keys.set(this.keys);
    this.keys = keys;
    const refs = new Int32Array(nodes << FAN_SHIFT);
    refs.set(this.refs);
    this.refs = refs;
    const info = new Int32Array(nodes << INFO_SHIFT);
    info.set(this.info);
    this.info = info;
  }
}
