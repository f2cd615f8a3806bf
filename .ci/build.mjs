// Builds dist/ or the folder named: the CLI as lazily loaded ESM chunks, its type declarations, and the workspace's packages.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import handlebars from 'handlebars';
import { rolldown } from 'rolldown';
import { bundleParser, compilerFile } from './bundle-parser.mjs';
import { buildPackages } from './build-packages.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** Puts the templates into `render/precompiled.ts`. */
const precompiledTemplates = {
  name: 'precompiled-templates',
  load(id) {
    if (!id.endsWith(join('render', 'precompiled.ts'))) return null;
    const folder = join(root, 'templates');
    const entries = readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.hbs'))
      .map((name) => {
        const code = handlebars.precompile(readFileSync(join(folder, name), 'utf8'), { noEscape: true, strict: true });
        return `${JSON.stringify(name.split(sep).join('/'))}: ${code}`;
      });
    return `export const precompiled = { ${entries.join(',\n')} };`;
  },
};

/** `new Intl.Segmenter()` loads its tables, which takes as long as starting Node: left to the first text measured. */
const lazySegmenter = {
  name: 'lazy-segmenter',
  transform(code, id) {
    if (!id.includes('string-width') || !code.includes('new Intl.Segmenter()')) return null;
    const lazy = '((made) => ({ segment: (text) => (made ??= new Intl.Segmenter()).segment(text) }))()';
    return { code: code.replace('new Intl.Segmenter()', lazy), map: null };
  },
};

// Made elsewhere and moved into place at the end, so that whoever runs the last build is not left without a file.
const target = resolve(process.argv[2] ?? join(root, 'dist'));
const scratch = process.argv[2] ? dirname(target) : join(root, 'node_modules/.cache');
const out = mkdtempSync(join(makeFolder(scratch), 'paxx-build-'));
const packages = new Set();
await bundleCli();
await bundleCommands();
await bundleCompiler();
await buildPackages(out);
writeNotices();
emitTypes();
rmSync(target, { recursive: true, force: true });
renameSync(out, target);

function makeFolder(path) {
  mkdirSync(path, { recursive: true });
  return path;
}

/** For `import`: one chunk per lazy import, so that a caller loads what it needs and nothing else. */
async function bundleCli() {
  const input = {
    main: join(root, 'src/cli/main.ts'),
    index: join(root, 'src/cli/index.ts'),
    plugin: join(root, 'src/cli/commands/plugin.ts'),
  };
  await bundleSources(input, {
    dir: join(out, 'cli'),
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  chmodSync(join(out, 'cli/main.js'), 0o755);
}

/** For the command line: one CommonJS file, which `code-cache.ts` loads without compiling it again. */
async function bundleCommands() {
  const file = join(out, 'cli/commands.cjs');
  await bundleSources(join(root, 'src/cli/commands/index.ts'), { file, format: 'cjs', codeSplitting: false });
}

async function bundleSources(input, output) {
  const bundle = await rolldown({
    input,
    platform: 'node',
    resolve: {
      // jsonc-parser's `main` is UMD, whose inner requires no bundler follows.
      mainFields: ['module', 'main'],
      alias: { handlebars: require.resolve('handlebars/runtime.js') },
    },
    // Only the sources load ts-morph itself: the build has its compiler as a file of its own.
    external: (id) => builtins.has(id) || id === 'ts-morph',
    plugins: [precompiledTemplates, lazySegmenter],
    // yargs asks `import.meta.resolve` for configuration that extends packages, which nothing here has.
    checks: { emptyImportMeta: false },
    transform: { target: 'node20.19' },
  });
  note(await bundle.write({ ...output, minify: true }));
  await bundle.close();
}

/** The compiler within ts-morph, as CommonJS files that `code-cache.ts` can load: its parser, and for checks all of it. */
async function bundleCompiler() {
  await bundleParser(join(out, 'cli/typescript-parser.cjs'), isBuiltin);
  const bundle = await rolldown({ input: compilerFile(), platform: 'node', external: isBuiltin });
  note(await bundle.write({ file: join(out, 'cli/typescript.cjs'), format: 'cjs', minify: true }));
  await bundle.close();
}

function isBuiltin(id) {
  return builtins.has(id);
}

/** Remembers whose code went into a bundle. */
function note({ output }) {
  for (const id of output.flatMap((chunk) => chunk.moduleIds ?? [])) {
    const folder = /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id.replace(/^\0/, ''))?.[0];
    if (folder) packages.add(folder);
  }
}

/** The licences of what is in the bundles, as they ask for. */
function writeNotices() {
  const texts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((one) => /^licen[cs]e(?:\.\w+)?$/i.test(one));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`;
  });
  const [compiler] = /\/\*!.*?\*\//s.exec(readFileSync(compilerFile(), 'utf8')) ?? [''];
  texts.push(`typescript, within @ts-morph/common (Apache-2.0)\n\n${compiler}\n`);
  writeFileSync(join(out, 'cli/THIRD-PARTY-NOTICES.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

function emitTypes() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', 'src/cli/tsconfig.json', '--outDir', join(out, 'types')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
