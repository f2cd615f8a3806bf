/** `infra add`, planned: detection, every step's edits staged in memory, one plan. Nothing is written here. */
import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { findComponent, components } from '../../components/index.ts';
import type { Component, ServiceImage } from '../../components/component.ts';
import { PaxxError } from '../../errors.ts';
import { detectHost } from '../../hosts/detect.ts';
import type { Host, HostCandidate } from '../../hosts/host.ts';
import { findRoot } from '../../hosts/root.ts';
import { planSettings } from '../../settings/index.ts';
import type { EnvVariable, SettingsAccess, SettingsResult } from '../../settings/dialect.ts';
import type { PlanWarning } from '../conflict.ts';
import { openTree, type WorkTree } from '../disk-tree.ts';
import { readLedger } from '../ledger-parse.ts';
import { recordComponent, stageLedger, type ComponentRecord, type Ledger } from '../ledger.ts';
import { buildPlan, type JsonObject, type Plan } from '../plan.ts';
import { stageCompose, type ComposeResult } from './compose-step.ts';
import type { InfraOptions, StepContext } from './context.ts';
import { stageEnvFiles } from './env-step.ts';
import { stageImage } from './image-step.ts';
import { chooseClient, stageManifest } from './manifest-step.ts';
import { stageModule, type ModuleResult } from './module-step.ts';
import { stagePackage } from './package-step.ts';
import { checkPieces, choosePieces, recordPieces, type PieceChoice } from './pieces-step.ts';
import { stageWorkflows, type AddressWish } from './workflow-step.ts';

export interface InfraRequest extends InfraOptions {
  readonly component: string;
  /** Folder the command runs in; absolute or relative to the process. */
  readonly cwd: string;
}

export interface InfraPlan extends Plan {
  readonly root: string;
  /** Of the component as this CLI renders it. */
  readonly version: string;
  readonly host: Host;
  readonly client: { readonly name: string; readonly range: string };
  readonly access: SettingsAccess;
  readonly module: ModuleResult;
  readonly pieces: PieceChoice;
  /** The component was added to this project before. */
  readonly known: boolean;
  /** Undefined where the compose file is in conflict. */
  readonly compose: { readonly path: string; readonly service: string } | undefined;
  /** URL on the developer's machine. */
  readonly url: string;
}

/**
 * @throws PaxxError `UNKNOWN_COMPONENT`, `NO_HOST`, `BROKEN_FILE`, `NEEDS_ANSWER`, `USAGE`. Conflicts with what is
 *   in the files are not thrown: they are in the plan.
 */
export async function planInfra(request: InfraRequest): Promise<InfraPlan> {
  const component = findComponent(request.component);
  if (!component) throw unknownComponent(request.component);
  const { tree, host, warnings } = openHost(request);
  const ledger = await readLedger(tree);
  const recorded = ledger.components[component.name];
  const context: StepContext = {
    tree,
    host,
    component,
    image: chooseImage(component, request.image ?? optionOf(recorded, 'image')),
    options: { ...withRecorded(request, recorded), ...folderOf(recorded, host), ...placesOf(request, tree) },
    warnings: warnings.map((message): PlanWarning => ({ message })),
  };

  const pieces = choosePieces(context, recorded);
  const client = chooseClient(host, context.options.client);
  checkPieces(context, pieces, client);

  const gives = await addressWish(context);
  const compose = stageCompose(context, gives);
  if (compose) stageImage(context, compose);
  const url = urlOf(component, compose?.facts.hostPort);
  stageManifest(context, client, await stagePackage(context, pieces));
  const settings = await stageSettings(context, url);
  const local = stageEnvFiles(context, withPassword(settings.variables, compose));
  if (compose?.facts.password !== undefined && local === undefined) context.warnings.push(passwordWarning(compose));
  const created = recorded?.files.filter((file) => file.kind === 'created') ?? [];
  const ours = new Map(created.map((file) => [file.path, file]));
  const module = await stageModule(context, { client, access: settings.access, url, ours, pieces });
  if (request.ci) stageWorkflows(context, gives);
  keepAccount(context, ledger, {
    options: {
      client: client.name,
      image: context.image.id,
      app: host.app,
      ...recordPieces(pieces, host, recorded),
    },
    bases: module.bases,
    facts: { dialect: settings.dialect, module: module.folder, compose: compose?.path ?? null },
  });

  const meta: JsonObject = {
    host: {
      framework: host.framework,
      app: host.app,
      name: host.name,
      language: host.language,
      packageManager: host.packageManager.name,
    },
    client: client.name,
    settings: settings.dialect,
    module: module.folder,
    with: pieces.all,
    ...(pieces.all.length > 0 ? { packages: pieces.source } : {}),
    compose: compose ? { path: compose.path, service: compose.facts.service, reused: compose.facts.reused } : null,
  };
  const plan = buildPlan(tree, { component: component.name, warnings: context.warnings, meta });
  return {
    ...plan,
    root: tree.root,
    version: component.version,
    host,
    client,
    access: settings.access,
    module,
    pieces,
    known: recorded !== undefined,
    compose: compose && { path: compose.path, service: compose.facts.service },
    url,
  };
}

