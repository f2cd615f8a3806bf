/** Weigh the evidence: which framework an app stands on, and whether it is an app at all. */
import type { FrameworkRule } from './frameworks/framework.ts';
import { FRAMEWORKS } from './frameworks/index.ts';
import { node, otherFramework } from './frameworks/node.ts';
import type { Project, SourceFile } from './project.ts';
import { listens } from './sources/entry.ts';

export interface Claim {
  readonly rule: FrameworkRule;
  /** Lines for the user: `express ^5.1.0 in dependencies`, `next.config.ts`. */
  readonly evidence: readonly string[];
  readonly weight: number;
}

/** Below this a trace of a framework (a devDependency, a type package) makes no host of it. */
const ENOUGH = 3;
const RANKS = ['meta', 'server', 'toolkit'] as const;

/**
 * The claims that stand at the highest rank with any; more than one where the sources import several
 * servers to the same degree. Empty where no framework is found.
 */
export function weigh(project: Project): readonly Claim[] {
  for (const rank of RANKS) {
    const claims = FRAMEWORKS.filter((rule) => rule.rank === rank)
      .map((rule) => claimOf(project, rule))
      .filter((claim) => claim.weight >= ENOUGH);
    if (claims.length <= 1) {
      if (claims.length === 1) return claims;
      continue;
    }
    return rank === 'meta' ? claims.slice(0, 1) : bySources(project, claims);
  }
  return [];
}

/** The evidence for one framework, none included. */
export function claimOf(project: Project, rule: FrameworkRule): Claim {
  const evidence: string[] = [];
  let weight = 0;
  const found = (points: number, line: string): void => {
    weight += points;
    evidence.push(line);
  };
  const { manifest } = project;
  const runtime = rule.packages.find((name) => manifest.runtime[name] !== undefined);
  const development = rule.packages.find((name) => manifest.development[name] !== undefined);
  // In a manifest that many apps share a dependency tells nothing of one of them.
  if (project.integrated) {
    if (importers(project.sample(), rule).length > 0)
      found(ENOUGH, `${importers(project.sample(), rule)[0]} imports ${runtime ?? rule.framework}`);
  } else if (runtime !== undefined) found(ENOUGH, `${runtime} ${manifest.runtime[runtime]} in dependencies`);
  else if (development !== undefined)
    found(1, `${development} ${manifest.development[development]} in devDependencies`);
  const config = project.names.find((name) => rule.configs.test(name));
  if (config !== undefined) found(2, config);
  const script = project.integrated
    ? undefined
    : Object.entries(manifest.scripts).find(([, command]) => rule.starters.test(command));
  if (script !== undefined) found(2, `script ${script[0]}: ${script[1]}`);
  if (development !== undefined && runtime === undefined && weight < ENOUGH && rule.rank === 'server') {
    const entry = project.sample().filter((file) => file.path === project.entry());
    if (importers(entry, rule).length > 0) found(2, `${entry[0]!.path} imports ${development}`);
  }
  return { rule, evidence, weight };
}

/** The servers that most sampled files import, the entry counting for five. */
function bySources(project: Project, claims: readonly Claim[]): readonly Claim[] {
  const entry = project.entry();
  const scored = claims.map((claim) => {
    const files = importers(project.sample(), claim.rule);
    return { claim, score: files.length + (entry !== undefined && files.includes(entry) ? 5 : 0), first: files[0] };
  });
  const best = Math.max(...scored.map(({ score }) => score));
  return scored
    .filter(({ score }) => score === best)
    .map(({ claim, first }) =>
      first === undefined ? claim : { ...claim, evidence: [...claim.evidence, `${first} imports it`] },
    );
}

function importers(files: readonly SourceFile[], rule: FrameworkRule): readonly string[] {
  const names = rule.packages.map((name) => name.replaceAll('/', '\\/')).join('|');
  if (names === '') return [];
  const pattern = new RegExp(`(?:from|import|require\\()\\s*['"](?:npm:)?(?:${names})(?:\\/[^'"]*)?['"]`);
  return files.filter((file) => pattern.test(file.text) && !onlyTypes(file.text, pattern)).map((file) => file.path);
}

/** `import type … from 'express'` says nothing of who serves. */
function onlyTypes(text: string, pattern: RegExp): boolean {
  return !pattern.test(text.replace(/^\s*import type [^;]*?from\s*['"][^'"]+['"]/gm, ''));
}

export const PLAIN: Claim = { rule: node, evidence: ['package.json without a framework that has glue'], weight: 0 };

const BROWSER = [
  'react-dom',
  'vue',
  '@angular/core',
  'svelte',
  'solid-js',
  'preact',
  'react-native',
  'expo',
  'electron',
  'react-scripts',
  '@vue/cli-service',
  'gatsby',
  '@docusaurus/core',
  'vitepress',
];
const BROWSER_COMMANDS =
  /\b(?:vite(?: build| dev| preview|$)|react-scripts|ng (?:serve|build)|vue-cli-service|parcel|webpack(?:-dev-server| serve)|expo start|react-native|electron(?:-forge|-vite)?|gatsby|docusaurus|vitepress)\b/;
const SERVES = /(?:from|import|require\()\s*['"](?:node:)?(?:http|https|http2|net|cluster|worker_threads)['"]/;

/** True for an app of the browser, the phone or the desktop: there is no server that could hold a connection. */
export function isClientOnly(project: Project): boolean {
  const { manifest } = project;
  if (otherFramework(project) !== undefined) return false;
  const browser = BROWSER.some(
    (name) => manifest.runtime[name] !== undefined || manifest.development[name] !== undefined,
  );
  const commands = Object.values(manifest.scripts).some((command) => BROWSER_COMMANDS.test(command));
  return browser && commands && !project.sample().some((file) => SERVES.test(file.text));
}

const RUNNERS =
  /\b(?:node|nodemon|ts-node|ts-node-dev|tsnd|tsx|bun|nest|next|remix|remix-serve|react-router|react-router-serve|fastify|wrangler|payload|ace|adonis|pm2|swc-node|babel-node|esno|esmo|tsc-watch|micro|vercel|serverless|sls|firebase|strapi|medusa|npm|pnpm|yarn)\b/;
const BUILD_ONLY = /\b(?:tsc|tsup|rollup|vite build|unbuild|tsdown)\b[^&|]*(?:--watch|-w\b)/;
const START_SCRIPTS = ['start', 'dev', 'serve', 'develop', 'start:dev', 'start:prod', 'dev:server', 'server'];

/** True when something in the manifest starts it: a library that depends on a framework is no host. */
export function isApp(project: Project, claim: Claim | undefined): boolean {
  if (project.integrated) return true;
  if (claim !== undefined && project.names.some((name) => claim.rule.configs.test(name))) return true;
  const { scripts } = project.manifest;
  const starts = START_SCRIPTS.some((name) => {
    const command = scripts[name];
    return command !== undefined && RUNNERS.test(command) && !BUILD_ONLY.test(command);
  });
  if (starts || claim === undefined) return starts;
  const entry = project.entry();
  if (entry !== undefined && listens(project.tree.read(entry) ?? '')) return true;
  return project.names.some((name) => /^(?:Dockerfile|Procfile)/i.test(name));
}
