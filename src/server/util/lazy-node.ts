// Modules of Node that few servers need and that take long to load: loaded at their first use.

import type * as Crypto from 'node:crypto';
import type * as Tls from 'node:tls';
import type * as Workers from 'node:worker_threads';

/** TLS brings cryptography with it; together they take a fifth of the time that importing this package takes. */
export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto');
}

export function nodeTls(): typeof Tls {
  return process.getBuiltinModule('node:tls');
}

export function nodeWorkers(): typeof Workers {
  return process.getBuiltinModule('node:worker_threads');
}
