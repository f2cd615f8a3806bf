/** Puts the service into the compose file that the app belongs to, or finds the one that is there. */
import { posix } from 'node:path';
import { addRedis, interpolate, newCompose, readCompose } from '../../editors/compose/index.ts';
import type {
  ComposeFacts,
  ComposeService,
  EnvironmentWish,
  RedisFacts,
  RedisWish,
} from '../../editors/compose/index.ts';
import { readVariables } from '../../editors/dotenv/index.ts';
import type { Conflict } from '../../editors/outcome.ts';
import { findComposeFiles, isElsewhere, type ComposeFile } from './compose-files.ts';
import { inFolder, type StepContext } from './context.ts';

export interface ComposeResult {
  /** Relative to the tree's root. */
  readonly path: string;
  readonly facts: RedisFacts;
  /** Of the Redis that was there, for the developer's own env file only. */
  readonly password: string | undefined;
}

interface ReadFile extends ComposeFile {
  readonly facts: ComposeFacts;
}

/**
 * Stages the edit.
 * @param gives what the app's containers are told: the address whole or in parts
 * @returns undefined when it ended in a conflict, which the tree then holds
 */
export function stageCompose(context: StepContext, gives: readonly EnvironmentWish[]): ComposeResult | undefined {
  const { tree, host } = context;
  const files: ReadFile[] = [];
  const found = findComposeFiles(tree, host.app);
  for (let i = 0; i < found.length; i++) {
    const file = found[i]!;
    const facts = readCompose(file.text, {
      variables: composeVariables(context, file.path),
      projectNames: projectNames(context),
    });
    if (facts.status === 'facts') {
      files.push({ ...file, facts });
      // What a file includes is part of the same project: a service there must not come a second time.
      found.push(...includedFiles(context, file, facts).filter(({ path }) => !found.some((one) => one.path === path)));
    } else if (files.length === 0 && !isElsewhere(file.path)) return refuse(context, file.path, facts);
  }
  const base = chooseBase(files, context);
  if (!base) return stageNewFile(context, gives);
  const wish = wishFor(context, base, files, gives);
  const outcome = addRedis(base.text, wish);
  if (outcome.status === 'conflict') return refuse(context, base.path, outcome);
  tree.stageOutcome(base.path, outcome);
  for (const skipped of outcome.facts.skippedApps) {
    context.warnings.push({ path: base.path, message: `service ${skipped.service} was left alone: ${skipped.reason}` });
  }
  warnOfUnwired(context, base, files);
  if (outcome.facts.hostPort === undefined) {
    const { service } = outcome.facts;
    const message = `${service} publishes no port: the containers reach it, programs on your machine do not until it has \`ports\``;
    context.warnings.push({ path: base.path, message });
  }
  return { path: base.path, facts: outcome.facts, password: passwordOf(outcome.facts, wish) };
}

/** Redis stands in one file and the app in another, where this edit does not reach. */
function warnOfUnwired(context: StepContext, base: ReadFile, files: readonly ReadFile[]): void {
  for (const file of files) {
    if (file === base || isElsewhere(file.path)) continue;
    for (const service of file.facts.services.filter(({ role }) => role === 'app')) {
      if (base.facts.services.some(({ name }) => name === service.name)) continue;
      const message = `service ${service.name} is not wired, as Redis is in ${base.path}: give it REDIS_URL there`;
      context.warnings.push({ path: file.path, message });
    }
  }
}

function includedFiles({ tree }: StepContext, from: ComposeFile, facts: ComposeFacts): ComposeFile[] {
  return facts.includes.flatMap((name) => {
    const path = posix.normalize(inFolder(folderOf(from.path), name));
    const text = path.startsWith('../') ? undefined : tree.read(path);
    return text === undefined ? [] : [{ path, text, kind: 'overlay' }];
  });
}

/** A file that has a Redis, else one that holds the app or data stores, else the first that compose finds itself. */
function chooseBase(files: readonly ReadFile[], { options }: StepContext): ReadFile | undefined {
  const local = files.filter((file) => !isElsewhere(file.path));
  const pool = local.length > 0 ? local : files.filter((file) => file.kind === 'base');
  const has = (roles: readonly string[]) => (file: ReadFile) =>
    file.facts.services.some((service) => roles.includes(service.role) || service.name === options.composeService);
  return (
    pool.find(has(['redis'])) ??
    pool.find(has(['app', 'datastore'])) ??
    pool.find((file) => file.kind === 'base') ??
    pool[0]
  );
}

function stageNewFile(context: StepContext, gives: readonly EnvironmentWish[]): ComposeResult | undefined {
  const { tree, host } = context;
  const folder = host.workspaceMember ? '' : folderOf(host.manifest);
  const path = inFolder(folder, 'compose.yaml');
  const { text, facts } = newCompose({ ...serviceWish(context, gives), apps: [] });
  if (tree.stageNew(path, text, { notes: [`service ${facts.service}`] }) === 'conflict') return undefined;
  return { path, facts, password: undefined };
}

