/** Writes `options` of a GitHub service: the health flags as the sibling has them, with another command. */
import { isScalar } from 'yaml';
import type { CST } from 'yaml';
import { scalar } from '../yaml/emit.ts';
import type { Emit, EmitFolded } from '../yaml/emit.ts';

const DEFAULTS = ['--health-interval 10s', '--health-timeout 5s', '--health-retries 5'];

/** @param sibling the sibling's `options` */
export function healthOptions(sibling: unknown, command: string): Emit {
  const text = isScalar(sibling) && typeof sibling.value === 'string' ? sibling.value : '';
  const flags = text.match(/--health-[a-z-]+(?:=|\s+)(?:"[^"]*"|'[^']*'|\S+)/g) ?? [];
  const others = flags.filter((flag) => !flag.startsWith('--health-cmd')).map((flag) => flag.replaceAll(/\s+/g, ' '));
  const sign = flags.find((flag) => flag.startsWith('--health-cmd'))?.startsWith('--health-cmd=') ? '=' : ' ';
  const lines = [`--health-cmd${sign}"${command}"`, ...(others.length > 0 ? others : DEFAULTS)];
  const header = headerOf(sibling);
  if (header !== undefined) return { kind: 'folded', header, lines };
  return text === '' ? { kind: 'folded', header: '>-', lines } : scalar(lines.join(' '));
}

/** Header of the sibling's block scalar; one that carries an indentation or `+` is replaced by its plain form. */
function headerOf(sibling: unknown): EmitFolded['header'] | undefined {
  const token = (sibling as { srcToken?: CST.Token } | undefined)?.srcToken;
  if (token?.type !== 'block-scalar') return undefined;
  const prop = token.props.find((part): part is CST.SourceToken => part.type === 'block-scalar-header');
  const source = prop?.source ?? '>-';
  return `${source.startsWith('|') ? '|' : '>'}${source.includes('-') ? '-' : ''}`;
}
