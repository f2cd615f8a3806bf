/** What a run of the program loads, as V8's coverage tells: scripts by name, and whether a place in one was reached. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtCli } from './built.ts';
import { paxx, type Run } from './process.ts';

interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

export interface Loaded extends Run {
  /** File names below `dist/cli`, hashes left out. */
  readonly scripts: readonly string[];
  /** Whether the code around this text of `commands.cjs` was run. */
  reached(text: string): boolean;
}

export async function loadedBy(
  cwd: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Loaded> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'paxx-coverage-'));
  try {
    const run = await paxx(cwd, argv, { env: { ...env, NODE_V8_COVERAGE: folder } });
    const scripts = readdirSync(folder)
      .flatMap((name) => (JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as { result: Script[] }).result)
      .filter(({ url }) => url.startsWith('file:') && fileURLToPath(url).startsWith(builtCli().root));
    return {
      ...run,
      scripts: scripts.map(({ url }) => path.basename(fileURLToPath(url)).replace(/-[\w-]{8}\.js$/, '.js')),
      reached: (text) => wasReached(scripts, text),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As `code-cache.ts` wraps the file before it is compiled. */
const WRAPPER = '(function (exports, require, module, __filename, __dirname) {';

function wasReached(scripts: readonly Script[], text: string): boolean {
  const script = scripts.find(({ url }) => url.endsWith('/commands.cjs'));
  if (!script) return false;
  const at = readFileSync(fileURLToPath(script.url), 'utf8').indexOf(text);
  if (at === -1) throw new Error(`commands.cjs does not hold ${text}`);
  const offset = at + WRAPPER.length;
  const around = script.functions
    .flatMap(({ ranges }) => ranges)
    .filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
  const innermost = around.toSorted((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))[0];
  return innermost !== undefined && innermost.count > 0;
}
