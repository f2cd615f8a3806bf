/** Finds the package's templates and compiles them; Handlebars is loaded on first use. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Values and inline helpers that a template may name. Naming another one is an error. */
export interface TemplateView {
  readonly [name: string]: unknown;
}

export type TemplateHelpers = Readonly<Record<string, (text: string) => string>>;

/**
 * @param name relative to `templates/`, such as `infra/redis/cache.hbs`
 * @throws when the template does not exist or names something that the view lacks
 */
export async function renderTemplate(name: string, view: TemplateView, helpers: TemplateHelpers = {}): Promise<string> {
  const { default: handlebars } = await import('handlebars');
  const source = readFileSync(path.join(templatesFolder(), name), 'utf8');
  const engine = handlebars.create();
  for (const [helper, apply] of Object.entries(helpers)) engine.registerHelper(helper, apply);
  return engine.compile(source, { noEscape: true, strict: true })(view);
}

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
