/** Writes Redis where there is no compose file yet, and as text to paste where one cannot be edited. */
import { changed } from '../outcome.ts';
import { eolAt } from '../text.ts';
import { map, printEntry, scalar } from '../yaml/emit.ts';
import type { EmitEntry, YamlStyle } from '../yaml/emit.ts';
import type { ComposeSource } from './read.ts';
import { redisService } from './redis-service.ts';
import { DEFAULT_PORT } from './wish.ts';
import type { ComposeOutcome, RedisFacts, RedisWish } from './wish.ts';

const STYLE: YamlStyle = { steps: [2], listOffset: 2, quote: '"', listPadding: '', mapPadding: ' ' };

/** @returns the whole text of a `compose.yaml` with Redis alone, and what it gives */
export function newCompose(wish: RedisWish): { text: string; facts: RedisFacts } {
  return { text: composeSnippet(wish), facts: newFacts(wish) };
}

/** @returns the entries to paste below `services:` and `volumes:`, those keys included */
export function composeSnippet(wish: RedisWish): string {
  const { service, volume } = entriesOf(wish);
  return `${print(['services', map(service)])}\n\n${print(['volumes', map(volume)])}\n`;
}

/** A file that holds nothing but comments gets the new text behind them. */
export function startCompose({ source }: ComposeSource, wish: RedisWish): ComposeOutcome {
  const { text } = source;
  const eol = eolAt(text, 0);
  const head = text.length === 0 || text.endsWith('\n') ? '' : eol;
  const splice = { start: text.length, end: text.length, text: head + composeSnippet(wish).replaceAll('\n', eol) };
  return { ...changed(text, [splice], [`service ${nameOf(wish)}`, `volume ${volumeOf(wish)}`]), facts: newFacts(wish) };
}

function newFacts(wish: RedisWish): RedisFacts {
  const port = portOf(wish);
  return {
    service: nameOf(wish),
    image: wish.image,
    containerPort: DEFAULT_PORT,
    ...(port && { hostPort: port.port, hostPortExpression: port.expression }),
    volume: volumeOf(wish),
    networks: [],
    reused: false,
    wiredApps: [],
    settledApps: [],
    skippedApps: [],
  };
}

function entriesOf(wish: RedisWish): { service: EmitEntry; volume: EmitEntry } {
  const port = portOf(wish);
  const choices = { name: nameOf(wish), volume: volumeOf(wish), networks: [], profiles: [], ...(port && { port }) };
  return { service: redisService(wish, choices), volume: [volumeOf(wish), scalar(null)] };
}

function portOf(wish: RedisWish): { port: number; expression: string } | undefined {
  if (wish.hostPort === false) return undefined;
  const wanted = wish.hostPort ?? DEFAULT_PORT;
  let port = wanted;
  while (wish.takenPorts?.includes(port)) port++;
  return { port, expression: port === wanted ? String(port) : `\${${wish.portVariable ?? 'REDIS_PORT'}:-${port}}` };
}

function nameOf(wish: RedisWish): string {
  return wish.service ?? 'redis';
}

function volumeOf(wish: RedisWish): string {
  return wish.volume ?? 'redis_data';
}

function print(entry: EmitEntry): string {
  return printEntry(entry, 0, STYLE).join('\n');
}
