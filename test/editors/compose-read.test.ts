/** Reading compose files: roles by image and name, ports, interpolation, places of conflicts, speed on large files. */
import { describe, expect, it } from 'vitest';
import { addRedis, composeSnippet, newCompose, readCompose } from '../../src/cli/editors/compose/index.ts';
import type { ComposeFacts, ComposeService } from '../../src/cli/editors/compose/index.ts';
import { interpolate } from '../../src/cli/editors/compose/interpolate.ts';
import { readPorts } from '../../src/cli/editors/compose/ports.ts';

const wish = { image: 'redis:7-alpine', environment: [{ name: 'REDIS_URL', gives: 'url' as const }] };

function read(text: string, variables: Record<string, string> = {}): ComposeFacts {
  const facts = readCompose(text, { variables });
  if (facts.status !== 'facts') throw new Error(facts.reason);
  return facts;
}

function service(body: string, name = 'it'): ComposeService {
  const lines = body.split('\n').map((line) => `    ${line}`);
  return read(`services:\n  ${name}:\n${lines.join('\n')}\n`).services[0]!;
}

describe('roles', () => {
  it.each([
    ['cache', 'redis:7-alpine', 'redis'],
    ['cache', 'docker.io/library/redis@sha256:0123', 'redis'],
    ['cache', 'public.ecr.aws/docker/library/redis:7', 'redis'],
    ['cache', 'bitnami/redis', 'redis'],
    ['cache', 'redis/redis-stack-server:latest', 'redis'],
    ['cache', 'valkey/valkey:8', 'redis'],
    ['cache', 'eqalpha/keydb', 'redis'],
    ['cache', 'docker.dragonflydb.io/dragonflydb/dragonfly', 'redis'],
    ['cache', 'bitnami/redis-cluster:7.2', 'redis'],
    ['cache', 'registry.example:5000/redis', 'redis'],
    ['cache', '${REDIS_IMAGE:-redis}:${TAG:-7}', 'redis'],
    ['cache', 'redis:${TAG}', 'redis'],
    ['cache', '${REDIS_IMAGE}', 'redis'],
    ['redis', 'ghcr.io/acme/kv:2', 'redis'],
    ['my_redis', 'ghcr.io/acme/kv:2', 'redis'],
    ['redis-ui', 'rediscommander/redis-commander', 'other'],
    ['redis', 'rediscommander/redis-commander', 'other'],
    ['redis', 'redis/redisinsight:latest', 'other'],
    ['metrics', 'oliver006/redis_exporter', 'other'],
    ['srh', 'hiett/serverless-redis-http', 'other'],
    ['sentinel', 'bitnami/redis-sentinel', 'other'],
    ['redis', 'nginx:alpine', 'other'],
    ['redis', 'postgres:16', 'datastore'],
    ['kv', 'acme/redis-fork-x', 'maybe-redis'],
    ['cache', '${CACHE_IMAGE}', 'maybe-redis'],
    ['db', 'postgis/postgis:16-3.4', 'datastore'],
    ['db', 'mcr.microsoft.com/mssql/server', 'datastore'],
    ['db', 'docker.elastic.co/elasticsearch/elasticsearch:8.1.0', 'datastore'],
    ['web', 'nginx', 'other'],
    ['node', 'node:20', 'other'],
  ])('%s with image %s is %s', (name, image, role) => {
    expect(service(`image: ${image}`, name).role).toBe(role);
  });

  it.each([
    ['api', 'app'],
    ['redis', 'redis'],
    ['redis-worker', 'app'],
    ['db', 'datastore'],
    ['nginx', 'other'],
  ])('%s that is built here is %s', (name, role) => {
    expect(service('build: .', name).role).toBe(role);
  });

  it('tells helpers of Redis by what they run', () => {
    expect(service('image: redis:7\ncommand: redis-cli --cluster create', 'redis-init').role).toBe('other');
    expect(service('image: redis:7\ncommand: redis-sentinel /etc/sentinel.conf', 'watch').role).toBe('other');
    expect(service('image: node:20\nvolumes:\n  - .:/app', 'web').role).toBe('app');
  });

  it('takes an image of the project itself for the app where nothing is built', () => {
    const rest =
      'services:\n  api:\n    image: acme/shop-api:1\n    depends_on: [ db ]\n  db:\n    image: postgres:16\n';
    expect(read(rest).services[0]!.role).toBe('app');
    expect(read(`${rest}  web:\n    build: .\n`).services[0]!.role).toBe('other');
    expect(read(rest.replace('acme/shop-api', 'nginx')).services[0]!.role).toBe('other');
  });

  it('takes a service for the Redis that an app names as its host', () => {
    const facts = read(
      'services:\n  app:\n    build: .\n    environment:\n      REDIS_URL: redis://kv:6379\n  kv:\n    image: acme/redis-x\n',
    );
    expect(facts.services.map(({ role }) => role)).toEqual(['app', 'redis']);
  });
});

describe('interpolate', () => {
  it.each([
    ['${A:-b}', {}, 'b', []],
    ['${A:-b}', { A: '' }, 'b', []],
    ['${A-b}', { A: '' }, '', []],
    ['$A/${B}', { A: 'x' }, 'x/', ['B']],
    ['${A:-${B:-c}}', {}, 'c', []],
    ['${A:?set it}', {}, '', ['A']],
    ['${A:+yes}', { A: '1' }, 'yes', []],
    ['$$A', {}, '$A', []],
  ] as const)('%s', (written, variables, text, unresolved) => {
    expect(interpolate(written, variables)).toEqual({ text, unresolved });
  });
});

