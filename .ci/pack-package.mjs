// Packs a built package of the workspace as a tarball that package managers install: the same files, the same bytes.
import { Buffer } from 'node:buffer';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * @param root of the repository, whose licence goes along
 * @param folder of the package, with its dist/
 * @param target folder for `<scope>-<name>-<version>.tar.gz`
 */
export function packPackage(root, folder, target) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = [
    ['package.json', Buffer.from(`${JSON.stringify(withFallbacks(manifest), undefined, 2)}\n`)],
    ['LICENSE', readFileSync(join(root, 'LICENSE'))],
    ['README.md', readFileSync(join(folder, 'README.md'))],
    ...filesBelow(folder, 'dist').map((name) => [name, readFileSync(join(folder, name))]),
  ];
  const blocks = files.flatMap(([name, bytes]) => [header(`package/${name}`, bytes.length), bytes, padding(bytes)]);
  const tarball = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
  // The operating system, which gzip notes.
  tarball[9] = 255;
  mkdirSync(target, { recursive: true });
  const name = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tar.gz`;
  writeFileSync(join(target, name), tarball);
}

/** For compilers that do not read `exports`, as with `moduleResolution: node`. */
function withFallbacks(manifest) {
  const { '.': whole, ...parts } = manifest.exports;
  const typed = Object.entries(parts).filter(([, entry]) => entry.types !== undefined);
  const paths = Object.fromEntries(typed.map(([name, entry]) => [name.slice('./'.length), [entry.types]]));
  return { ...manifest, main: whole.default, types: whole.types, typesVersions: { '*': paths } };
}

function filesBelow(folder, name) {
  return readdirSync(join(folder, name), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${name}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(folder, path) : [path];
    });
}

const BLOCK = 512;

/** Of the tar format that POSIX.1-1988 has. Times are npm's own: the same for all files of all packages. */
function header(path, size) {
  const name = Buffer.from(path);
  if (name.length > 100) throw new Error(`${path} is too long for the header of a tarball`);
  const block = Buffer.alloc(BLOCK);
  name.copy(block);
  // Mode, owner, group.
  block.write(['0000644', '0000000', '0000000', ''].join('\0'), 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0${TIME}\0`, 124);
  block.write('        0', 148);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Zip files know no earlier year; npm packs with this time. */
const TIME = (Date.UTC(1985, 9, 26, 8, 15) / 1000).toString(8).padStart(11, '0');

function padding({ length }) {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}
