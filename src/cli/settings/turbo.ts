/** turbo.json: the variables that Turborepo hands to tasks. */
import { entriesOf } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { stringValue } from '../editors/typescript/outline.ts';
import type { Context, Part } from './finding.ts';

/**
 * Turborepo hands a task only the variables that its configuration names.
 * @param siblings variables of the same schema: a task's own list that has one of them takes ours too
 */
export function turboParts({ sources, host, variable }: Context, siblings: readonly string[]): Part[] {
  const paths = new Set([host.app === '' ? 'turbo.json' : `${host.app}/turbo.json`, 'turbo.json']);
  return [...paths].flatMap((path): Part[] => {
    const outline = sources.outline(path);
    if (outline === undefined) return [];
    const lists = outline.groups.filter((group) => {
      if (group.bracket !== '[') return false;
      const key = stringValue(group.parent?.children[group.index - 2]);
      const values = entriesOf(group).map((entry) => stringValue(entry.nodes[0]));
      if (values.includes(variable.name) || values.includes('*')) return false;
      return (
        key === 'globalEnv' ||
        (key === 'env' && values.some((value) => value !== undefined && siblings.includes(value)))
      );
    });
    const style = { indent: '  ', quote: '"', semicolons: false, trailingComma: false, eol: '\n' } as const;
    const insertions = lists.map((list) => insertEntry(outline, list, `"${variable.name}"`, style, 'element'));
    return insertions.length === 0 ? [] : [{ path, insertions, notes: [`${variable.name} for Turborepo`] }];
  });
}
