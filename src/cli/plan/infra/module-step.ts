/** Places the rendered module: where it goes, and what happens when a file of that name is there. */
import { renderModule } from '../../render/index.ts';
import type { RenderedFile, Wiring } from '../../render/index.ts';
import type { SettingsAccess } from '../../settings/dialect.ts';
import { baseOf, type CreatedRecord } from '../ledger.ts';
import { mergeThreeWay } from '../upgrade.ts';
import { inFolder, type StepContext } from './context.ts';
import type { ClientChoice } from './manifest-step.ts';
import type { PieceChoice } from './pieces-step.ts';

export interface ModuleResult {
  readonly folder: string;
  readonly files: readonly RenderedFile[];
  /** The file that opens what `--with` named. */
  readonly coordination?: string;
  /** What is left to paste, by file. */
  readonly wiring: readonly Wiring[];
  /** Texts as rendered, by path, of files in which they were merged with the user's edits. */
  readonly bases: Readonly<Record<string, string>>;
}

export interface ModuleWish {
  readonly client: ClientChoice;
  readonly access: SettingsAccess;
  /** URL on the developer's machine. */
  readonly url: string;
  /** By path what the ledger says we created: left to `infra upgrade`, whatever became of it. */
  readonly ours: ReadonlyMap<string, CreatedRecord>;
  readonly pieces: PieceChoice;
}

export async function stageModule(context: StepContext, wish: ModuleWish): Promise<ModuleResult> {
  const { host, options } = context;
  const folders = options.dir === undefined ? [host.moduleFolder, inFolder(host.moduleFolder, 'redis')] : [options.dir];
  const isFreeIn = ({ files }: ModuleResult): boolean => files.every((file) => isFree(context, file, wish.ours));
  let chosen = renderInto(context, wish, folders[0]!);
  const lives = chosen.files.some((file) => wish.ours.has(file.path));
  if (!lives && !isFreeIn(chosen) && folders[1] !== undefined) {
    const second = renderInto(context, wish, folders[1]);
    if (isFreeIn(second)) chosen = second;
  }
  const bases: Record<string, string> = {};
  for (const file of chosen.files) {
    const known = wish.ours.get(file.path);
    const grows = wish.pieces.added.length > 0 && known !== undefined && baseOf(known) !== file.text;
    if (grows && tellsOfPieces(file, chosen)) await extendFile(context, file, known, bases);
    else stageFile(context, file, wish.ours);
  }
  return { ...chosen, bases };
}

/** The connection's file, which has to give what the pieces need, and their own. */
function tellsOfPieces(file: RenderedFile, { files, coordination }: ModuleResult): boolean {
  return file === files[0] || file.path === coordination;
}

/** More pieces in a file of ours: the user's edits of it stay. */
async function extendFile(
  { tree, options, warnings }: StepContext,
  file: RenderedFile,
  known: CreatedRecord,
  bases: Record<string, string>,
): Promise<void> {
  const { path } = file;
  const mine = tree.read(path);
  const base = baseOf(known);
  const notes = [file.purpose];
  if (mine === undefined || options.force) {
    tree.stageNew(path, file.text, { notes, overwrite: true });
    return;
  }
  const merge = base === undefined ? undefined : await mergeThreeWay(base, mine, file.text);
  if (merge?.status === 'clean') {
    tree.stageText(path, merge.text, { notes });
    if (mine !== base) warnings.push({ path, message: 'has edits of yours, which were kept' });
    bases[path] = file.text;
    return;
  }
  const [place] = merge?.conflicts ?? [];
  tree.addConflict({
    path,
    code: 'shape',
    reason: 'was edited where the new pieces go',
    hint: 'Put these lines in by hand as they are, then run again; or pass --force, which gives up your edits.',
    ...(place === undefined ? {} : { line: place.line, snippet: place.theirs.join('') }),
  });
}

export function renderInto(
  { tree, host }: StepContext,
  { client, access, url, pieces }: ModuleWish,
  folder: string,
): ModuleResult {
  const placed = { ...host, moduleFolder: folder };
  const options = {
    client: client.name,
    clientRange: client.range,
    defaultUrl: url,
    pieces: pieces.all,
    exists: (path: string) => tree.exists(path),
  };
  return { folder, bases: {}, ...renderModule(placed, access, options) };
}

function isFree({ tree }: StepContext, file: RenderedFile, ours: ModuleWish['ours']): boolean {
  return ours.has(file.path) || !tree.exists(file.path) || tree.read(file.path) === file.text;
}

function stageFile({ tree, options }: StepContext, file: RenderedFile, ours: ModuleWish['ours']): void {
  const text = tree.read(file.path);
  if (text !== undefined && ours.has(file.path)) tree.stageText(file.path, text, { notes: ['is there already'] });
  else tree.stageNew(file.path, file.text, { notes: [file.purpose], overwrite: options.force === true });
}
