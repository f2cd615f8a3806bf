/** Where paxx keeps its own files in a project, and which of the project's files hold secrets. */
import { posix } from 'node:path';

/** Folder of the ledger, and of journal and backups while an apply is under way. */
export const STATE_FOLDER = '.paxx';

/** What was added and how; committed with the project. */
export const LEDGER_PATH = `${STATE_FOLDER}/ledger.json`;

const SAMPLE = /(^|[.-])(example|sample|template|tpl|dist|defaults?|schema)($|[.-])/i;

/**
 * True for `.env` and its kin, which may hold secrets: they are never shown nor copied into the ledger.
 * `.env.example` and other samples hold none.
 */
export function isSecretPath(path: string): boolean {
  const name = posix.basename(path).toLowerCase();
  const env = name === '.env' || name.startsWith('.env.') || name.startsWith('.env-') || name.endsWith('.env');
  return (env || name === '.envrc' || name === '.dev.vars') && !SAMPLE.test(name);
}
