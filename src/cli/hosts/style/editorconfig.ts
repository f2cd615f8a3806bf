/** .editorconfig: indentation, line ends and, where it is set, quotes. */
import { ancestors, under } from '../paths.ts';
import type { Project } from '../project.ts';
import type { PartialStyle } from './partial.ts';
import { eolOf, indentOf } from './partial.ts';

/** Properties of the sections that hold for `.ts` and `.js` files, nearer files over farther ones. */
export function editorconfigStyle(project: Project): PartialStyle | undefined {
  let properties: Readonly<Record<string, string>> | undefined;
  for (const folder of ancestors(project.app)) {
    const text = project.tree.read(under(folder, '.editorconfig'));
    if (text === undefined) continue;
    properties = { ...propertiesOf(text), ...properties };
    if (/^\s*root\s*=\s*true/im.test(text)) break;
  }
  if (properties === undefined) return undefined;
  const width = Number(
    properties['indent_size'] === 'tab'
      ? properties['tab_width']
      : (properties['indent_size'] ?? properties['tab_width']),
  );
  const quote = properties['quote_type'];
  return {
    ...indentOf(
      properties['indent_style'] === 'tab',
      Number.isFinite(width) && properties['indent_style'] !== undefined ? width : undefined,
    ),
    ...eolOf(properties['end_of_line']),
    ...(quote === 'single' || quote === 'double' ? { quote: quote === 'single' ? "'" : '"' } : {}),
  };
}

function propertiesOf(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  let applies = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1];
    if (section !== undefined) applies = /^(?:\*|\*\*)$|\*\.(?:\{[^}]*\b[cm]?[jt]sx?\b[^}]*\}|[jt]s)$/.test(section);
    const pair = /^\s*([\w-]+)\s*[=:]\s*([^#;\s]+)/.exec(line);
    if (applies && pair) found[pair[1]!.toLowerCase()] = pair[2]!.toLowerCase();
  }
  return found;
}
