/** Compose documents of random layout: no byte is lost, the meaning is kept, a second run changes nothing. */
import { load } from 'js-yaml';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRedis, readCompose } from '../../src/cli/editors/compose/index.ts';
import type { ComposeFacts, RedisWish } from '../../src/cli/editors/compose/index.ts';
import { applySplices } from '../../src/cli/editors/outcome.ts';

const wish: RedisWish = { image: 'redis:7-alpine', environment: [{ name: 'REDIS_URL', gives: 'url' }] };

interface Layout {
  readonly eol: string;
  readonly step: number;
  readonly listOffset: number;
  readonly gap: number;
  readonly quote: string;
  readonly tail: string;
  readonly comment: string;
  readonly trailing: string;
}

interface Service {
  readonly kind: 'app' | 'store';
  readonly environment: 'none' | 'map' | 'list' | 'flow-map' | 'flow-list' | 'null';
  readonly dependsOn: 'none' | 'list' | 'map' | 'flow-list' | 'flow-map';
  readonly ports: 'none' | 'list' | 'flow' | 'long';
  readonly last: 'none' | 'literal' | 'keep' | 'plain' | 'comment' | 'deep-comment';
}

const layouts: fc.Arbitrary<Layout> = fc.record({
  eol: fc.constantFrom('\n', '\r\n'),
  step: fc.integer({ min: 1, max: 5 }),
  listOffset: fc.integer({ min: 0, max: 4 }),
  gap: fc.integer({ min: 0, max: 3 }),
  quote: fc.constantFrom('', '"', "'"),
  tail: fc.constantFrom('', '\n', '\n\n', '\n# the end', '\n\n# the end\n', '\n...\n'),
  comment: fc.constantFrom('', ' # why', '\t# tab', '   '),
  trailing: fc.constantFrom('none', 'volumes', 'volumes-null', 'volumes-braces', 'networks', 'anchor'),
});

const services: fc.Arbitrary<Service> = fc.record({
  kind: fc.constantFrom('app', 'store'),
  environment: fc.constantFrom('none', 'map', 'list', 'flow-map', 'flow-list', 'null'),
  dependsOn: fc.constantFrom('none', 'list', 'map', 'flow-list', 'flow-map'),
  ports: fc.constantFrom('none', 'list', 'flow', 'long'),
  last: fc.constantFrom('none', 'literal', 'keep', 'plain', 'comment', 'deep-comment'),
});

