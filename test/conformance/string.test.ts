/** Strings: whole values, ranges, counters. */
import { conformance } from './runner.ts';

conformance('string', {
  'GET and SET': [
    'GET k',
    'SET k v',
    'GET k',
    'SET k',
    'GET',
    'GET a b',
    'SET k "a\\r\\nb\\x00\\xff"',
    'GET k',
    'SET k ""',
    'GET k',
  ],
});
