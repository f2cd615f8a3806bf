/** Hosts that run at the edge, where a Redis client may find no TCP. */
import { readJson } from './json.ts';
import { under } from './paths.ts';
import type { Project } from './project.ts';

const WRANGLER = ['wrangler.toml', 'wrangler.json', 'wrangler.jsonc'];

/** Cloudflare Workers open TCP connections only with Node's compatibility switched on. */
export function edgeWarnings(project: Project): readonly string[] {
  const config = WRANGLER.find((name) => project.names.includes(name));
  if (config === undefined) return [];
  const path = under(project.app, config);
  const text = project.tree.read(path) ?? '';
  if (/["']nodejs_compat(?:_v2)?["']/.test(withoutComments(config, text))) return [];
  return [
    `${path} deploys to Cloudflare Workers without "nodejs_compat": a Redis client cannot open a TCP connection there`,
  ];
}

function withoutComments(name: string, text: string): string {
  if (name.endsWith('.toml')) return text.replace(/^\s*#.*$/gm, '');
  const result = readJson(text, true);
  return result.ok ? JSON.stringify(result.value) : text;
}
