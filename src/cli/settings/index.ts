/** Find where a host keeps its settings and plan how a variable gets there. */
import { positionOf } from '../editors/text.ts';
import { findSyntaxError, finishEdit, outlineByCompiler } from '../editors/typescript/proof.ts';
import { findAdonis } from './adonis.ts';
import { ambientParts } from './ambient.ts';
import { findClassFields } from './class-fields.ts';
import { findConvict } from './convict.ts';
import type { SettingsEdit, SettingsRequest, SettingsResult } from './dialect.ts';
import {
  GENERAL_WEIGHT,
  mergeParts,
  LIBRARY_WEIGHT,
  PROCESS_ENV,
  type Context,
  type Finding,
  type Part,
  type Plan,
} from './finding.ts';
import { findJsonSchema } from './json-schema.ts';
import { SCHEMA_LIBRARIES } from './libraries.ts';
import { findNest } from './nest.ts';
import { findPlain } from './plain.ts';
import { findSchemas } from './schema.ts';
import { hasSettingsName, openSources } from './sources.ts';
import { findT3Env } from './t3-env.ts';
import { turboParts } from './turbo.ts';

export type { EnvVariable, SettingsAccess, SettingsEdit, SettingsRequest, SettingsResult } from './dialect.ts';

/**
 * Decide by shape where the variable belongs and what to insert. Where it is there already, nothing is inserted,
 * the outcome is `unchanged`, and the TypeScript compiler is never loaded.
 */
export async function planSettings(request: SettingsRequest): Promise<SettingsResult> {
  const { tree, host, variable, path } = request;
  const context: Context = { tree, host, variable, sources: openSources(tree, host, path) };
  const findings = findIn(context, context.sources.paths);
  const broken = await readBroken(context, findings);
  if (typeof broken === 'object') return broken;
  const all =
    context.sources.paths.length === 0 || findings.length > 0 ? findings : findIn(context, context.sources.paths);
  const chosen = choose(all);
  if (chosen === 'tie') return ambiguous(context, all.slice(0, 5), 'as likely as another place');
  if (chosen === undefined || chosen.weight < LIBRARY_WEIGHT) {
    const shared = await planShared(context);
    if (shared !== undefined) return shared;
  }
  if (chosen !== undefined) return planned(context, chosen, withExport(chosen.plan(), chosen, all));
  if (path !== undefined) return unknownPlace(context, path);
  return {
    status: 'none',
    access: { kind: 'process-env' },
    edits: await editsOf(context, [...ambientParts(context), ...turboParts(context, [])]),
  };
}

/** Findings of all dialects, the heaviest first. */
function findIn(context: Context, paths: readonly string[]): Finding[] {
  const findings = paths.flatMap((path): Finding[] => {
    const outline = context.sources.outline(path);
    if (outline === undefined) return [];
    return [
      ...findT3Env(context, path, outline),
      ...findAdonis(context, path, outline),
      ...findNest(context, path, outline),
      ...findConvict(context, path, outline),
      ...findJsonSchema(context, path, outline),
      ...findSchemas(context, path, outline, SCHEMA_LIBRARIES),
      ...findClassFields(context, path, outline),
      ...findPlain(context, path, outline),
    ];
  });
  return findings.toSorted((a, b) => rank(b) - rank(a));
}

function rank({ weight, path }: Finding): number {
  return weight + (hasSettingsName(path) ? 0.5 : 0);
}

/** Two places of equal weight in different files are a question for the user. */
function choose(findings: readonly Finding[]): Finding | 'tie' | undefined {
  const [first, second] = findings;
  if (first === undefined || second === undefined || second.path === first.path || rank(first) > rank(second))
    return first;
  const readable = [first, second].filter((one) => one.plan().access.kind !== 'process-env');
  return readable.length === 1 ? readable[0] : 'tie';
}

/**
 * Where the environment is checked and the result dropped, while the app reads another file's exports,
 * the variable belongs into both.
 */
function withExport(plan: Plan, checked: Finding, all: readonly Finding[]): Plan {
  if (plan.refusal !== undefined || plan.access.kind !== 'process-env' || checked.weight < LIBRARY_WEIGHT) return plan;
  const others = all.filter(({ path, dialect }) => path !== checked.path && /^(?:object|constants)$/.test(dialect));
  const [first, second] = others.filter(({ weight }) => weight >= GENERAL_WEIGHT);
  if (first === undefined || (second !== undefined && rank(second) === rank(first))) return plan;
  const exported = first.plan();
  if (exported.refusal !== undefined || exported.access.kind !== 'import') return plan;
  return { ...plan, parts: mergeParts([...plan.parts, ...exported.parts]), access: exported.access };
}

