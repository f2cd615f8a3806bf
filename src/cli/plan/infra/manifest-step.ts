/** Chooses the client package and declares it in the app's manifest, by catalog where the workspace uses one. */
import { addDependencies } from '../../editors/package-json/index.ts';
import { addCatalogEntry } from '../../editors/pnpm-workspace/index.ts';
import { PaxxError } from '../../errors.ts';
import type { Host } from '../../hosts/host.ts';
import { clientMajor, clientRange, type ClientChoice as RenderedClient, type ClientName } from '../../render/index.ts';
import type { StepContext } from './context.ts';

export interface ClientChoice extends RenderedClient {
  /** Range as it stands, or as it is added. */
  readonly range: string;
  /** True when the host declared it already. */
  readonly present: boolean;
}

const WORKSPACE_FILE = 'pnpm-workspace.yaml';

/** The oldest majors whose commands return promises. */
const OLDEST_MAJOR: Readonly<Record<ClientName, number>> = { ioredis: 4, redis: 4 };

/**
 * The one the user names, else the one that the host runs on (ioredis first), else ioredis.
 * @throws PaxxError `CONFLICT` when the named one is there in a version that is too old
 */
export function chooseClient(host: Host, wanted: string | undefined): ClientChoice {
  const name = wanted === 'redis' || wanted === 'ioredis' ? wanted : (usableClient(host) ?? 'ioredis');
  const declared = host.clients[name];
  const range = declared ?? clientRange(name, host);
  const major = clientMajor(name, range);
  if (major < OLDEST_MAJOR[name]) {
    throw new PaxxError('CONFLICT', `${name} ${range} is too old for the module, which needs ${OLDEST_MAJOR[name]}`, {
      hint: `Upgrade ${name}, or pass --client ${name === 'redis' ? 'ioredis' : 'redis'}. Nothing was written.`,
      place: { path: host.manifest },
    });
  }
  return { name, range, major, present: declared !== undefined };
}

function usableClient(host: Host): ClientName | undefined {
  return (['ioredis', 'redis'] as const).find((name) => {
    const range = host.clients[name];
    return range !== undefined && clientMajor(name, range) >= OLDEST_MAJOR[name];
  });
}

/** @param packages to declare besides the client */
export function stageManifest(
  context: StepContext,
  client: ClientChoice,
  packages: Readonly<Record<string, string>> = {},
): void {
  const { tree, host } = context;
  const text = tree.read(host.manifest);
  if (text === undefined) return;
  const catalog = client.present ? undefined : stageCatalog(context, client);
  const range = catalog ? 'catalog:' : client.range;
  tree.stageOutcome(host.manifest, addDependencies(text, { dependencies: { ...packages, [client.name]: range } }));
}

/** @returns true when the default catalog of the workspace holds the package afterwards. */
function stageCatalog({ tree, host }: StepContext, client: ClientChoice): boolean {
  if (host.packageManager.name !== 'pnpm' || !usesCatalog(host)) return false;
  const text = tree.read(WORKSPACE_FILE);
  if (text === undefined || !/^catalog:/m.test(text)) return false;
  return (
    tree.stageOutcome(WORKSPACE_FILE, addCatalogEntry(text, { name: client.name, range: client.range })) !== 'conflict'
  );
}

/** The app follows the habit when most of what it depends on comes from the default catalog. */
function usesCatalog(host: Host): boolean {
  const ranges = Object.values(host.dependencies).filter((range) => !range.startsWith('workspace:'));
  return ranges.filter((range) => range === 'catalog:' || range === 'catalog:default').length * 2 > ranges.length;
}