function openHost(request: InfraRequest): { tree: WorkTree; host: Host; warnings: readonly string[] } {
  const cwd = resolve(request.cwd);
  const found = findRoot(cwd);
  const tree = openTree(found.root);
  const app = request.app === undefined ? found.app : appPath(tree.root, realpathSync(cwd), request.app);
  const result = detectHost(tree, {
    ...(app === undefined ? {} : { app }),
    ...(request.host ? { framework: request.host } : {}),
  });
  if (result.status === 'found') return { tree, host: result.host, warnings: result.warnings };
  if (result.status === 'ambiguous') throw askWhich(result.candidates);
  const place =
    result.path === undefined
      ? undefined
      : {
          path: result.path,
          ...(result.line ? { line: result.line } : {}),
          ...(result.column ? { column: result.column } : {}),
        };
  throw new PaxxError(place?.line === undefined ? 'NO_HOST' : 'BROKEN_FILE', result.reason, {
    hint: request.with !== undefined && result.reason.includes('Python') ? `${result.hint} ${FOR_NODE}` : result.hint,
    ...(place ? { place } : {}),
  });
}

const FOR_NODE = 'What --with opens is for Node; in Python, redis-py has a Lock, and rq and arq are queues.';

/** `--app` counts from where the user stands, or from the repository's root. */
function appPath(root: string, cwd: string, app: string): string {
  const paths = [pathWithin(root, cwd, app), pathWithin(root, root, app)].filter((path) => path !== undefined);
  const path = paths.find((candidate) => existsSync(join(root, candidate))) ?? paths[0];
  if (path !== undefined) return path;
  throw new PaxxError('USAGE', `--app ${app} is outside of the project`, {
    hint: 'Name a folder below the repository.',
  });
}

/** Where the module of this app is, wherever a new one would go. */
function folderOf(recorded: ComponentRecord | undefined, host: Host): Pick<InfraOptions, 'dir'> {
  const folder = recorded?.options['app'] === host.app ? recorded.facts['module'] : undefined;
  return typeof folder === 'string' ? { dir: folder } : {};
}

/** `--settings` and `--dir`, relative to the root. */
function placesOf(request: InfraRequest, tree: WorkTree): Pick<InfraOptions, 'settings' | 'dir'> {
  const { settings, dir } = request;
  const cwd = realpathSync(request.cwd);
  return {
    ...(settings === undefined ? {} : { settings: settingsPath(tree, cwd, settings) }),
    ...(dir === undefined ? {} : { dir: folderPath(tree.root, cwd, dir) }),
  };
}

/** Counts from where the user stands, or from the root, as messages show it. */
function settingsPath(tree: WorkTree, cwd: string, settings: string): string {
  const paths = [pathWithin(tree.root, cwd, settings), pathWithin(tree.root, tree.root, settings)];
  const path = paths.find((candidate) => candidate !== undefined && tree.isFile(candidate));
  if (path !== undefined) return path;
  throw new PaxxError('USAGE', `--settings ${settings} is not a file of the project`, {
    hint: 'Name the file that holds the settings, relative to this folder.',
  });
}

function folderPath(root: string, cwd: string, dir: string): string {
  const path = pathWithin(root, cwd, dir);
  if (path !== undefined) return path;
  throw new PaxxError('USAGE', `--dir ${dir} is outside of the project`, { hint: 'Name a folder of the app.' });
}

/** @returns the path relative to the root, undefined when it lies elsewhere */
function pathWithin(root: string, base: string, path: string): string | undefined {
  const found = relative(root, resolve(base, path)).split(sep).join('/');
  return found === '..' || found.startsWith('../') || isAbsolute(found) ? undefined : found;
}

function askWhich(candidates: readonly HostCandidate[]): PaxxError {
  const apps = new Set(candidates.map((candidate) => candidate.app));
  const flag = apps.size > 1 ? 'app' : 'host';
  const choices = candidates.map(({ app, framework, reason }) => ({
    value: flag === 'app' ? app : framework,
    label: flag === 'app' ? `${app || '.'} (${framework})` : framework,
    hint: reason,
  }));
  const list = choices.map((choice) => `  --${flag} ${choice.value || '.'}  ${choice.hint}`).join('\n');
  return new PaxxError('NEEDS_ANSWER', `which ${flag === 'app' ? 'app' : 'framework'} is meant?\n${list}`, {
    hint: `Say it with --${flag}.`,
    question: { flag, choices },
  });
}

function unknownComponent(name: string): PaxxError {
  const known = components.map((component) => component.name).join(', ');
  return new PaxxError('UNKNOWN_COMPONENT', `there is no component "${name}"`, {
    hint: `Available: ${known}. See \`paxx infra list\`.`,
  });
}

