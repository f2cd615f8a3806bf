/** Names of consumers, as XINFO CONSUMERS shows them. */
import { hostname } from 'node:os';
import { nonce } from '../support/keys.ts';

/** Tells where it runs, and is unique, so that no other worker's receipts fit. */
export function consumerName(random?: () => number): string {
  return `${hostname()}:${process.pid}:${nonce(random)}`;
}
