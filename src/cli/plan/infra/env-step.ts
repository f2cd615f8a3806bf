/** Adds the variables to the env files: every example that the app goes by, and the local file where there is one. */
import { addVariables, isEnvExampleName, readVariables } from '../../editors/dotenv/index.ts';
import { parentOf } from '../../hosts/paths.ts';
import type { EnvVariable } from '../../settings/dialect.ts';
import { inFolder, type StepContext } from './context.ts';

/** The first of these that exists is the developer's own file. Next.js reads `.env.local` over `.env`. */
const LOCAL_FILES = ['.env', '.env.local', '.env.development.local', '.env.development', '.env.dev'];
const NEXT_LOCAL_FILES = ['.env.local', '.env', '.env.development.local', '.env.development'];

/** Where apps that load their env files themselves keep them. */
const OTHER_FOLDERS = ['config', 'env', 'envs', 'environments'];

/** @returns the developer's own file, undefined where there is none */
export function stageEnvFiles(context: StepContext, variables: readonly EnvVariable[]): string | undefined {
  const examples = findExamples(context);
  const local = findLocal(context);
  const files = [...examples, ...(local ? [local] : [])];
  if (files.length === 0) {
    // Apps that share a manifest are started beside it, and so is their env file read.
    const path = inFolder(parentOf(context.host.manifest), '.env.example');
    const lines = variables.flatMap(({ name, default: value, example = value, description }) => [
      `# ${description}`,
      `${name}=${example}`,
    ]);
    const eol = context.host.style.eol;
    context.tree.stageNew(path, lines.join(eol) + eol, { notes: variables.map(({ name }) => name) });
    return undefined;
  }
  for (const path of files) {
    const text = context.tree.read(path) ?? '';
    const wish = variables.map(({ name, default: value, example = value, local: own = value, description }) => ({
      name,
      value: path === local ? own : example,
      comment: description,
    }));
    context.tree.stageOutcome(path, addVariables(text, wish));
  }
  return local;
}

/** The app's own examples; those at the root too when they speak of the app, or when the app has none. */
function findExamples({ tree, host }: StepContext): string[] {
  const own = examplesIn(tree.list(host.app)).map((name) => inFolder(host.app, name));
  if (host.app === '' && own.length > 0) return own;
  const names = new Set(own.flatMap((path) => namesIn(tree.read(path))));
  const aside = OTHER_FOLDERS.map((name) => inFolder(host.app, name));
  const root = examplesIn(tree.list(''));
  if (own.length === 0 && (host.app === '' || root.length === 0)) {
    return aside.flatMap((folder) => examplesIn(tree.list(folder)).map((name) => inFolder(folder, name)));
  }
  return [
    ...own,
    ...root.filter((path) => own.length === 0 || namesIn(tree.read(path)).some((name) => names.has(name))),
  ];
}

function findLocal({ tree, host }: StepContext): string | undefined {
  const names = host.framework === 'next' || host.framework === 'payload' ? NEXT_LOCAL_FILES : LOCAL_FILES;
  const folders = host.app === '' ? [''] : [host.app, ''];
  for (const folder of [...folders, ...OTHER_FOLDERS.map((name) => inFolder(host.app, name))]) {
    const name = names.find((candidate) => tree.isFile(inFolder(folder, candidate)));
    if (name !== undefined) return inFolder(folder, name);
  }
  return undefined;
}

function examplesIn(names: readonly string[]): string[] {
  return names.filter((name) => !name.endsWith('/') && isEnvExampleName(name));
}

function namesIn(text: string | undefined): string[] {
  return text === undefined ? [] : readVariables(text).map(({ name }) => name);
}
