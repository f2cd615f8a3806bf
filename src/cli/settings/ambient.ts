/** `interface ProcessEnv` in a host's declaration files: the member that keeps it complete. */
import { insertTypeMember, membersOf } from '../editors/typescript/insert-member.ts';
import { typeBodies } from '../editors/typescript/locate.ts';
import { contextStyle, type Context, type Part } from './finding.ts';

/** The one declaration that lists variables of its own. */
export function ambientParts(context: Context): Part[] {
  const { tree, host, sources, variable } = context;
  if (host.language !== 'typescript') return [];
  for (const path of tree.walk(host.app, { filter: (one) => one.endsWith('.d.ts') })) {
    const text = sources.text(path) ?? '';
    const outline = text.includes('ProcessEnv') ? sources.outline(path) : undefined;
    const body = outline === undefined ? undefined : typeBodies(outline).find((one) => one.name === 'ProcessEnv')?.body;
    if (outline === undefined || body === undefined) continue;
    const members = membersOf(outline, body);
    if (members.length === 0) continue;
    if (members.some((member) => member.name === variable.name))
      return [{ path, insertions: [], notes: [`${variable.name} is in ProcessEnv already`] }];
    const insertion = insertTypeMember(outline, body, `${variable.name}?: string`, contextStyle(context, outline));
    return [{ path, insertions: [insertion], notes: [`${variable.name} in ProcessEnv`] }];
  }
  return [];
}
