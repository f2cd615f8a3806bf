// Takes out of a built package the declarations that no entry leads to: most files of the package have one, and users
// of its types need about two thirds.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param types the folder of declarations
 * @param entries files in it
 */
export function pruneTypes(types, entries) {
  const reached = new Set();
  const ahead = entries.map((entry) => join(types, entry));
  for (let file = ahead.pop(); file !== undefined; file = ahead.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    // Throws where the pattern takes something for a path that is none.
    const text = readFileSync(file, 'utf8');
    for (const [, path] of text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*["'](\.[^"']+)["']/gm)) {
      ahead.push(join(dirname(file), path.replace(/\.(?:ts|js)$/, '.d.ts')));
    }
  }
  remove(types, reached);
  for (const file of reached) writeFileSync(file, narrow(readFileSync(file, 'utf8')));
}

/** Whether the folder is empty then. */
function remove(folder, kept) {
  let left = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const gone = statSync(path).isDirectory() ? remove(path, kept) : !kept.has(path);
    if (gone) rmSync(path, { recursive: true });
    else left++;
  }
  return left === 0;
}

/** Without what the compiler adds, four spaces a level, and without what a file says of itself, which no editor shows. */
function narrow(text) {
  return text
    .replace(/^\/\*\*(?:[^*]|\*(?!\/))*\*\/\n(?=import |export (?:type )?[{*])/, '')
    .replaceAll(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4));
}
