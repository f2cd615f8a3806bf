/** Names of keys: all parts of one object share a hash tag, so that one script may touch them in a cluster. */
import { PaxxRedisError } from '../../port/errors.ts';

export type KeyNames = (name: string, part: string) => string;

/**
 * `prefix:{name}:part`. Braces in the name are escaped, since the first pair decides the slot.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function keyNames(prefix = 'paxx'): KeyNames {
  if (/[{}]/.test(prefix)) throw new PaxxRedisError('INVALID', 'prefix must not contain braces');
  return (name, part) => {
    if (name === '') throw new PaxxRedisError('INVALID', 'the name must not be empty');
    return `${prefix}:{${/[{}%]/.test(name) ? escapeBraces(name) : name}}:${part}`;
  };
}

function escapeBraces(name: string): string {
  return name.replaceAll(/[{}%]/g, (char) => `%${char.codePointAt(0)!.toString(16).toUpperCase()}`);
}

/** 64 random bits. Says who a request is from, so that it can be repeated or taken back when its reply is lost. */
export function nonce(random: () => number = Math.random): string {
  const half = (): string =>
    Math.floor(random() * 2 ** 32)
      .toString(36)
      .padStart(7, '0');
  return half() + half();
}

export interface PrimitiveOptions {
  /** Of all keys. Default: `paxx`. */
  readonly prefix?: string;
}
