// Builds the packages of the workspace into their dist/, and into the CLI's: the server, for `paxx redis` and its image,
// and the tarball of @paxx/redis, for apps that get it from there.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { packPackage } from './pack-package.mjs';
import { pruneTypes } from './prune-types.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** @param cliOut the CLI's dist, into which `server/` and `cli/packages/` go */
export async function buildPackages(cliOut) {
  // Apps carry it: its local names are short, and it is CommonJS, which apps of either kind, every compiler and Jest
  // can load. The server's names are kept, for the traces in its log.
  await buildPackage(
    'src/redis',
    { format: 'cjs', mangle: true },
    {
      index: 'src/redis/index.ts',
      cache: 'src/redis/cache/index.ts',
      commands: 'src/redis/commands/index.ts',
      express: 'src/redis/frameworks/express.ts',
      fastify: 'src/redis/frameworks/fastify.ts',
      fetch: 'src/redis/frameworks/fetch.ts',
      intent: 'src/redis/intent/index.ts',
      keyv: 'src/redis/frameworks/keyv.ts',
      nest: 'src/redis/frameworks/nest.ts',
      next: 'src/redis/frameworks/next.ts',
      port: 'src/redis/port/index.ts',
      primitives: 'src/redis/primitives/index.ts',
      protocol: 'src/redis/protocol/index.ts',
      telemetry: 'src/redis/telemetry/index.ts',
      testing: 'src/redis/testing/index.ts',
    },
  );
  await buildPackage(
    'src/server',
    { format: 'esm', mangle: false, required: ['index', 'jest'] },
    {
      index: 'src/server/index.ts',
      jest: 'src/server/testing/jest.ts',
      main: 'src/server/run/main.ts',
      run: 'src/server/run/index.ts',
      setup: 'src/server/testing/setup.ts',
      vitest: 'src/server/testing/vitest.ts',
    },
  );
  const out = join(cliOut, 'server');
  await bundle(join(root, 'src/server/run/index.ts'), {
    file: join(out, 'run.cjs'),
    format: 'cjs',
    codeSplitting: false,
  });
  await bundle(join(root, 'src/server/run/main.ts'), {
    file: join(out, 'main.js'),
    format: 'esm',
    codeSplitting: false,
  });
  // Suites that start a redis-server can be pointed at it.
  for (const folder of [out, join(root, 'src/server/dist')]) chmodSync(join(folder, 'main.js'), 0o755);
  copyFileSync(join(root, 'src/server/Dockerfile'), join(out, 'Dockerfile'));
  packPackage(root, join(root, 'src/redis'), join(cliOut, 'cli/packages'));
}

/**
 * Made elsewhere and moved into place, so that whoever uses the last build is not left without a file.
 *
 * @param required names of entries that are also built for `require`, as Jest does it
 */
async function buildPackage(folder, { format, mangle, required }, entries) {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'paxx-package-'));
  const input = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)]));
  await bundle(input, { dir: out, format, entryFileNames: '[name].js', chunkFileNames: '[name].js' }, mangle);
  if (required !== undefined) {
    const again = Object.fromEntries(required.map((name) => [name, input[name]]));
    await bundle(again, {
      dir: join(out, 'cjs'),
      format: 'cjs',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    });
  }
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const types = spawnSync(process.execPath, [tsc, '-p', folder, '--outDir', join(out, 'types')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (types.status !== 0) process.exit(types.status ?? 1);
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const declared = Object.values(manifest.exports).flatMap((entry) => entry.types ?? []);
  pruneTypes(
    join(out, 'types'),
    declared.map((path) => relative('dist/types', path)),
  );
  // The sources' manifest says what they are; so do these for the build, and for types that both kinds read.
  for (const part of format === 'cjs' ? ['.'] : ['cjs', 'types']) {
    writeFileSync(join(out, part, 'package.json'), '{ "type": "commonjs" }\n');
  }
  const dist = join(root, folder, 'dist');
  rmSync(dist, { recursive: true, force: true });
  renameSync(out, dist);
}

async function bundle(input, output, mangle = false) {
  const made = await rolldown({
    input,
    platform: 'node',
    external: (id) => builtins.has(id) || id === 'vitest',
    transform: { target: 'node20.19' },
  });
  await made.write({ ...output, minify: { compress: true, mangle, codegen: { removeWhitespace: true } } });
  await made.close();
}
