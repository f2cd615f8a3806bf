/** Sums of short and long texts against Node's own SHA-1. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { SUM_WORDS, sumSum, sumText, sumToHex } from '../../src/server/util/sha1-words.ts';

it('sums texts of every length, and sums of sums', () => {
  const sum = new Int32Array(SUM_WORDS);
  for (const length of [...Array.from({ length: 200 }, (_, i) => i), 1023, 1024, 1025, 5000]) {
    const text = Array.from({ length }, (_, i) => String.fromCharCode((i * 31 + length) & 255)).join('');
    const bytes = createHash('sha1').update(text, 'latin1').digest();
    sumText(text, sum);
    expect(sumToHex(sum)).toBe(bytes.toString('hex'));
    sumSum(sum, sum);
    expect(sumToHex(sum)).toBe(createHash('sha1').update(bytes).digest('hex'));
  }
});
