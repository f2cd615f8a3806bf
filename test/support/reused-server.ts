/**
 * The bundled server, used for one run after the other: each finds it as if it were new.
 *
 * What a new one costs is its Lua: scripts would be compiled, and made fast by the engine, again in each run. So their
 * compiled form is kept here, while the server knows only those that the run has sent.
 */
import { ServerClock } from '../../src/server/clock.ts';
import { handlers } from '../../src/server/commands/index.ts';
import type { Client } from '../../src/server/client.ts';
import { scriptingOf } from '../../src/server/scripting/engine.ts';
import type { Script } from '../../src/server/scripting/engine.ts';
import { Server } from '../../src/server/server.ts';
import { callDirectly, localClient } from '../../src/server/testing/direct.ts';
import { openTracking } from '../../src/server/tracking/tracking.ts';
import { seededRandom } from '../../src/server/util/random.ts';

export interface ReusedServer {
  readonly server: Server;
  readonly local: Client;
  /** @param startAt milliseconds since the epoch */
  begin(seed: number, startAt: number): void;
}

export function reusedServer(): ReusedServer {
  let random = seededRandom(0);
  const clock = new ServerClock({ virtual: true });
  const server = new Server(handlers, { clock, random: () => random() });
  const local = localClient(server);
  openTracking(server);
  const { sampleAt, nextClientId } = server;
  const listeners = server.closeListeners.length;
  keepCompiled(server);
  return {
    server,
    local,
    begin(seed, startAt) {
      for (const client of server.clients.values()) server.removeClient(client);
      callDirectly(local, ['SELECT', 0]);
      for (const command of RESETS) callDirectly(local, command);
      server.flushPending();
      server.resumePending();
      clock.entries = [];
      clock.order = 0;
      server.expiryTimer = undefined;
      clock.set(startAt);
      server.keyspace.setNow(startAt);
      server.keyspace.nextExpiry = Infinity;
      Object.assign(server, { sampleAt, nextClientId });
      // Each limit of memory adds one.
      server.closeListeners.length = listeners;
      random = seededRandom(seed);
    },
  };
}

const RESETS = [
  ['FLUSHALL', 'SYNC'],
  ['SCRIPT', 'FLUSH', 'SYNC'],
  ['CONFIG', 'SET', 'maxmemory', '0'],
  ['CONFIG', 'RESETSTAT'],
];

/** A script is the same whenever it is compiled: globals cannot be changed. */
function keepCompiled(server: Server): void {
  const scripting = scriptingOf(server);
  const compiled = new Map<string, Script>();
  const load = scripting.load.bind(scripting);
  scripting.load = (body) => {
    const known = compiled.get(body);
    if (known === undefined) {
      const script = load(body);
      compiled.set(body, script);
      return script;
    }
    scripting.scripts.set(known.sha, known);
    scripting.byBody.set(body, known);
    return known;
  };
}
