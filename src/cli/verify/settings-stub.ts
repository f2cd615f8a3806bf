/** A stand-in for the host's settings file: exports just what the module reads, so that no other variable is needed. */
import type { SettingsAccess } from '../settings/dialect.ts';

/** JavaScript expression of the URL in the code that runs the check. */
const URL_EXPRESSION = 'process.env.REDIS_URL';

/** An object whose `get(name)` gives the parts of that URL. */
const ADDRESS_PARTS = `{
  get(name) {
    const { hostname, port, password } = new URL(${URL_EXPRESSION});
    return { REDIS_HOST: hostname, REDIS_PORT: Number(port || 6379), REDIS_PASSWORD: decodeURIComponent(password) }[name];
  },
}`;

/**
 * @returns CommonJS text.
 * @throws RangeError when the access expression is more than names, calls and literal keys.
 */
export function settingsStub(access: Extract<SettingsAccess, { kind: 'import' }>): string {
  const parts = /^`redis:\/\/:\$\{encodeURIComponent\((.+?)\.get\(/.exec(access.expression)?.[1];
  const value =
    parts === undefined
      ? nest(stepsOf(access.name, access.expression), URL_EXPRESSION)
      : nest(stepsOf(access.name, parts), ADDRESS_PARTS);
  switch (access.binding) {
    case 'named':
      return `exports[${JSON.stringify(access.name)}] = ${value};\n`;
    case 'default':
      return `exports.__esModule = true;\nexports.default = ${value};\n`;
    default:
      return `module.exports = ${value};\n`;
  }
}

type Step = { readonly key: string } | { readonly call: true };

function stepsOf(name: string, expression: string): Step[] {
  if (!expression.startsWith(name)) throw new RangeError(`${expression} does not start with ${name}`);
  const steps: Step[] = [];
  let rest = expression.slice(name.length);
  const step = /^(?:\??\.([\w$]+)|\[(['"])([^'"]+)\2\]|\((?:(['"])[^'"]*\4)?\)|!)/;
  while (rest !== '') {
    const match = step.exec(rest);
    if (!match) throw new RangeError(`${expression} is not understood at ${rest}`);
    const key = match[1] ?? match[3];
    if (key !== undefined) steps.push({ key });
    else if (match[0] !== '!') steps.push({ call: true });
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function nest(steps: readonly Step[], value: string): string {
  return steps.reduceRight(
    (inner, step) => ('key' in step ? `{ ${JSON.stringify(step.key)}: ${inner} }` : `() => (${inner})`),
    value,
  );
}
