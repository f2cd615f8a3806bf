/** Put a host's facts together, once its app and framework are settled. */
import type { Claim } from './claim.ts';
import { edgeWarnings } from './edge.ts';
import { isBundledOther } from './frameworks/node.ts';
import type { Host, HostResult, TypeScriptFacts } from './host.ts';
import { lowestNode } from './node-version.ts';
import { detectPackageManager } from './package-manager.ts';
import { baseOf, parentOf } from './paths.ts';
import type { Project } from './project.ts';
import { moduleFolderOf, sourceRootOf } from './sources/folders.ts';
import { languageOf, syntaxOf } from './sources/syntax.ts';
import { codeStyle } from './style/style.ts';
import { sourceAliases } from './typescript/aliases.ts';
import { typescriptFacts } from './typescript/facts.ts';
import { majorOf } from './versions.ts';
import { workspaceMembers } from './members.ts';

/** @param warnings what choosing the app had to say already. */
export function describeHost(project: Project, claim: Claim, warnings: readonly string[]): HostResult {
  const { tree, app, manifest } = project;
  const { rule } = claim;
  const language = languageOf(project);
  const facts = language === 'typescript' ? typescriptFacts(project) : undefined;
  const bundled = rule.bundled || isBundledOther(project);
  const syntax = syntaxOf(project, language, facts, bundled);
  const sourceRoot = sourceRootOf(project, rule);
  const entry = project.entry();
  const node = lowestNode(project);
  const { warnings: managerWarnings, ...packageManager } = detectPackageManager(tree, parentOf(manifest.path));
  const major = frameworkMajor(project, claim);
  const aliases = sourceAliases(project, rule.framework);
  const host: Host = {
    framework: rule.framework,
    ...(major === undefined ? {} : { frameworkMajor: major }),
    evidence: claim.evidence,
    app,
    manifest: manifest.path,
    name: nameOf(project),
    packageType: manifest.type,
    ...syntax,
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(facts ? { typescript: facts } : {}),
    packageManager,
    workspaceMember: isMember(project),
    sourceRoot,
    moduleFolder: moduleFolderOf(project, rule, sourceRoot),
    ...(entry === undefined ? {} : { entry }),
    style: codeStyle(project),
    clients: clientsOf(project),
    dependencies: { ...manifest.development, ...manifest.runtime },
    ...(node === undefined ? {} : { node: { major: node } }),
  };
  return { status: 'found', host, warnings: [...warnings, ...managerWarnings, ...hostWarnings(project, claim, facts)] };
}

function frameworkMajor(project: Project, { rule }: Claim): number | undefined {
  for (const name of rule.packages) {
    const major = majorOf(project.runtimeRange(name) ?? project.anyRange(name));
    if (major !== undefined) return major;
  }
  return undefined;
}

/** The package's name; in a monorepo with one manifest, or without a name, the folder's. */
function nameOf(project: Project): string {
  const folder = baseOf(project.app) || project.tree.root.replaceAll('\\', '/').split('/').findLast(Boolean);
  return (project.integrated ? undefined : project.manifest.name) ?? folder ?? 'app';
}

function isMember(project: Project): boolean {
  const { app, tree, rootManifest } = project;
  return app !== '' && !project.integrated && workspaceMembers(tree, rootManifest).includes(app);
}

/** A client for tests alone is none of the app's, unless the app is bundled from its development dependencies. */
function clientsOf({ manifest }: Project): Host['clients'] {
  const bundled = Object.keys(manifest.runtime).length === 0;
  const { ioredis, redis } = bundled ? manifest.development : manifest.runtime;
  return { ...(ioredis === undefined ? {} : { ioredis }), ...(redis === undefined ? {} : { redis }) };
}

function hostWarnings(project: Project, { rule }: Claim, facts: TypeScriptFacts | undefined): readonly string[] {
  const warnings = [...(rule.warnings?.(project) ?? []), ...edgeWarnings(project)];
  if (facts !== undefined && (facts.version.major < 3 || (facts.version.major === 3 && facts.version.minor < 6))) {
    warnings.push(`TypeScript ${facts.version.major}.${facts.version.minor} is older than 3.6, which the module needs`);
  }
  return warnings;
}
