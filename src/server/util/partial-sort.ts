// Quicksort that leaves alone what does not reach the front: the order in which Redis answers elements that are equal.
//
// The algorithm is that of Bentley and McIlroy ("Engineering a sort function", Software: Practice and Experience 23(11),
// 1993): insertion sort below seven elements, a median of three or of nine as the pivot, and equal elements gathered at
// both ends while partitioning. It is not stable, so equal elements come in an order that only the same steps give.

const FEW = 7;
const MANY = 40;

type Compare<T> = (a: T, b: T) => number;

/** Sort `list` such that its elements up to index `last` are those, in the order, that a sort would put there. */
export function partialSort<T>(list: T[], compare: Compare<T>, last: number): void {
  sortRange(list, compare, 0, list.length, last);
}

function sortRange<T>(list: T[], compare: Compare<T>, from: number, length: number, last: number): void {
  let a = from;
  let n = length;
  while (n >= FEW) {
    swap(list, a, pivotOf(list, compare, a, n));
    const end = a + n;
    let equalLow = a + 1;
    let low = a + 1;
    let high = end - 1;
    let equalHigh = end - 1;
    for (;;) {
      let order: number;
      while (low <= high && (order = compare(list[low]!, list[a]!)) <= 0) {
        if (order === 0) swap(list, equalLow++, low);
        low++;
      }
      while (low <= high && (order = compare(list[high]!, list[a]!)) >= 0) {
        if (order === 0) swap(list, high, equalHigh--);
        high--;
      }
      if (low > high) break;
      swap(list, low++, high--);
    }
    const front = Math.min(equalLow - a, low - equalLow);
    swapRuns(list, a, low - front, front);
    const back = Math.min(equalHigh - high, end - equalHigh - 1);
    swapRuns(list, low, end - back, back);
    const smaller = low - equalLow;
    if (smaller > 1 && a <= last) sortRange(list, compare, a, smaller, last);
    const larger = equalHigh - high;
    if (larger <= 1 || end - larger > last) return;
    a = end - larger;
    n = larger;
  }
  for (let i = a + 1; i < a + n; i++) {
    for (let j = i; j > a && compare(list[j - 1]!, list[j]!) > 0; j--) swap(list, j, j - 1);
  }
}

function pivotOf<T>(list: readonly T[], compare: Compare<T>, a: number, n: number): number {
  const middle = a + (n >> 1);
  if (n <= FEW) return middle;
  const end = a + n - 1;
  if (n <= MANY) return median(list, compare, a, middle, end);
  const d = n >> 3;
  return median(
    list,
    compare,
    median(list, compare, a, a + d, a + 2 * d),
    median(list, compare, middle - d, middle, middle + d),
    median(list, compare, end - 2 * d, end - d, end),
  );
}

function median<T>(list: readonly T[], compare: Compare<T>, a: number, b: number, c: number): number {
  const [x, y, z] = [list[a]!, list[b]!, list[c]!];
  if (compare(x, y) < 0) return compare(y, z) < 0 ? b : compare(x, z) < 0 ? c : a;
  return compare(y, z) > 0 ? b : compare(x, z) < 0 ? a : c;
}

function swapRuns<T>(list: T[], a: number, b: number, count: number): void {
  for (let i = 0; i < count; i++) swap(list, a + i, b + i);
}

function swap<T>(list: T[], a: number, b: number): void {
  const kept = list[a]!;
  list[a] = list[b]!;
  list[b] = kept;
}
