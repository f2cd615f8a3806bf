/** Finds the package's templates and compiles them. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { precompiled } from './precompiled.ts';

/** Values and inline helpers that a template may name. Naming another one is an error. */
export interface TemplateView {
  readonly [name: string]: unknown;
}

export type TemplateHelpers = Readonly<Record<string, (...texts: string[]) => string>>;

/**
 * @param name relative to `templates/`, such as `infra/redis/cache.hbs`
 * @throws when the template does not exist or names something that the view lacks
 */
export function renderTemplate(name: string, view: TemplateView, helpers: TemplateHelpers = {}): string {
  const engine = Handlebars.create();
  for (const [helper, apply] of Object.entries(helpers)) {
    // Handlebars adds an argument of its own.
    engine.registerHelper(helper, (...given: unknown[]) => apply(...given.slice(0, -1).map(String)));
  }
  if (precompiled !== undefined) return engine.template(precompiled[name]!)(view);
  const source = readFileSync(path.join(templatesFolder(), name), 'utf8');
  return engine.compile(source, TEMPLATE_OPTIONS)(view);
}

/** Nothing that is rendered is HTML, and a name that the view lacks is an error. */
export const TEMPLATE_OPTIONS = { noEscape: true, strict: true } as const;

let folder: string | undefined;

/** Walks up from this file, so that it holds for the sources as well as for the bundle in `dist`. */
function templatesFolder(): string {
  if (folder) return folder;
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let at = start; ; at = path.dirname(at)) {
    const candidate = path.join(at, 'templates');
    if (existsSync(path.join(candidate, 'infra'))) return (folder = candidate);
    if (path.dirname(at) === at) throw new Error(`no templates folder above ${start}`);
  }
}
