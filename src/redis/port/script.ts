/** Lua scripts as data: text, name and digest. */
import { nodeCrypto } from './lazy-node.ts';

export interface Script {
  /** What it does, for telemetry and error messages. */
  readonly name: string;
  readonly lua: string;
  /** Of `lua`, in hexadecimal, as EVALSHA takes it. */
  readonly sha1: string;
  /** Writes nothing, so replicas may run it and it may be repeated. */
  readonly readOnly: boolean;
}

/**
 * @param lua takes every key from KEYS, reads the time by `redis.call('TIME')`, and returns an integer, a string, nil
 * or a flat array of these: such replies are the same with every client and in both protocol versions.
 */
export function defineScript(name: string, lua: string, options: { readOnly?: boolean } = {}): Script {
  const text = lua.trim();
  let sha1: string | undefined;
  return {
    name,
    lua: text,
    readOnly: options.readOnly ?? false,
    get sha1() {
      return (sha1 ??= nodeCrypto().createHash('sha1').update(text).digest('hex'));
    },
  };
}
