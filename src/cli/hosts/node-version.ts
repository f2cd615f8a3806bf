/** The lowest Node that the host says it runs on. */
import { isObject } from './json.ts';
import { ancestors, under } from './paths.ts';
import type { Project } from './project.ts';
import { majorOf } from './versions.ts';

/** Names of the long-term lines, as .nvmrc may spell them. */
const CODE_NAMES: Readonly<Record<string, number>> = {
  dubnium: 10,
  erbium: 12,
  fermium: 14,
  gallium: 16,
  hydrogen: 18,
  iron: 20,
  jod: 22,
  krypton: 24,
};

/** From `engines`, `.nvmrc`, `.node-version`, `.tool-versions` or volta, in this order; the nearest to the app wins. */
export function lowestNode(project: Project): number | undefined {
  for (const manifest of [project.manifest, project.rootManifest]) {
    const engines = manifest?.fields['engines'];
    const range = isObject(engines) ? engines['node'] : undefined;
    const major = typeof range === 'string' ? majorOf(range) : undefined;
    if (major !== undefined) return major;
  }
  for (const folder of ancestors(project.app)) {
    for (const name of ['.nvmrc', '.node-version']) {
      const major = fromFile(project.tree.read(under(folder, name))?.trim());
      if (major !== undefined) return major;
    }
    const tools = project.tree.read(under(folder, '.tool-versions'));
    const major = majorOf(/^node(?:js)?\s+(\S+)/m.exec(tools ?? '')?.[1]);
    if (major !== undefined) return major;
  }
  const volta = project.manifest.fields['volta'];
  return isObject(volta) && typeof volta['node'] === 'string' ? majorOf(volta['node']) : undefined;
}

function fromFile(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const name = /^lts\/(\w+)/.exec(text)?.[1];
  return name === undefined ? majorOf(/^v?\d[\d.x]*/.exec(text)?.[0]) : CODE_NAMES[name.toLowerCase()];
}
