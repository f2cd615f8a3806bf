/** Finds the Redis that a compose file has already, and how its neighbours reach it. */
import type { ComposeFacts } from './read.ts';
import type { RedisPlan } from './redis-plan.ts';
import type { ComposeService } from './service.ts';
import { DEFAULT_PORT } from './wish.ts';
import type { RedisWish } from './wish.ts';

/** @returns the service to use: the one the user named, else the one that apps name, else the first primary */
export function findRedis(facts: ComposeFacts, wish: RedisWish): ComposeService | undefined {
  if (wish.serviceChosen) return facts.services.find((service) => service.name === wish.service);
  const candidates = facts.services.filter((service) => service.role === 'redis');
  const named = new Set(facts.services.flatMap((service) => service.redisHosts));
  const awaited = new Set(facts.services.filter(({ role }) => role === 'app').flatMap((app) => app.dependsOn.names));
  return (
    candidates.find((service) => named.has(service.name)) ??
    candidates.find((service) => awaited.has(service.name)) ??
    candidates.find((service) => service.name === (wish.service ?? 'redis')) ??
    candidates.find((service) => !/replica|slave|secondary|sentinel|test/i.test(service.name)) ??
    candidates[0]
  );
}

export function reuse(service: ComposeService, wish: RedisWish): RedisPlan {
  const containerPort = listeningPort(service);
  const published = service.ports.find(
    (port) => port.protocol !== 'udp' && contains(port.target, containerPort) && port.host,
  );
  const hostPort =
    published?.host && published.target ? published.host[0] + containerPort - published.target[0] : undefined;
  const image = service.image?.resolved ?? service.image?.written;
  const expression = hostPort === published?.host?.[0] ? published?.hostExpression : undefined;
  const cluster = /cluster/.test(`${image ?? ''} ${service.command ?? ''}`);
  return {
    facts: {
      service: service.name,
      ...(image !== undefined && { image }),
      containerPort,
      ...(hostPort !== undefined && { hostPort, hostPortExpression: expression ?? String(hostPort) }),
      ...(service.networkMode === 'host' && { hostPort: containerPort, hostPortExpression: String(containerPort) }),
      ...(service.password !== undefined && { password: service.password }),
      ...(service.volumes[0] !== undefined && { volume: service.volumes[0] }),
      networks: service.networks.names.filter((name) => name !== 'default'),
      reused: true,
    },
    edits: [],
    notes: [
      `Redis is there already: service ${service.name}`,
      ...(cluster ? [`${service.name} runs as a cluster and needs a cluster client`] : []),
      ...(hostPort === undefined && service.networkMode !== 'host' && wish.hostPort !== false
        ? [`${service.name} is not published to the host`]
        : []),
    ],
    healthy: service.healthcheck,
    profiles: service.profiles,
  };
}

/** `--port` of its command or the variable of the usual images, else 6379. */
function listeningPort(service: ComposeService): number {
  const port = /--port[= ]+(\d+)/.exec(service.command ?? '')?.[1];
  return port === undefined ? soleTarget(service) : Number(port);
}

/** A single published port other than 6379 tells where an image of one's own listens. */
function soleTarget(service: ComposeService): number {
  const targets = service.ports.flatMap((port) => (port.target ? [port.target] : []));
  if (targets.length === 0 || targets.some((target) => contains(target, DEFAULT_PORT))) return DEFAULT_PORT;
  return targets.length === 1 ? targets[0]![0] : DEFAULT_PORT;
}

function contains(range: readonly [number, number] | undefined, port: number): boolean {
  return range !== undefined && range[0] <= port && port <= range[1];
}
