/** What a Redis client needs in rendered code: its import, its types, and how its commands are spelled. */
import type { Host } from '../hosts/host.ts';
import { isAtLeast, usesRequire } from './imports.ts';

export type ClientName = 'ioredis' | 'redis';

export interface ClientChoice {
  readonly name: ClientName;
  readonly major: number;
}

/** How the host's TypeScript gets at the client. */
export type ClientTypes =
  /** Its own declarations. */
  | 'own'
  /** An interface in the rendered file: the declarations are missing, or too new for the host's compiler. */
  | 'structural'
  | 'none';

/** Oldest TypeScript that reads the client's declarations. */
const OLDEST_TYPESCRIPT: Readonly<Record<ClientName, (major: number) => readonly [number, number]>> = {
  ioredis: () => [4, 5],
  redis: (major) => (major < 5 ? [4, 1] : [4, 5]),
};

export function clientTypes(host: Host, client: ClientChoice): ClientTypes {
  if (host.language === 'javascript') return 'none';
  // ioredis 4 declares nothing; what @types/ioredis says of it depends on the options of the compiler.
  if (client.name === 'ioredis' && client.major < 5) return 'structural';
  // Without null checks, the replies of node-redis 5 and later come out as `string | Buffer`.
  if (client.name === 'redis' && client.major >= 5 && host.typescript?.strict === false) return 'structural';
  return isTooOld(host, client) ? 'structural' : 'own';
}

/**
 * The range to add where the host lacks the client: the newest major that runs on the host's Node.
 * ioredis 5 needs Node 12.22, node-redis 4 needs 14, node-redis 5 needs 18.
 */
export function clientRange(name: ClientName, host: Pick<Host, 'node'>): string {
  if (name === 'ioredis') return '^5.11.1';
  return host.node && host.node.major < 18 ? '^4.7.1' : '^5.12.1';
}

/** The major that a range as written in a manifest stands for; the newest supported one where it does not say. */
export function clientMajor(name: ClientName, range: string): number {
  const major = Number(/(?:^|[^\d.])(\d+)(?:\.|$|\s|-)/.exec(range)?.[1]);
  return major >= 1 ? major : name === 'ioredis' ? 5 : 6;
}

/** The import of the client, as source text in the templates' style. */
export function clientImport(host: Host, client: ClientChoice): string {
  const [binding, module] =
    client.name === 'redis' ? ['{ createClient }', 'redis'] : [ioredisBinding(client), 'ioredis'];
  const types = clientTypes(host, client);
  // Declarations that the compiler cannot parse must not be looked at.
  if (usesRequire(host) || isTooOld(host, client)) return `const ${binding} = require('${module}');`;
  const statement = `import ${binding} from '${module}';`;
  if (client.name === 'ioredis')
    return types === 'structural' ? `// @ts-ignore: types may be missing\n${statement}` : statement;
  return types === 'own' ? `import type { RedisClientType } from '${module}';\n${statement}` : statement;
}

/** Values of the templates that differ from client to client. */
export function clientView(host: Host, client: ClientChoice): Record<string, unknown> {
  const node = client.name === 'redis';
  return {
    ioredis: !node,
    redis4: node && client.major < 5,
    redis6: node && client.major >= 6,
    structural: clientTypes(host, client) === 'structural',
    clientPackage: client.name,
    clientType: node ? 'RedisClientType' : 'Redis',
    clientJsType: node ? 'RedisClientType' : 'Redis',
    isReady: node ? 'client.isReady' : "client.status === 'ready'",
    mget: node ? 'mGet' : 'mget',
  };
}

/** Arguments of SET that give a time to live, with or without NX. */
export function setArguments(client: ClientChoice, milliseconds: string, onlyIfAbsent: boolean): string {
  const value = `PX: ${milliseconds}`;
  if (client.name === 'redis') return onlyIfAbsent ? `{ ${value}, NX: true }` : `{ ${value} }`;
  return onlyIfAbsent ? `'PX', ${milliseconds}, 'NX'` : `'PX', ${milliseconds}`;
}

/** ioredis 5 brought the named export, which the other majors' default lacks in some module systems. */
function ioredisBinding(client: ClientChoice): string {
  return client.major < 5 ? 'Redis' : '{ Redis }';
}

function isTooOld(host: Host, client: ClientChoice): boolean {
  return !isAtLeast(host, ...OLDEST_TYPESCRIPT[client.name](client.major));
}