/** Of the Redis that was there; undefined too where only the deployment knows it. */
function passwordOf({ password }: RedisFacts, { variables }: RedisWish): string | undefined {
  if (password === undefined) return undefined;
  const { text, unresolved } = interpolate(password, variables);
  return unresolved.length > 0 || text === '' ? undefined : text;
}

function wishFor(
  context: StepContext,
  base: ReadFile,
  files: readonly ReadFile[],
  gives: readonly EnvironmentWish[],
): RedisWish {
  const { options } = context;
  const others = files.filter((file) => file !== base && !isElsewhere(file.path));
  const takenPorts = others.flatMap((file) => file.facts.services.flatMap((service) => hostPorts(service)));
  return {
    ...serviceWish(context, gives),
    ...(options.composeService ? { service: options.composeService, serviceChosen: true } : {}),
    takenPorts,
    apps: appServices(context, base),
    provided: providedByEnvFiles(context, base, new Set(gives.map(({ name }) => name))),
    variables: composeVariables(context, base.path),
    projectNames: projectNames(context),
  };
}

/** What an image of the project's own may be called: the app, its scope, the repository's root package. */
function projectNames({ tree, host }: StepContext): string[] {
  const root = /^\s*"name"\s*:\s*"([^"]+)"/m.exec(tree.read('package.json') ?? '')?.[1] ?? '';
  const names = [host.name, root].flatMap((name) => name.toLowerCase().replace('@', '').split('/'));
  return [...new Set(names)].filter((name) => name !== '' && !GENERIC.test(name));
}

/** Names that say nothing about whose the image is. */
const GENERIC =
  /^(?:app|api|web|www|server|client|backend|frontend|site|website|service|worker|root|monorepo|source|main|core|docs|demo|example|admin|proxy|db|database)$/;

function serviceWish({ component, image }: StepContext, gives: readonly EnvironmentWish[]): RedisWish {
  return {
    service: component.service.name,
    image: image.reference,
    ...(image.build === undefined ? {} : { build: `./${image.build}` }),
    volume: component.service.volume,
    dataPath: component.service.dataFolder,
    hostPort: component.service.port,
    portVariable: 'REDIS_PORT',
    healthcheck: image.check ?? [image.cli, 'ping'],
    environment: gives,
  };
}

/** In a monorepo only the services built from the app's folder; elsewhere those that the editor takes for the app's. */
function appServices({ host }: StepContext, base: ReadFile): 'auto' | string[] {
  if (host.app === '') return 'auto';
  const apps = base.facts.services.filter((service) => service.role === 'app');
  const name = host.app.slice(host.app.lastIndexOf('/') + 1);
  const own = apps.filter(
    (service) => mentions(service, host.app) || service.name === name || service.name === host.name,
  );
  return own.length > 0 || apps.length > 1 ? own.map((service) => service.name) : 'auto';
}

function mentions(service: ComposeService, folder: string): boolean {
  return service.buildPaths.some((path) => path.replace(/^\.\//, '').startsWith(folder));
}

function hostPorts(service: ComposeService): number[] {
  return service.ports.flatMap(({ host }) =>
    host === undefined ? [] : Array.from({ length: host[1] - host[0] + 1 }, (_, i) => host[0] + i),
  );
}

/** Values that compose itself would put in for `${NAME}`: the `.env` beside the file. */
function composeVariables({ tree }: StepContext, path: string): Record<string, string> {
  const text = tree.read(inFolder(folderOf(path), '.env'));
  return text === undefined ? {} : Object.fromEntries(readVariables(text).map(({ name, value }) => [name, value]));
}

/**
 * By service, the names that its env files give: an `environment` entry would overrule them. An address that only
 * holds on the developer's machine does not count: within a container it is wrong.
 */
function providedByEnvFiles(
  { tree }: StepContext,
  base: ReadFile,
  ours: ReadonlySet<string>,
): Record<string, string[]> {
  const folder = folderOf(base.path);
  return Object.fromEntries(
    base.facts.services.map((service) => {
      const texts = service.envFiles.map((file) => tree.read(inFolder(folder, file.replace(/^\.\//, ''))) ?? '');
      const variables = texts.flatMap((text) => readVariables(text));
      const local = variables.some(({ name, value }) => ours.has(name) && LOOPBACK.test(value));
      return [service.name, variables.map(({ name }) => name).filter((name) => !local || !ours.has(name))];
    }),
  );
}

const LOOPBACK = /^(?:\w+:\/\/(?:[^@/]*@)?)?(?:localhost|127(?:\.\d+){3}|\[?::1\]?|0\.0\.0\.0)(?::\d+)?(?:\/.*)?$/;

function refuse({ tree }: StepContext, path: string, found: Conflict): undefined {
  tree.stageOutcome(path, found);
  return undefined;
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}
