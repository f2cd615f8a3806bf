/** The project that is crashed over and over: eight files, a ledger, an install that rewrites the lock file. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const FILES = {
  'package.json': '{\n  "name": "shop",\n  "dependencies": {\n    "express": "^5.1.0"\n  }\n}\n',
  'package-lock.json': `${JSON.stringify({ lockfileVersion: 3, packages: filler(400) }, undefined, 2)}\n`,
  'compose.yaml': `services:\n  app:\n    build: .\n${'    # a comment\r\n'.repeat(200)}`,
  '.env': 'SECRET=hunter2',
  '.env.example': 'SECRET=\n',
  'src/settings.ts': `\uFEFFexport const settings = {\r\n  port: 3000,\r\n};\r\n`,
  'src/old/legacy.ts': 'export {};\n',
  'bin/start': '#!/bin/sh\nexec node .\n',
};

export function makeProject(root) {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  chmodSync(join(root, '.env'), 0o600);
  chmodSync(join(root, 'bin/start'), 0o755);
}

/** @param planner the bundled planner */
export function makePlan(planner, root) {
  const tree = planner.openTree(root);
  tree.stageText('package.json', tree.read('package.json').replace('"express"', '"ioredis": "^5.8.0",\n    "express"'));
  tree.stageText('compose.yaml', `${tree.read('compose.yaml')}  redis:\n    image: redis:7-alpine\n`);
  tree.stageText('.env', `${tree.read('.env')}\nREDIS_URL=redis://localhost:6379\n`);
  tree.stageText('.env.example', `${tree.read('.env.example')}REDIS_URL=redis://localhost:6379\n`);
  tree.stageText('src/settings.ts', tree.read('src/settings.ts').replace('3000,', "3000,\r\n  redisUrl: '',"));
  tree.stageNew('src/lib/cache/redis.ts', 'export const redis = 1;\n'.repeat(300));
  tree.stageNew('.paxx/ledger.json', '{}\n');
  tree.stageDelete('src/old/legacy.ts');
  tree.stageFolderRemoval('src/old');
  return planner.buildPlan(tree, { component: 'redis' });
}

/** Writes as a package manager does: in place, in slices, with pauses. */
export async function install(root) {
  const text = `${JSON.stringify({ lockfileVersion: 3, packages: filler(500) }, undefined, 2)}\n`;
  writeFileSync(join(root, 'yarn.lock'), '# half');
  for (let at = 0; at <= text.length; at += 5000) {
    writeFileSync(join(root, 'package-lock.json'), text.slice(0, at + 5000));
    await delay(1);
  }
  writeFileSync(join(root, 'yarn.lock'), '# whole\n');
}

/** Every file, folder and link with mode and bytes: two equal strings are two equal trees. */
export function fingerprint(root) {
  const found = [];
  const visit = (path) => {
    for (const name of readdirSync(join(root, path)).toSorted()) {
      const below = path === '' ? name : `${path}/${name}`;
      const stats = lstatSync(join(root, below));
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) {
        found.push(`${below}/ ${mode}`);
        visit(below);
      } else if (stats.isSymbolicLink()) {
        found.push(`${below} -> ${readlinkSync(join(root, below))}`);
      } else {
        found.push(`${below} ${mode} ${readFileSync(join(root, below), 'base64')}`);
      }
    }
  };
  visit('');
  return found.join('\n');
}

function filler(count) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`node_modules/package-${i}`, { version: '1.0.0' }]),
  );
}
