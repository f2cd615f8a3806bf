/** Recognise the host: choose the app, then describe it. */
import type { ReadTree } from '../plan/tree.ts';
import { absence } from './absence.ts';
import type { Claim } from './claim.ts';
import { PLAIN, claimOf, isApp, isClientOnly, weigh } from './claim.ts';
import { describeHost } from './describe.ts';
import { ruleOf } from './frameworks/index.ts';
import { otherFramework } from './frameworks/node.ts';
import type { Framework, HostCandidate, HostResult, HostWish } from './host.ts';
import type { Manifest } from './manifest.ts';
import { readManifest } from './manifest.ts';
import { integratedApps, undeclaredPackages, workspaceMembers } from './members.ts';
import { ancestors, joinPath, under } from './paths.ts';
import type { Project } from './project.ts';
import { openProject } from './open-project.ts';

/** Read the tree and say which app is the host, or which ones could be, or why none is. Writes nothing. */
export function detectHost(tree: ReadTree, wish: HostWish = {}): HostResult {
  if (wish.app !== undefined) return detectAt(tree, wish.app, wish.framework);
  const root = readManifest(tree, '');
  if (root.status === 'broken') return broken(root);
  const manifest = root.status === 'read' ? root.manifest : undefined;
  const own = manifest === undefined ? undefined : openProject(tree, '', manifest);
  const members = membersOf(tree, manifest);
  if (own !== undefined && standsAlone(own, members.declared)) return choose(own, wish.framework);
  const hosts = candidates(members.projects, wish.framework);
  if (hosts.length === 1) return choose(hosts[0]!.project, wish.framework);
  if (hosts.length > 1) return { status: 'ambiguous', candidates: hosts.map(toCandidate) };
  if (own !== undefined && (!members.declared || own.entry() !== undefined)) return choose(own, wish.framework);
  return own === undefined ? absence(tree, '') : withoutServer(members.projects);
}

/** `--app`: that folder and no other. */
function detectAt(tree: ReadTree, wished: string, framework: Framework | undefined): HostResult {
  const app = joinPath(wished.replaceAll('\\', '/'));
  if (app === undefined || (app !== '' && !tree.exists(app))) {
    return {
      status: 'none',
      reason: `there is no folder ${wished} in this project`,
      hint: 'Pass --app with a folder that holds a package.json.',
    };
  }
  for (const folder of ancestors(app)) {
    const found = readManifest(tree, folder);
    if (found.status === 'broken') return broken(found);
    if (found.status === 'missing') continue;
    // A manifest above the folder serves it only in monorepos that keep a single one.
    if (folder !== app && !(folder === '' && integratedApps(tree).includes(app))) break;
    return choose(openProject(tree, app, found.manifest), framework);
  }
  return absence(tree, app);
}

function choose(project: Project, wish: Framework | undefined): HostResult {
  if (wish !== undefined) {
    const claim = claimOf(project, ruleOf(wish));
    const warning = `${project.manifest.path} shows no sign of ${wish}; taken because you said so`;
    const unproven = claim.weight === 0 && wish !== 'node';
    return describeHost(project, unproven ? { ...claim, evidence: ['--framework'] } : claim, unproven ? [warning] : []);
  }
  const claims = weigh(project);
  if (claims.length > 1)
    return { status: 'ambiguous', candidates: claims.map((claim) => toCandidate({ project, claim })) };
  if (claims[0] === undefined && isClientOnly(project)) {
    return {
      status: 'none',
      path: project.manifest.path,
      reason: 'this is an app of the browser or a device: it has no server that could hold a connection to Redis',
      hint: 'Run the command in the folder of the server, or pass --framework node if a part of it does run on Node.',
    };
  }
  return describeHost(project, claims[0] ?? PLAIN, []);
}

function withoutServer(projects: readonly Project[]): HostResult {
  const names = projects.slice(0, 5).map(({ app }) => app);
  return {
    status: 'none',
    path: 'package.json',
    reason: `none of the workspace's packages is a server (${names.join(', ')}${projects.length > 5 ? ', …' : ''})`,
    hint: 'Pass --app with the folder of the package that is meant, and --framework node if it is none of the known ones.',
  };
}

