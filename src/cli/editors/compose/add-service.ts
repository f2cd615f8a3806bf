/** Plans a new Redis service and its volume: the splices, and the facts that follow from them. */
import { isMap, isScalar } from 'yaml';
import { conflict } from '../outcome.ts';
import type { Conflict } from '../outcome.ts';
import { positionOf } from '../text.ts';
import { map, scalar } from '../yaml/emit.ts';
import type { Emit, EmitEntry, YamlStyle } from '../yaml/emit.ts';
import { addBelow, appendEntries } from '../yaml/insert.ts';
import type { YamlEdit } from '../yaml/insert.ts';
import { columnOf, gapsOf, styleBeside, usualGap } from '../yaml/layout.ts';
import { findPair, isBlock } from '../yaml/lookup.ts';
import type { MapNode, PairNode } from '../yaml/lookup.ts';
import { itemEnd } from '../yaml/tokens.ts';
import { choosePort, chooseVolume, freeServiceName } from './names.ts';
import { chooseNetworks } from './networks.ts';
import type { ComposeFacts, ComposeSource } from './read.ts';
import type { RedisPlan } from './redis-plan.ts';
import { healthcheckOf, redisService, sharedProfiles } from './redis-service.ts';
import type { ComposeService } from './service.ts';
import { DEFAULT_PORT } from './wish.ts';
import type { RedisWish } from './wish.ts';

export function addService(
  compose: ComposeSource,
  wish: RedisWish,
  apps: readonly ComposeService[],
): RedisPlan | Conflict {
  const { facts, source } = compose;
  const name = freeServiceName(facts, wish.service ?? 'redis');
  const volume = chooseVolume(facts, name, wish.volume);
  // A stack ignores the address of a published port: Redis would be open to everyone.
  const port = facts.swarm ? undefined : choosePort(facts, source.text, wish);
  const networks = chooseNetworks(facts, apps);
  const profiles = sharedProfiles(apps);
  const service = redisService(wish, { name, volume: volume.name, networks, profiles, ...(port && { port }) }, compose);
  const edits = placeEntries(compose, service, volume.declared ? undefined : volume.name);
  if ('status' in edits) return edits;
  return {
    facts: {
      service: name,
      image: wish.image,
      containerPort: DEFAULT_PORT,
      ...(port && { hostPort: port.port, hostPortExpression: port.expression }),
      volume: volume.name,
      networks,
      reused: false,
    },
    edits: edits.edits,
    notes: [
      `service ${name}`,
      ...(volume.declared ? [] : [`volume ${volume.name}`]),
      ...(port && port.port !== (wish.hostPort ?? DEFAULT_PORT)
        ? [`port ${port.port} on the host, as ${wish.hostPort ?? DEFAULT_PORT} is taken`]
        : []),
      ...commentedNote(facts),
    ],
    healthy: healthcheckOf(wish) !== undefined,
    profiles,
  };
}

/** Splices for `services` and `volumes`, whichever of the two exist. */
function placeEntries(
  compose: ComposeSource,
  service: EmitEntry,
  volume: string | undefined,
): { edits: YamlEdit[] } | Conflict {
  const { source, servicesPair, services } = compose;
  const root = compose.root!;
  const { text } = source;
  const step = rootStep(text, root, services);
  const style = styleBeside(text, services, { steps: [step] });
  const rootStyle: YamlStyle = { ...style, steps: [step, ...style.steps] };
  const edits: YamlEdit[] = [];
  const fresh: EmitEntry[] = [];
  if (services && services.items.length > 0) {
    edits.push(appendEntries(text, services, [service], { style, gap: serviceGap(text, root, services) }));
  } else if (servicesPair) {
    const edit = addBelow(text, root, servicesPair, [service], { style: rootStyle });
    if (!edit) return unfit(text, servicesPair, 'services');
    edits.push(edit);
  } else {
    fresh.push(['services', map(service)]);
  }
  const volumesPair = volume === undefined ? undefined : findPair(root, 'volumes');
  if (volume !== undefined && volumesPair) {
    const entry: EmitEntry = [volume, volumeValue(volumesPair, root)];
    const edit = addBelow(text, root, volumesPair, [entry], { style: rootStyle });
    if (!edit) return unfit(text, volumesPair, 'volumes');
    edits.push(edit);
  } else if (volume !== undefined) {
    fresh.push(['volumes', map([volume, isBlock(root) ? scalar(null) : map()])]);
  }
  if (fresh.length > 0) {
    const gap = rootGap(text, root, services);
    edits.push(appendEntries(text, root, fresh, { style: rootStyle, gap, between: gap }));
  }
  return { edits };
}

