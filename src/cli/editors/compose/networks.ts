/** Chooses the networks of a new Redis: those on which its apps can reach it, and no more. */
import type { ComposeFacts } from './read.ts';
import type { ComposeService } from './service.ts';

const DEFAULT = 'default';

/** @returns names for `networks:`; empty where the default network serves */
export function chooseNetworks(facts: ComposeFacts, apps: readonly ComposeService[]): string[] {
  const datastores = facts.services.filter((service) => service.role === 'datastore' && !service.networkMode);
  const reachable = apps.flatMap((app) => networkOwner(facts, app) ?? []);
  if (apps.length > 0 && reachable.length === 0) return [];
  const clients = [reachable, datastores, facts.services.filter((service) => !service.networkMode)].find(
    (s) => s.length > 0,
  );
  if (!clients) return [];
  const sets = clients.map(networksOf);
  const common = sets.reduce((left, right) => left.filter((name) => right.includes(name)));
  const chosen = common.length > 0 ? [pickOne(facts, common, datastores)] : cover(sets);
  return chosen.length === 1 && chosen[0] === DEFAULT ? [] : chosen;
}

/** The service whose networks this one is on: itself, or the one whose namespace it shares. */
export function networkOwner(facts: ComposeFacts, service: ComposeService, depth = 0): ComposeService | undefined {
  const mode = service.networkMode;
  if (mode === undefined) return service;
  const other = mode.startsWith('service:') ? facts.services.find(({ name }) => name === mode.slice(8)) : undefined;
  return other && depth < 8 ? networkOwner(facts, other, depth + 1) : undefined;
}

/** True when the two can talk by service name. */
export function shareNetwork(a: ComposeService, b: ComposeService): boolean {
  if (a.networkMode !== undefined || b.networkMode !== undefined) return false;
  const other = networksOf(b);
  return networksOf(a).some((name) => other.includes(name));
}

function networksOf(service: ComposeService): readonly string[] {
  return service.networks.names.length > 0 ? service.networks.names : [DEFAULT];
}

function pickOne(facts: ComposeFacts, common: readonly string[], datastores: readonly ComposeService[]): string {
  const preferences: ((name: string) => boolean)[] = [
    (name) => datastores.some((service) => networksOf(service).includes(name)),
    (name) => !facts.externalNetworks.includes(name),
    (name) => !/public|proxy|traefik|ingress|edge|front|web/i.test(name),
    (name) => /back|internal|private|data|db|cache|redis/i.test(name),
  ];
  let left = common;
  for (const preferred of preferences) {
    const kept = left.filter(preferred);
    if (kept.length > 0) left = kept;
  }
  return left[0]!;
}

/** A small set of networks that meets every client, the most shared ones first. */
function cover(sets: readonly (readonly string[])[]): string[] {
  const chosen: string[] = [];
  let open = [...sets];
  while (open.length > 0) {
    const names = [...new Set(open.flat())];
    const best = names.reduce((a, b) => (countOf(open, b) > countOf(open, a) ? b : a));
    chosen.push(best);
    open = open.filter((set) => !set.includes(best));
  }
  return chosen;
}

function countOf(sets: readonly (readonly string[])[], name: string): number {
  return sets.filter((set) => set.includes(name)).length;
}
