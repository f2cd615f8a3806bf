/** Take an edit back: what is left must be the text as it was. */
import type { Changed } from '../../src/cli/editors/outcome.ts';

/** The edited text without what the splices put in; only for edits that took nothing out. */
export function withoutSplices({ text, splices }: Changed): string {
  let out = '';
  let at = 0;
  let shift = 0;
  for (const splice of splices) {
    if (splice.end !== splice.start) throw new Error('the splice takes bytes out');
    const start = splice.start + shift;
    if (text.slice(start, start + splice.text.length) !== splice.text) throw new Error('the splice is not in the text');
    out += text.slice(at, start);
    at = start + splice.text.length;
    shift += splice.text.length;
  }
  return out + text.slice(at);
}