describe('ports', () => {
  it.each([
    ['6379', undefined, [6379, 6379], undefined],
    ['6379:6380', [6379, 6379], [6380, 6380], undefined],
    ['127.0.0.1:${P:-7000}:6379', [7000, 7000], [6379, 6379], '127.0.0.1'],
    ['[::1]:6379:6379', [6379, 6379], [6379, 6379], '::1'],
    ['6370-6380:6370-6380/tcp', [6370, 6380], [6370, 6380], undefined],
    ['${P}:6379', undefined, [6379, 6379], undefined],
  ] as const)('%s', (written, host, target, address) => {
    const [port] = readPorts([written]);
    expect({ host: port?.host, target: port?.target, address: port?.address }).toEqual({ host, target, address });
  });

  it('reads the long form and lists each port of a range', () => {
    const [port] = readPorts([{ target: 80, published: '8080-8082', protocol: 'udp', host_ip: '::' }]);
    expect(port).toMatchObject({ hosts: [8080, 8081, 8082], protocol: 'udp', address: '::' });
  });
});

describe('readCompose', () => {
  it('gathers what a planner needs of a service', () => {
    const facts = read(`name: x
include: [ a.yml, { path: b.yml } ]
services:
  app:
    build: { context: ./api, dockerfile: Dockerfile.dev }
    env_file: [ .env, { path: .env.local, required: false } ]
    environment: [ "A=1", B ]
    profiles: [ dev ]
    depends_on: { db: { condition: service_healthy } }
    networks: { back: { aliases: [ x ] } }
  db:
    image: postgres:16
    container_name: x_db
    restart: always
    volumes: [ "pg:/data", "./x:/y", { type: volume, source: other, target: /z } ]
# redis:
#   image: redis
volumes: { pg: , other: }
networks: { back: { external: true } }
`);
    expect(facts).toMatchObject({
      volumes: ['pg', 'other'],
      networks: ['back'],
      externalNetworks: ['back'],
      includes: ['a.yml', 'b.yml'],
      commentedRedis: 16,
    });
    expect(facts.services[0]).toMatchObject({
      line: 4,
      role: 'app',
      buildPaths: ['./api', 'Dockerfile.dev'],
      envFiles: ['.env', '.env.local'],
      environment: { form: 'list', names: ['A', 'B'] },
      dependsOn: { form: 'map', names: ['db'] },
      networks: { form: 'map', names: ['back'] },
      profiles: ['dev'],
    });
    expect(facts.services[1]).toMatchObject({
      line: 11,
      restart: 'always',
      containerName: 'x_db',
      volumes: ['pg', 'other'],
    });
  });

  it('says where a file does not parse', () => {
    expect(readCompose('services:\n  a: [\n')).toMatchObject({ status: 'conflict', code: 'syntax', line: 3 });
    expect(readCompose('a: &x [*x2]')).toMatchObject({ status: 'conflict', code: 'syntax', line: 1 });
  });
});

describe('newCompose', () => {
  it('writes a file that reads back as meant', () => {
    const { text, facts } = newCompose({ ...wish, takenPorts: [6379] });
    expect(text).toBe(composeSnippet({ ...wish, takenPorts: [6379] }));
    expect(facts).toMatchObject({ service: 'redis', hostPort: 6380, hostPortExpression: '${REDIS_PORT:-6380}' });
    expect(text).not.toContain('version');
    expect(addRedis(text, wish)).toMatchObject({
      status: 'unchanged',
      facts: { reused: true, hostPort: 6380, hostPortExpression: '${REDIS_PORT:-6380}' },
    });
  });

  it('finds an image of its own kind again', () => {
    const own = { image: 'ghcr.io/acme/server:1', service: 'kv' };
    expect(addRedis(newCompose(own).text, own).status).toBe('unchanged');
  });
});

it('keeps up with a file of 2,000 services', () => {
  const bodies = Array.from(
    { length: 2000 },
    (_, at) => `  s${at}:\n    image: example/s:${at}\n    ports: [ "${10_000 + at}:80" ]\n`,
  );
  const text = `services:\n${bodies.join('')}  app:\n    build: .\n`;
  const outcome = addRedis(text, wish);
  expect(outcome.status).toBe('changed');
  expect(outcome.status === 'changed' && outcome.text.length - text.length).toBeLessThan(600);
});

describe('a variable that an app names without a value', () => {
  const file = 'services:\n  api:\n    build: .\n    environment:\n      - REDIS_URL\n';

  function leftAlone(variables: Record<string, string>): readonly unknown[] {
    const outcome = addRedis(file, { ...wish, variables });
    if (outcome.status === 'conflict') throw new Error(outcome.reason);
    return outcome.facts.skippedApps;
  }

  it('is left to whoever runs compose, who is told', () => {
    const reason =
      'it takes REDIS_URL from the shell or .env that compose runs with, where it must be redis://redis:6379/0';
    expect(leftAlone({})).toEqual([{ service: 'api', reason }]);
    expect(leftAlone({ REDIS_URL: 'redis://localhost:6379' })).toEqual([{ service: 'api', reason }]);
  });

  it('is fine where .env has an address that holds there', () => {
    expect(leftAlone({ REDIS_URL: 'redis://redis:6379' })).toEqual([]);
  });
});