/**
 * A file that is called settings and that our lexer cannot read: the compiler reads it, or says what is wrong.
 * Only asked where nothing better was found.
 */
async function readBroken(
  { sources }: Context,
  findings: readonly Finding[],
): Promise<SettingsResult | 'read' | undefined> {
  let answer: 'read' | undefined;
  if (findings.some((one) => one.weight >= LIBRARY_WEIGHT)) return undefined;
  for (const path of sources.paths) {
    if (!hasSettingsName(path) || sources.outline(path) !== undefined) continue;
    const text = sources.text(path) ?? '';
    const outline = await outlineByCompiler(path, text);
    if (outline !== undefined) {
      sources.adopt(path, outline);
      answer = 'read';
      continue;
    }
    const outcome = await findSyntaxError(path, text);
    if (outcome !== undefined)
      return { status: 'planned', dialect: 'unknown', edits: [{ path, outcome }], access: PROCESS_ENV };
  }
  return answer;
}

async function planned(context: Context, finding: Finding, plan: Plan): Promise<SettingsResult> {
  if (plan.refusal !== undefined) return ambiguous(context, [finding], plan.refusal, plan.snippet);
  const reads = finding.dialect === 'object' || finding.dialect === 'constants' ? ambientParts(context) : [];
  const edits = await editsOf(context, mergeParts([...plan.parts, ...reads, ...turboBeside(context, plan.parts)]));
  const { access, variables } = plan;
  return { status: 'planned', dialect: finding.dialect, edits, access, ...(variables && { variables }) };
}

/** A dialect may have seen to it already. */
function turboBeside(context: Context, parts: readonly Part[]): Part[] {
  return turboParts(context, []).filter(({ path }) => !parts.some((part) => part.path === path));
}

async function editsOf({ sources }: Context, parts: readonly Part[]): Promise<SettingsEdit[]> {
  const edits: SettingsEdit[] = [];
  for (const { path, insertions, notes, created } of parts) {
    if (created !== undefined) {
      edits.push({
        path,
        outcome: { status: 'changed', text: created, splices: [{ start: 0, end: 0, text: created }], notes },
        created: true,
      });
      continue;
    }
    edits.push({ path, outcome: await finishEdit(path, sources.text(path) ?? '', insertions, notes) });
  }
  return edits;
}

/** Settings in a package of the workspace, provided that the app itself imports them from there. */
async function planShared(context: Context): Promise<SettingsResult | undefined> {
  const files = context.sources.workspace();
  const findings = findIn(
    context,
    files.map((file) => file.path),
  ).filter((one) => one.weight >= LIBRARY_WEIGHT);
  for (const finding of findings) {
    const plan = finding.plan();
    const name = files.find((file) => file.path === finding.path)?.package ?? '';
    if (plan.access.kind !== 'import') continue;
    const specifier = specifierOf(context, name, plan.access.name);
    if (specifier === undefined) continue;
    return planned(context, finding, { ...plan, access: { ...plan.access, specifier } });
  }
  return undefined;
}

/** `@acme/env/server`, where a file of the app has `import { env } from '@acme/env/server'`. */
function specifierOf({ sources, tree }: Context, packageName: string, exported: string): string | undefined {
  const escaped = packageName.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`import\\s*\\{[^}]*\\b${exported}\\b[^}]*\\}\\s*from\\s*['"](${escaped}(?:/[^'"]*)?)['"]`);
  for (const path of sources.all()) {
    const found = pattern.exec(tree.read(path) ?? '')?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

function ambiguous(
  { sources }: Context,
  findings: readonly Finding[],
  reason: string,
  snippet?: string,
): SettingsResult {
  return {
    status: 'ambiguous',
    candidates: findings.map(({ path, offset, dialect }) => ({
      path,
      line: positionOf(sources.text(path) ?? '', offset).line,
      dialect,
      reason,
    })),
    snippet: snippet ?? findings[0]?.plan().snippet ?? '',
  };
}

function unknownPlace({ variable }: Context, path: string): SettingsResult {
  return {
    status: 'ambiguous',
    candidates: [{ path, line: 1, dialect: 'unknown', reason: 'no settings are recognised here' }],
    snippet: `${variable.name}: process.env.${variable.name} || '${variable.default}',`,
  };
}