interface Member {
  readonly project: Project;
  readonly claim: Claim;
}

/** A root with a framework and sources of its own is the host, whatever else the repository holds. */
function standsAlone(root: Project, declared: boolean): boolean {
  if (integratedApps(root.tree).length > 0) return false;
  const claims = weigh(root);
  if (declared) {
    const started = root.entry() !== undefined || (claims[0]?.rule.rank === 'meta' && root.sources().length > 0);
    return claims.length > 0 && started && isApp(root, claims[0]);
  }
  if (claims.length > 0) return root.entry() !== undefined || root.sources().length > 0 || isApp(root, claims[0]);
  return (
    root.entry() !== undefined &&
    !isClientOnly(root) &&
    !/\b(?:concurrently|npm-run-all|run-p)\b/.test(Object.values(root.manifest.scripts).join('\n'))
  );
}

function membersOf(
  tree: ReadTree,
  manifest: Manifest | undefined,
): { readonly declared: boolean; readonly projects: readonly Project[] } {
  const integrated = manifest === undefined ? [] : integratedApps(tree);
  const declared = workspaceMembers(tree, manifest);
  const own = (declared.length > 0 ? declared : undeclaredPackages(tree)).flatMap((folder) => {
    const found = readManifest(tree, folder);
    return found.status === 'read' ? [openProject(tree, folder, found.manifest)] : [];
  });
  const shared = manifest === undefined ? [] : integrated.map((folder) => openProject(tree, folder, manifest));
  return { declared: declared.length > 0 || shared.length > 0, projects: [...shared, ...own] };
}

const MARGINAL =
  /(?:^|\/)(?:examples?|samples?|demos?|playgrounds?|sandbox|tests?|e2e|fixtures|benchmarks?|templates?|docs?|docs-\w+|storybook|website|www-docs)(?:\/|$)/;

/** The members that could be meant: real servers, else tRPC packages, else anything that Node starts. */
function candidates(projects: readonly Project[], wish: Framework | undefined): readonly Member[] {
  const members = projects.flatMap((project): Member[] => {
    const claim = wish === undefined ? (weigh(project)[0] ?? PLAIN) : claimOf(project, ruleOf(wish));
    if (wish !== undefined && wish !== 'node' && claim.weight < 3) return [];
    return isApp(project, claim) || claim.rule.rank === 'toolkit' ? [{ project, claim }] : [];
  });
  const apps = members.filter(({ claim }) => claim.rule.rank === 'meta' || claim.rule.rank === 'server');
  const others = members.filter(
    ({ project, claim }) => claim.rule.rank === 'none' && otherFramework(project) !== undefined,
  );
  const plain = members.filter(
    ({ project, claim }) => claim.rule.rank === 'none' && !isClientOnly(project) && project.entry() !== undefined,
  );
  const toolkits = members.filter(({ claim }) => claim.rule.rank === 'toolkit');
  const tier = [apps, others, toolkits, plain].find((list) => list.length > 0) ?? [];
  const central = tier.filter(({ project }) => !MARGINAL.test(project.app));
  return (central.length > 0 ? central : tier).toSorted(serversFirst);
}

function serversFirst(a: Member, b: Member): number {
  const order = (member: Member): number =>
    member.claim.rule.rank === 'server' || member.claim.rule.framework === 'nest' ? 0 : 1;
  return order(a) - order(b) || (a.project.app < b.project.app ? -1 : 1);
}

function toCandidate({ project, claim }: Member): HostCandidate {
  return { app: project.app, framework: claim.rule.framework, reason: claim.evidence.join('; ') };
}

function broken(found: {
  readonly path: string;
  readonly reason: string;
  readonly line: number;
  readonly column: number;
}): HostResult {
  return {
    status: 'none',
    reason: `${found.path} ${found.reason}`,
    hint: `Repair ${under('', found.path)} at line ${found.line}, column ${found.column}.`,
    path: found.path,
    line: found.line,
    column: found.column,
  };
}
