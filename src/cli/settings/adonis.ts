/** AdonisJS: `Env.create(root, {…})` of version 6 and `Env.rules({…})` of version 5. */
import { findProperty, propertiesOf } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { callsOf } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import { isGroup, type Group, type Outline } from '../editors/typescript/outline.ts';
import { quoted } from '../editors/typescript/style.ts';
import {
  contextStyle,
  importAccess,
  LIBRARY_WEIGHT,
  PROCESS_ENV,
  type Context,
  type Finding,
  type Plan,
} from './finding.ts';
import { reach } from './flow.ts';

export function findAdonis(context: Context, path: string, outline: Outline): Finding[] {
  const from = importsOf(outline).find((one) => /^@adonisjs\/(?:core\/)?env$|^@ioc:Adonis\/Core\/Env$/.test(one.from));
  const local = from?.named.get('Env') ?? from?.defaultName;
  if (local === undefined) return [];
  return callsOf(outline).flatMap((call): Finding[] => {
    const isCreate = call.callee === `${local}.create`;
    const object = call.args[isCreate ? 1 : 0]?.[0];
    if ((!isCreate && call.callee !== `${local}.rules`) || !isGroup(object, '{')) return [];
    const weight = LIBRARY_WEIGHT + 1000 + (propertiesOf(object)?.length ?? 0);
    return [
      {
        dialect: 'adonis',
        path,
        offset: object.start,
        weight,
        plan: () => plan(context, path, outline, { local, call: call.group, object, isCreate }),
      },
    ];
  });
}

function plan(
  context: Context,
  path: string,
  outline: Outline,
  { local, call, object, isCreate }: { local: string; call: Group; object: Group; isCreate: boolean },
): Plan {
  const { variable } = context;
  const style = contextStyle(context, outline);
  const text = `${variable.name}: ${local}.schema.string.optional()`;
  const there = findProperty(object, variable.name) !== undefined;
  const get = `.get(${quoted(variable.name, style)}, ${quoted(variable.default, style)})`;
  return {
    parts: [
      {
        path,
        insertions: there ? [] : [insertEntry(outline, object, text, style)],
        notes: [there ? `${variable.name} is there already` : `${variable.name} in ${path}`],
      },
    ],
    access: isCreate ? importAccess(path, reach(outline, call, get), false) : PROCESS_ENV,
    snippet: `${text},`,
  };
}
