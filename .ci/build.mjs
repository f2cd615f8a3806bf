// Builds dist/: the CLI as lazily loaded ESM chunks, its type declarations, and the packages of the workspace.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

rmSync(join(root, 'dist'), { recursive: true, force: true });
await bundleCli();
await bundleCompiler();
emitTypes();

/** One chunk per lazy import: a command loads what it needs and nothing else. */
async function bundleCli() {
  const bundle = await rolldown({
    input: {
      main: join(root, 'src/cli/main.ts'),
      index: join(root, 'src/cli/index.ts'),
      plugin: join(root, 'src/cli/commands/plugin.ts'),
    },
    platform: 'node',
    // jsonc-parser's `main` is UMD, whose inner requires no bundler follows.
    resolve: { mainFields: ['module', 'main'] },
    // Only the sources load ts-morph itself: the build has its compiler as a file of its own.
    external: (id) => builtins.has(id) || id === 'ts-morph',
  });
  await bundle.write({
    dir: join(root, 'dist/cli'),
    format: 'esm',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
  chmodSync(join(root, 'dist/cli/main.js'), 0o755);
}

/** The compiler within ts-morph, as one CommonJS file that `code-cache.ts` can load. */
async function bundleCompiler() {
  const bundle = await rolldown({
    input: require.resolve('@ts-morph/common/dist/typescript.js', { paths: [require.resolve('ts-morph')] }),
    platform: 'node',
    external: (id) => builtins.has(id),
  });
  await bundle.write({ file: join(root, 'dist/cli/typescript.cjs'), format: 'cjs', minify: true });
  await bundle.close();
}

function emitTypes() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', 'src/cli/tsconfig.json'], { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
