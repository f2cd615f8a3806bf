// Where to listen, from `bind`, `port`, `tls-port` and `unixsocket`.

import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import type { Config } from '../config/config.ts';
import type { ListenOptions } from '../net/listener.ts';

export interface Address {
  readonly options: ListenOptions;
  /** Written with a leading `-`: do without it where the machine does not have it. */
  readonly optional: boolean;
}

/**
 * Every address the configuration asks for, TCP before TLS before the unix socket. @param anyPort what port 0 means
 * where it would leave nothing to listen on: any free one, or, as to Redis, none
 */
export function addressesOf(config: Config, anyPort: boolean): Address[] {
  const hosts = config.text('bind').split(/\s+/).filter(Boolean);
  const port = Number(config.value('port'));
  const tlsPort = Number(config.value('tls-port'));
  const path = config.text('unixsocket');
  const backlog = Number(config.value('tcp-backlog'));
  const addresses: Address[] = [];
  if (port !== 0 || (anyPort && tlsPort === 0 && path === '')) {
    for (const host of hosts) addresses.push(addressOf(host, { port, backlog }));
  }
  if (tlsPort !== 0) {
    const tls = tlsOptions(config);
    for (const host of hosts) addresses.push(addressOf(host, { port: tlsPort, backlog, tls }));
  }
  if (path !== '') {
    const mode = Number(config.value('unixsocketperm'));
    addresses.push({ options: { path, ...(mode > 0 ? { pathMode: mode } : {}) }, optional: false });
  }
  return addresses;
}

function addressOf(name: string, options: ListenOptions): Address {
  const optional = name.startsWith('-');
  const plain = optional ? name.slice(1) : name;
  const host = plain === '*' ? '0.0.0.0' : plain === '::*' ? '::' : plain;
  return { options: { ...options, host, ...(host === '::' ? { ipv6Only: true } : {}) }, optional };
}

function tlsOptions(config: Config): TlsOptions {
  const read = (name: string): Buffer | undefined => {
    const file = config.text(name);
    return file === '' ? undefined : readFileSync(file);
  };
  const cert = read('tls-cert-file');
  const key = read('tls-key-file');
  const ca = read('tls-ca-cert-file');
  const clients = config.text('tls-auth-clients');
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    passphrase: config.text('tls-key-file-pass'),
    requestCert: clients !== 'no',
    rejectUnauthorized: clients === 'yes',
  };
}
