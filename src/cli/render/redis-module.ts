/** Renders the Redis module that the host will own: connection, cache and the framework's glue. */
import type { Host } from '../hosts/host.ts';
import type { SettingsAccess } from '../settings/dialect.ts';
import type { ClientName } from './client.ts';
import { coordinationFile, renderCoordination } from './coordination.ts';
import { renderGlue, type GlueFile, type Wiring } from './glue.ts';
import { restyle } from './restyle.ts';
import { sceneOf, type Scene } from './scene.ts';
import { renderTemplate } from './templates.ts';

export interface RenderOptions {
  readonly client: ClientName;
  /** Range of the client as the manifest has it or will have it; decides on the major that is rendered for. */
  readonly clientRange?: string;
  /** URL on a developer's machine, for settings that may lack one. */
  readonly defaultUrl?: string;
  /** Names of the two files without ending; `redis` and `cache` if not given. */
  readonly names?: { readonly redis?: string; readonly cache?: string };
  /** Whether to render the framework's own file, true if not given. */
  readonly glue?: boolean;
  /** What to open of @paxx/redis, by the names that `--with` takes. */
  readonly pieces?: readonly string[];
  /** Whether a file or folder is in the project: frameworks go by it. */
  readonly exists?: (path: string) => boolean;
}

/** One new file of the host. */
export interface RenderedFile {
  /** Relative to the tree's root. */
  readonly path: string;
  readonly text: string;
  /** What the file is for, in a few words for the plan. */
  readonly purpose: string;
}

export interface RenderedModule {
  /** Connection, cache, the framework's own file where it has one, and what opens the pieces of @paxx/redis. */
  readonly files: readonly RenderedFile[];
  /** Path of that last file. */
  readonly coordination?: string;
  /** What is left for the user to paste, by file; empty where there is nothing. */
  readonly wiring: readonly Wiring[];
}

/** Nothing is read but the templates; the same arguments give the same bytes. */
export function renderModule(host: Host, access: SettingsAccess, options: RenderOptions): RenderedModule {
  const scene = sceneOf(host, access, options);
  const glue = glueOf(scene, access, options);
  const coordination = options.pieces?.length ? coordinationFile(scene) : undefined;
  return {
    files: [
      { path: scene.redis, text: render('redis', scene), purpose: 'Redis connection, health and shutdown' },
      { path: scene.cache, text: render('cache', scene), purpose: 'cache with stampede protection' },
      ...(glue ? [{ path: glue.path, text: finish(glue.text, host), purpose: glue.purpose }] : []),
      ...(coordination === undefined ? [] : [coordinationOf(scene, coordination, options)]),
    ],
    ...(coordination === undefined ? {} : { coordination }),
    wiring: glue?.wiring.text ? [{ ...glue.wiring, text: finish(glue.wiring.text, host) }] : [],
  };
}

function glueOf(scene: Scene, access: SettingsAccess, options: RenderOptions): GlueFile | undefined {
  return options.glue === false ? undefined : renderGlue(scene, access, options.exists ?? (() => false));
}

function coordinationOf(scene: Scene, file: string, { pieces = [] }: RenderOptions): RenderedFile {
  const text = finish(renderCoordination(scene, file, pieces), scene.host);
  return { path: file, text, purpose: pieces.join(', ') };
}

function render(name: string, scene: Scene): string {
  return finish(renderTemplate(`infra/redis/${name}.hbs`, scene.view, scene.helpers), scene.host);
}

/** Where a language has no part in a block, the blank lines around it meet. */
function finish(text: string, host: Host): string {
  return restyle(text.trimStart().replaceAll(/\n{3,}/g, '\n\n'), host.style);
}
