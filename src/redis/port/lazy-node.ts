/** Modules of Node that take a third of the time that importing this package takes: loaded at their first use. */
import type * as Crypto from 'node:crypto';
import type * as Zlib from 'node:zlib';

export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto');
}

export function nodeZlib(): typeof Zlib {
  return process.getBuiltinModule('node:zlib');
}
