/** What every step of `infra add` works with. */
import type { Component, ServiceImage } from '../../components/component.ts';
import type { Framework, Host } from '../../hosts/host.ts';
import type { PlanWarning } from '../conflict.ts';
import type { WorkTree } from '../disk-tree.ts';

export const PACKAGE_SOURCES = ['bundled', 'registry'] as const;
export type PackageSource = (typeof PACKAGE_SOURCES)[number];

/** What the user said, as `planInfra` takes it. */
export interface InfraOptions {
  /** Folder of the app in a monorepo, relative to `cwd` or to the repository's root. */
  readonly app?: string;
  /** The framework, where evidence does not decide. */
  readonly host?: Framework;
  /** `redis:7`, `valkey:8`. */
  readonly image?: string;
  /** Client package; default the one the app has. */
  readonly client?: string;
  /** The file that holds the settings. */
  readonly settings?: string;
  /** Folder for the rendered module. */
  readonly dir?: string;
  /** The service of the compose file that is Redis already. */
  readonly composeService?: string;
  /** Add a service to CI jobs that have services. */
  readonly ci?: boolean;
  /** Pieces of @paxx/redis to open, besides those that were opened before: `lease`, `queue`, … */
  readonly with?: readonly string[];
  /** Where @paxx/redis comes from: the copy that this program carries (default), or the registry. */
  readonly packages?: PackageSource;
  /** Replace files that stand in the way. */
  readonly force?: boolean;
}

export interface StepContext {
  readonly tree: WorkTree;
  readonly host: Host;
  readonly component: Component;
  readonly image: ServiceImage;
  readonly options: InfraOptions;
  /** Steps add to it; the plan carries it. */
  readonly warnings: PlanWarning[];
}

/** `apps/api` + `.env` -> `apps/api/.env`; `''` is the root. */
export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
