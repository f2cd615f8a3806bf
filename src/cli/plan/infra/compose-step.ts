/** Puts the service into the compose file that the app belongs to, or finds the one that is there. */
import { addRedis, newCompose, readCompose } from '../../editors/compose/index.ts';
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
}

interface ReadFile extends ComposeFile {
  readonly facts: ComposeFacts;
}

/** Stages the edit. @returns undefined when it ended in a conflict, which the tree then holds. */
export function stageCompose(context: StepContext): ComposeResult | undefined {
  const { tree, host } = context;
  const files: ReadFile[] = [];
  for (const file of findComposeFiles(tree, host.app)) {
    const facts = readCompose(file.text, { variables: composeVariables(context, file.path) });
    if (facts.status === 'facts') files.push({ ...file, facts });
    else if (files.length === 0 && !isElsewhere(file.path)) return refuse(context, file.path, facts);
  }
  const base = chooseBase(files, context);
  if (!base) return stageNewFile(context);
  const wish = wishFor(context, base, files);
  const outcome = addRedis(base.text, wish);
  if (outcome.status === 'conflict') return refuse(context, base.path, outcome);
  tree.stageOutcome(base.path, outcome);
  for (const skipped of outcome.facts.skippedApps) {
    context.warnings.push({ path: base.path, message: `service ${skipped.service} was left alone: ${skipped.reason}` });
  }
  return { path: base.path, facts: outcome.facts };
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

function stageNewFile(context: StepContext): ComposeResult | undefined {
  const { tree, host } = context;
  const folder = host.workspaceMember ? '' : host.app;
  const path = inFolder(folder, 'compose.yaml');
  const { text, facts } = newCompose({ ...serviceWish(context), apps: [] });
  if (tree.stageNew(path, text, { notes: [`service ${facts.service}`] }) === 'conflict') return undefined;
  return { path, facts };
}

function wishFor(context: StepContext, base: ReadFile, files: readonly ReadFile[]): RedisWish {
  const { options } = context;
  const others = files.filter((file) => file !== base && !isElsewhere(file.path));
  const takenPorts = others.flatMap((file) => file.facts.services.flatMap((service) => hostPorts(service)));
  return {
    ...serviceWish(context),
    ...(options.composeService ? { service: options.composeService, serviceChosen: true } : {}),
    takenPorts,
    apps: appServices(context, base),
    provided: providedByEnvFiles(context, base),
    variables: composeVariables(context, base.path),
  };
}

function serviceWish({ component, image, host }: StepContext): RedisWish {
  return {
    service: component.service.name,
    image: image.reference,
    volume: component.service.volume,
    dataPath: component.service.dataFolder,
    hostPort: component.service.port,
    portVariable: 'REDIS_PORT',
    healthcheck: [image.cli, 'ping'],
    environment: environmentWish(host.framework),
  };
}

/** Adonis reads the parts of the address, everything else a URL. */
function environmentWish(framework: string): EnvironmentWish[] {
  return framework === 'adonis'
    ? [
        { name: 'REDIS_HOST', gives: 'host' },
        { name: 'REDIS_PORT', gives: 'port' },
      ]
    : [{ name: 'REDIS_URL', gives: 'url' }];
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

/** By service, the names that its env files give: an `environment` entry would overrule them. */
function providedByEnvFiles({ tree }: StepContext, base: ReadFile): Record<string, string[]> {
  const folder = folderOf(base.path);
  return Object.fromEntries(
    base.facts.services.map((service) => {
      const texts = service.envFiles.map((file) => tree.read(inFolder(folder, file.replace(/^\.\//, ''))) ?? '');
      return [service.name, texts.flatMap((text) => readVariables(text).map((variable) => variable.name))];
    }),
  );
}

function refuse({ tree }: StepContext, path: string, found: Conflict): undefined {
  tree.stageOutcome(path, found);
  return undefined;
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}
