/** Places the rendered module: where it goes, and what happens when a file of that name is there. */
import { renderModule } from '../../render/index.ts';
import type { RenderedFile, Wiring } from '../../render/index.ts';
import type { SettingsAccess } from '../../settings/dialect.ts';
import { inFolder, type StepContext } from './context.ts';
import type { ClientChoice } from './manifest-step.ts';

export interface ModuleResult {
  readonly folder: string;
  readonly files: readonly RenderedFile[];
  /** What is left to paste, by file. */
  readonly wiring: readonly Wiring[];
}

export interface ModuleWish {
  readonly client: ClientChoice;
  readonly access: SettingsAccess;
  /** URL on the developer's machine. */
  readonly url: string;
  /** Paths that the ledger says we created: left to `infra upgrade`, whatever became of them. */
  readonly ours: ReadonlySet<string>;
}

export function stageModule(context: StepContext, wish: ModuleWish): ModuleResult {
  const { host, options } = context;
  const folders = options.dir === undefined ? [host.moduleFolder, inFolder(host.moduleFolder, 'redis')] : [options.dir];
  const isFreeIn = ({ files }: ModuleResult): boolean => files.every((file) => isFree(context, file, wish.ours));
  let chosen = renderInto(context, wish, folders[0]!);
  if (!isFreeIn(chosen) && folders[1] !== undefined) {
    const second = renderInto(context, wish, folders[1]);
    if (isFreeIn(second)) chosen = second;
  }
  for (const file of chosen.files) stageFile(context, file, wish.ours);
  return chosen;
}

export function renderInto(
  { tree, host }: StepContext,
  { client, access, url }: ModuleWish,
  folder: string,
): ModuleResult {
  const placed = { ...host, moduleFolder: folder };
  const options = {
    client: client.name,
    clientRange: client.range,
    defaultUrl: url,
    exists: (path: string) => tree.exists(path),
  };
  return { folder, ...renderModule(placed, access, options) };
}

function isFree({ tree }: StepContext, file: RenderedFile, ours: ReadonlySet<string>): boolean {
  return ours.has(file.path) || !tree.exists(file.path) || tree.read(file.path) === file.text;
}

function stageFile({ tree, options }: StepContext, file: RenderedFile, ours: ReadonlySet<string>): void {
  const text = tree.read(file.path);
  if (text !== undefined && ours.has(file.path)) tree.stageText(file.path, text, { notes: ['is there already'] });
  else tree.stageNew(file.path, file.text, { notes: [file.purpose], overwrite: options.force === true });
}
