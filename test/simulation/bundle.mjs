// The worlds as one file that Node runs, with the text of a planted bug where one is asked for.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const worlds = fileURLToPath(new URL('worlds/index.ts', import.meta.url));

/** The text of the bundle. */
export async function bundleWorlds() {
  const bundle = await rolldown({ input: worlds, platform: 'node', logLevel: 'warn' });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return output[0].code;
}

/** @param changes pairs of a text that is there once, and what takes its place */
export function plant(code, changes) {
  return changes.reduce((text, [before, after]) => {
    const parts = text.split(before);
    if (parts.length !== 2) throw new Error(`${parts.length - 1} places, not one, have: ${before}`);
    return parts.join(after);
  }, code);
}

/** A file to import; `remove` when all have done so. */
export function writeBundle(code) {
  const folder = mkdtempSync(join(tmpdir(), 'paxx-simulation-'));
  const file = join(folder, 'worlds.mjs');
  writeFileSync(file, code);
  return { url: pathToFileURL(file).href, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