describe('compose documents of random layout', () => {
  it('keep every byte and every value, and are settled after one run', () => {
    fc.assert(
      fc.property(layouts, fc.array(services, { minLength: 1, maxLength: 4 }), (layout, list) => {
        const before = write(layout, list);
        const outcome = addRedis(before, wish);
        expect(outcome.status, JSON.stringify(outcome)).toBe('changed');
        if (outcome.status !== 'changed') return;
        expect(outcome.text).toBe(applySplices(before, outcome.splices));
        for (const { start, end } of outcome.splices) expect(before.slice(start, end)).toMatch(/^(?: ?\{\})?$/);
        expect(isSubsequenceOfLines(before, outcome.text)).toBe(true);
        expectMeaning(load(before), load(outcome.text), list);
        expect(addRedis(outcome.text, wish).status).toBe('unchanged');
        expect(outcome.text.replaceAll(layout.eol, '')).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 250, seed: 20_261_121 },
    );
  });

  it('read the same roles and ports after the edit', () => {
    fc.assert(
      fc.property(layouts, fc.array(services, { minLength: 1, maxLength: 4 }), (layout, list) => {
        const before = write(layout, list);
        const outcome = addRedis(before, wish);
        if (outcome.status !== 'changed') throw new Error(outcome.status);
        const old = (readCompose(before) as ComposeFacts).services;
        const fresh = (readCompose(outcome.text) as ComposeFacts).services;
        expect(fresh).toHaveLength(old.length + 1);
        expect(fresh.slice(0, -1).map(({ name, role, ports }) => ({ name, role, ports }))).toEqual(
          old.map(({ name, role, ports }) => ({ name, role, ports })),
        );
        expect(fresh.at(-1)).toMatchObject({ name: 'redis', role: 'redis', healthcheck: true });
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});

/** What was there is there; apps gained their address and wait for Redis. */
function expectMeaning(old: unknown, fresh: unknown, list: readonly Service[]): void {
  const before = old as { services: Record<string, Record<string, unknown>> };
  const after = fresh as typeof before & { volumes: object };
  expect(Object.keys(after.services)).toEqual([...Object.keys(before.services), 'redis']);
  expect(Object.keys(after.volumes)).toContain('redis_data');
  for (const [at, service] of list.entries()) {
    const name = nameOf(service, at);
    const { environment: _, depends_on: __, ...rest } = before.services[name]!;
    expect(after.services[name]).toMatchObject(rest);
    const text = JSON.stringify([after.services[name]!['environment'], after.services[name]!['depends_on']]);
    expect(text.includes('redis://redis:6379/0')).toBe(service.kind === 'app');
    if (service.kind === 'store') expect(after.services[name]).toEqual(before.services[name]);
    else
      for (const word of ['K1', 'store'])
        expect(text.includes(word)).toBe(JSON.stringify(before.services[name]).includes(word));
  }
}

function isSubsequenceOfLines(before: string, after: string): boolean {
  let at = 0;
  for (const char of before.replaceAll('{}', '').replaceAll(' ', '')) {
    at = after.indexOf(char, at);
    if (at === -1) return false;
    at++;
  }
  return true;
}

function nameOf(service: Service, at: number): string {
  return service.kind === 'app' ? `api${at}` : `postgres${at}`;
}

function write(layout: Layout, list: readonly Service[]): string {
  const { step, comment, gap } = layout;
  const lines = [`services:${comment}`];
  for (const [at, service] of list.entries()) {
    if (at > 0) lines.push(...Array.from({ length: gap }, () => ''));
    lines.push(`${' '.repeat(step)}${nameOf(service, at)}:${comment}`, ...body(layout, service, step * 2));
  }
  const blank = Array.from({ length: gap }, () => '');
  if (layout.trailing === 'volumes') lines.push(...blank, 'volumes:', `${' '.repeat(step)}a:`);
  if (layout.trailing === 'volumes-null') lines.push(...blank, `volumes:${comment}`);
  if (layout.trailing === 'volumes-braces') lines.push(...blank, `volumes: {}${comment}`);
  if (layout.trailing === 'networks') lines.push(...blank, '# nets', 'networks:', `${' '.repeat(step)}n: {}`);
  if (layout.trailing === 'anchor') lines.unshift('x-a: &a', `${' '.repeat(step)}TZ: UTC`, '');
  return (lines.join('\n') + layout.tail).replaceAll('\n', layout.eol);
}

function body(layout: Layout, service: Service, column: number): string[] {
  const { step, listOffset, quote: q, comment } = layout;
  const pad = ' '.repeat(column);
  const inner = ' '.repeat(column + step);
  const item = `${' '.repeat(column + listOffset)}- `;
  const image = service.kind === 'app' ? 'build: .' : `image: ${q}postgres:16${q}`;
  const lines = [`${pad}${image}${comment}`];
  if (service.environment === 'map') lines.push(`${pad}environment:`, `${inner}K1: ${q}v${q}${comment}`);
  if (service.environment === 'list') lines.push(`${pad}environment:${comment}`, `${item}${q}K1=v${q}`);
  if (service.environment === 'flow-map') lines.push(`${pad}environment: { K1: v }${comment}`);
  if (service.environment === 'flow-list') lines.push(`${pad}environment: [${q}K1=v${q}]`);
  if (service.environment === 'null') lines.push(`${pad}environment:${comment}`);
  if (service.dependsOn === 'list') lines.push(`${pad}depends_on:`, `${item}${q}store${q}${comment}`);
  if (service.dependsOn === 'flow-list') lines.push(`${pad}depends_on: [ store ]`);
  if (service.dependsOn === 'map')
    lines.push(`${pad}depends_on:`, `${inner}store:`, `${inner}  condition: service_started`);
  if (service.dependsOn === 'flow-map') lines.push(`${pad}depends_on: {store: {condition: service_started}}`);
  if (service.ports === 'list') lines.push(`${pad}ports:`, `${item}${q}8080-8081:80-81${q}`);
  if (service.ports === 'flow') lines.push(`${pad}ports: [ "127.0.0.1:9000:80" ]`);
  if (service.ports === 'long')
    lines.push(`${pad}ports:`, `${item}target: 80`, `${' '.repeat(item.length)}published: 8000`);
  if (service.last === 'literal') lines.push(`${pad}command: |`, `${inner}npm ci`, `${inner}# no comment`);
  if (service.last === 'keep') lines.push(`${pad}command: |+`, `${inner}npm start`, '', '');
  if (service.last === 'plain') lines.push(`${pad}command: npm`, `${inner}  start --x`);
  if (service.last === 'comment') lines.push(`${pad}# ports:`, `${pad}#   - 1:1`);
  if (service.last === 'deep-comment') lines.push(`${inner}  # off`);
  return lines;
}
