/** The harness of holders in short: a few rounds, and what its judge objects to. The long runs are in the script. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasRedisServer } from '../support/redis-server.ts';
import { createJudge } from './holders-judge.mjs';

const script = fileURLToPath(new URL('holders.mjs', import.meta.url));

it.skipIf(!hasRedisServer())('nobody holds what another holds, whatever dies', { timeout: 240_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '2', '--seed', '4']);
  expect(stdout).toMatch(/^seed 4, 2 rounds: \{"lease":[1-9]\d*,"permit":[1-9]\d*,"term":[1-9]/m);
  expect(stdout).not.toContain('VIOLATION');
});

describe('the judge', () => {
  const GRANTED = 'G lease 1 100 1000 1350 990';
  /** The lease is gone at 1100, the highest token is 5. */
  const wipe = { at: 1100, mark: 5 };

  it.each([
    ['two holders', [GRANTED, 'G lease 2 101 1349 1700 1000'], /^2 of 1 \(lease\) at 1349/],
    ['a use after the next grant', [GRANTED, 'G lease 2 101 1400 1700 1000', 'V lease 1 100 1300 1500'], /^2 of 1/],
    ['three permits of two', ['a', 'b', 'c'].map((id) => `G permit ${id} 100 1000 1350 990`), /^3 of 2 \(permit\)/],
    [
      'a term before the last has ended',
      ['G term 1 100 0 100 0', 'L term 1 100 50', 'G term 2 101 90 190 0'],
      /^2 of 1/,
    ],
    ['a lower token', ['G lease 2 100 1000 1100 990', 'G lease 1 101 1200 1300 990'], /^token 1 after 2/],
    ['a token twice', [GRANTED, 'G lease 1 101 2000 2350 990'], /^granted twice/],
    ['a loss in good time', [GRANTED, 'L lease 1 100 1200'], /^lost while it was certain/],
    ['a use after the signal', [GRANTED, 'L lease 1 100 1360', 'V lease 1 100 1370 1400'], /^used after its signal/],
    ['no signal', [GRANTED, 'D lease 1 100 1400'], /no signal has fired/],
    ['an error that nobody caught', ['U Error: x'], /^unexpected: U Error: x/],
  ])('objects to %s', (_, lines, expected) => {
    const judge = createJudge();
    judge.read(lines);
    expect(judge.check(2000)).toContainEqual(expect.stringMatching(expected));
  });

  it.each([
    ['holders in turn', [GRANTED, 'V lease 1 100 1300 1450', 'R lease 1 100 1400', 'G lease 2 101 1400 1700 1000']],
    ['two permits', ['a', 'b'].map((id) => `G permit ${id} 100 1000 1350 990`)],
    ['a term after the last has ended', ['G term 1 100 0 100 0', 'L term 1 100 50', 'G term 2 101 100 200 0']],
    ['a signal in time', [GRANTED, 'L lease 1 100 1351']],
  ])('allows %s', (_, lines) => {
    const judge = createJudge();
    judge.read(lines);
    expect(judge.check(2000)).toEqual([]);
  });

  it('allows a holder beside one from before the data were lost, while that one may last', () => {
    const judge = createJudge();
    judge.read([GRANTED, 'G lease 6 101 1150 1500 1120']);
    judge.wiped(wipe.at, wipe.mark);
    expect(judge.check(2000)).toEqual([]);
  });

  it.each([
    ['is relied on for longer', [GRANTED, 'V lease 1 100 1200 1500'], /^relied on after the data were lost/],
    ['is not older', ['G lease 6 100 1120 1470 1110', 'G lease 7 101 1200 1500 1120'], /^2 of 1/],
    ['has too low a token', ['G lease 4 100 1120 1470 1110', 'G lease 5 101 1200 1500 1120'], /^2 of 1/],
  ])('objects to it where the other %s', (_, lines, expected) => {
    const judge = createJudge();
    judge.read(lines);
    judge.wiped(wipe.at, wipe.mark);
    expect(judge.check(2000)).toContainEqual(expect.stringMatching(expected));
  });

  it('objects to tokens that begin anew when the data were lost', () => {
    const judge = createJudge();
    judge.read(['G lease 4 100 1000 1050 990', 'G lease 1 101 1200 1300 1150']);
    judge.wiped(wipe.at, wipe.mark);
    expect(judge.check(2000)).toContainEqual(expect.stringMatching(/^token 1 after 4/));
  });

  it('objects to a resource that goes back, and to one that refuses who holds the lease', () => {
    const judge = createJudge();
    judge.touched([1, 2, 2]);
    judge.touched([1]);
    judge.read([GRANTED]);
    judge.refused(1, 1400);
    judge.refused(1, 1200);
    const found = judge.check(2000);
    expect(found).toHaveLength(2);
    expect(found[0]).toBe('the resource took token 1 after 2');
    expect(found[1]).toMatch(/^refused at 1200/);
  });
});