/** As the siblings declare theirs: `name:`, `name: {}`, or with the driver that they all name. */
function volumeValue(pair: PairNode, root: MapNode): Emit {
  const siblings: readonly PairNode[] = isMap(pair.value) ? (pair.value as MapNode).items : [];
  const values = siblings.map((sibling): unknown => sibling.value);
  const inFlow = !isBlock(root) || (isMap(pair.value) && siblings.length > 0 && !isBlock(pair.value as MapNode));
  if (values.length === 0) return inFlow ? map() : scalar(null);
  if (values.every((value) => isMap(value) && value.items.length === 0)) return map();
  const drivers = values.map((value) => (isMap(value) && value.items.length === 1 ? value.get('driver') : undefined));
  const local = drivers.every((driver) => driver === 'local');
  if (local && values.every((value) => isBlock(value as MapNode))) return map(['driver', scalar('local')]);
  if (local) return { kind: 'map', entries: [['driver', scalar('local')]], flow: true };
  return inFlow ? map() : scalar(null);
}

function rootStep(text: string, root: MapNode, services: MapNode | undefined): number {
  const below = services && isBlock(services) ? services : undefined;
  const other: unknown = root.items.findLast((pair) => isMap(pair.value) && isBlock(pair.value as MapNode))?.value;
  const node = below ?? (isMap(other) ? (other as MapNode) : undefined);
  return node && isBlock(root) ? columnOf(text, node) - columnOf(text, root) || 2 : 2;
}

/** Blank lines before a new service. A single one says nothing, so the top level is asked. */
function serviceGap(text: string, root: MapNode, services: MapNode): number {
  return usualGap(gapsOf(text, services)) ?? Math.min(1, usualGap(gapsBehindBlocks(text, root)) ?? 1);
}

/** Blank lines before a new top-level key: as before the keys that follow a block. */
function rootGap(text: string, root: MapNode, services: MapNode | undefined): number {
  const behindBlocks = usualGap(gapsBehindBlocks(text, root));
  if (behindBlocks !== undefined) return behindBlocks;
  return Math.max(gapsOf(text, root).at(-1) ?? 0, services ? serviceGap(text, root, services) : 1);
}

function gapsBehindBlocks(text: string, root: MapNode): number[] {
  return gapsOf(text, root).filter((_, at) => spansLines(text, root.items[at]));
}

function spansLines(text: string, pair: PairNode | undefined): boolean {
  const end = pair?.srcToken && itemEnd(pair.srcToken);
  return end !== undefined && !isScalar(pair?.value) && text.slice(pair!.key.range[0], end.offset).includes('\n');
}

function unfit(text: string, pair: PairNode, key: string): Conflict {
  return conflict(
    'shape',
    `\`${key}\` is written in a form that cannot be added to (an alias, a list, a scalar)`,
    `Write \`${key}\` as a map, or add Redis by hand.`,
    positionOf(text, pair.key.range[0]),
  );
}

function commentedNote(facts: ComposeFacts): string[] {
  return facts.commentedRedis === undefined
    ? []
    : [`a commented-out Redis on line ${facts.commentedRedis} is left as it is`];
}
