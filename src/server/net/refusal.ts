// Peers that are turned away at the door: too many clients, or strangers while no password protects the data.

import type { Client } from '../client.ts';
import type { Server } from '../server.ts';

const DENIED =
  "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n";

/** What to tell a peer before closing, or undefined when it is welcome. `address` is undefined on unix sockets. */
export function refusal(server: Server, address: string | undefined): string | undefined {
  const { settings } = server;
  const turnedAway = server.door?.(address);
  if (turnedAway !== undefined) return turnedAway;
  if (server.clients.size >= settings.maxclients) return '-ERR max number of clients reached\r\n';
  if (settings.protectedMode && server.access.defaultUser.nopass && address !== undefined && !isLoopback(address))
    return DENIED;
  return undefined;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

/** From this machine: over the loopback interface, a unix socket, or without a network at all. */
export function isLoopbackClient({ transport }: Client): boolean {
  if (transport === undefined) return true;
  const { remote } = transport;
  return remote.startsWith('127.') || remote.startsWith('[::1]') || remote.startsWith('?') || remote.includes('/');
}