function chooseImage(component: Component, wanted: string | undefined): ServiceImage {
  const images = component.service.images;
  if (wanted === undefined) return images[0];
  const known = images.find((image) => image.id === wanted);
  if (known) return known;
  const list = images.map((image) => image.id).join(', ');
  throw new PaxxError('USAGE', `--image ${wanted} is not known`, { hint: `Use one of ${list}.` });
}

/** What was chosen when the component was added holds for later runs; another choice needs a removal first. */
function withRecorded(request: InfraRequest, recorded: ComponentRecord | undefined): InfraOptions {
  const client = optionOf(recorded, 'client');
  if (client !== undefined && request.client !== undefined && request.client !== client) {
    throw new PaxxError('USAGE', `redis was added on ${client}; --client ${request.client} would be another module`, {
      hint: `Run \`paxx infra remove redis\` first, then add it with --client ${request.client}.`,
    });
  }
  return { ...request, ...(client === undefined ? {} : { client }) };
}

function optionOf(recorded: ComponentRecord | undefined, name: string): string | undefined {
  const value = recorded?.options[name];
  return typeof value === 'string' ? value : undefined;
}

function urlOf(component: Component, hostPort: number | undefined): string {
  return `redis://localhost:${hostPort ?? component.service.port}/0`;
}

/** Only a run that changes something has something to record. */
function keepAccount(
  { tree, component }: StepContext,
  ledger: Ledger,
  recording: { options: JsonObject; facts: JsonObject; bases: Readonly<Record<string, string>> },
): void {
  const changes = tree.changes();
  if (changes.length === 0 || tree.conflicts().length > 0) return;
  const { version } = component;
  const newFolders = tree.newFolders();
  stageLedger(tree, recordComponent(ledger, component.name, { ...recording, version, changes, newFolders }));
}

interface SettingsStep {
  readonly dialect: string;
  readonly access: SettingsAccess;
  readonly variables: readonly EnvVariable[];
}

/** Settings that hold the parts of an address want parts; all others, and apps without settings, a URL. */
async function addressWish(context: StepContext): Promise<AddressWish[]> {
  const whole: AddressWish = { name: context.component.env[0]!.name, gives: 'url' };
  if (context.host.framework !== 'adonis') return [whole];
  const settings = await askSettings(context, urlOf(context.component, undefined));
  if (settings.status !== 'planned' || (settings.variables ?? []).length < 2) return [whole];
  return [
    { name: 'REDIS_HOST', gives: 'host' },
    { name: 'REDIS_PORT', gives: 'port' },
  ];
}

function askSettings({ tree, host, component, options }: StepContext, url: string): Promise<SettingsResult> {
  const variable = { ...component.env[0]!, default: url };
  return planSettings({ tree, host, variable, ...(options.settings === undefined ? {} : { path: options.settings }) });
}

/** The password of a Redis that was there goes into the developer's own env file, a placeholder into the example. */
function withPassword(variables: readonly EnvVariable[], compose: ComposeResult | undefined): readonly EnvVariable[] {
  if (compose?.facts.password === undefined) return variables;
  return variables.map((variable) => {
    const give = (password: string): string =>
      variable.kind === 'url'
        ? variable.default.replace('://', `://:${encodeURIComponent(password)}@`)
        : variable.name === 'REDIS_PASSWORD'
          ? password
          : variable.default;
    return { ...variable, example: give('password'), local: give(compose.password ?? 'password') };
  });
}

function passwordWarning({ path, facts }: ComposeResult): PlanWarning {
  return { path, message: `${facts.service} asks for a password: put it into the environment of the app` };
}

async function stageSettings(context: StepContext, url: string): Promise<SettingsStep> {
  const { tree, component } = context;
  const result = await askSettings(context, url);
  if (result.status === 'ambiguous' && context.options.settings !== undefined) {
    throw new PaxxError('CONFLICT', 'no settings are recognised in this file', {
      hint: 'Add the variable by hand, then run again without --settings. Nothing was written.',
      place: { path: context.options.settings },
      snippet: result.snippet,
    });
  }
  if (result.status === 'ambiguous') {
    const list = result.candidates
      .map((found) => `  ${found.path}:${found.line}  ${found.dialect}: ${found.reason}`)
      .join('\n');
    throw new PaxxError('NEEDS_ANSWER', `which file holds the settings?\n${list}`, {
      hint: 'Say it with --settings <file>, or add the variable by hand and run again:',
      snippet: result.snippet,
      question: {
        flag: 'settings',
        choices: result.candidates.map((found) => ({ value: found.path, label: found.path, hint: found.reason })),
      },
    });
  }
  for (const edit of result.edits) tree.stageOutcome(edit.path, edit.outcome, { created: edit.created === true });
  return {
    dialect: result.status === 'planned' ? result.dialect : 'process.env',
    access: result.access,
    variables: (result.status === 'planned' ? result.variables : undefined) ?? [{ ...component.env[0]!, default: url }],
  };
}
