/** The plan in words, for a terminal or a log. */
import { formatPlace } from '../errors.ts';
import type { PlanConflict, PlanWarning } from './conflict.ts';
import { LEDGER_PATH } from './paths.ts';
import type { Plan } from './plan.ts';

const VERBS = { create: 'create', edit: 'edit', delete: 'delete', unchanged: 'keep' } as const;

/** One line per file, then warnings. The ledger is ours and goes without saying. */
export function formatPlan(plan: Plan): string {
  const rows = plan.operations.filter((operation) => operation.path !== LEDGER_PATH);
  const width = Math.max(0, ...rows.map((row) => row.path.length));
  const lines = rows.map(({ kind, path, notes }) =>
    `  ${VERBS[kind].padEnd(6)}  ${path.padEnd(width)}  ${unique(notes).join(', ')}`.trimEnd(),
  );
  return [...lines, ...plan.warnings.map((warning) => `  note    ${formatWarning(warning)}`)]
    .map((line) => `${line}\n`)
    .join('');
}

export function formatConflicts(conflicts: readonly PlanConflict[]): string {
  return conflicts
    .map((conflict) => {
      const snippet = conflict.snippet === undefined ? '' : `\n${conflict.snippet.replaceAll(/^(?=.)/gm, '      ')}\n`;
      return `  ${formatPlace(conflict)}: ${conflict.reason}\n    ${conflict.hint}\n${snippet}`;
    })
    .join('');
}

function formatWarning({ path, message, hint }: PlanWarning): string {
  return [path === undefined ? message : `${path}: ${message}`, hint].filter((part) => part !== undefined).join(' ');
}

function unique(notes: readonly string[]): string[] {
  return [...new Set(notes)];
}
