/** Which files a tsconfig holds, by its `files`, `include` and `exclude`. */
import { globExpression, isInside, parentOf } from '../paths.ts';
import type { TsConfig } from '../project.ts';

/** True when the config's `include` and `files`, less its `exclude`, hold a file at that path. */
export function covers(config: TsConfig, path: string): boolean {
  if (config.files?.includes(path)) return true;
  if (excluded(config, path)) return false;
  if (config.include !== undefined) return config.include.some((glob) => matches(glob, path));
  // Without lists a config holds all that lies below it.
  return config.files === undefined && isInside(path, parentOf(config.path));
}

function excluded(config: TsConfig, path: string): boolean {
  return config.exclude?.some((glob) => matches(glob, path)) ?? false;
}

/** A glob without a wildcard in its last segment names a folder and all that it holds. */
function matches(glob: string, path: string): boolean {
  if (glob === '') return true;
  if (globExpression(glob).test(path)) return true;
  return !/[*?]/.test(glob.slice(glob.lastIndexOf('/') + 1)) && globExpression(`${glob}/**`).test(path);
}
