/** How the rendered module gets at the URL that the host's settings hold. */
import type { Host } from '../hosts/host.ts';
import type { SettingsAccess } from '../settings/dialect.ts';
import { relativeImport } from './relative-import.ts';

export interface SettingsSource {
  /** The import as source text, empty where the environment is read itself. */
  readonly statement: string;
  /** Expression for the URL; falls back where the settings may lack it. */
  readonly url: string;
}

/** @param fallback the URL on a developer's machine */
export function settingsSource(host: Host, access: SettingsAccess, file: string, fallback: string): SettingsSource {
  if (access.kind !== 'import') return { statement: '', url: `${envExpression(host, 'REDIS_URL')} || '${fallback}'` };
  const name = OWN_NAMES.has(access.name) ? `${access.name}Setting` : access.name;
  const expression = name === access.name ? access.expression : withName(access.expression, access.name, name);
  return {
    statement: importStatement(host, access, name, access.specifier ?? relativeImport(file, access.path, host)),
    url: access.optional ? `${expression} || '${fallback}'` : expression,
  };
}

/** Only where the name stands for the binding: not as a member, not within a longer name. */
function withName(expression: string, from: string, to: string): string {
  const escaped = from.replaceAll('$', '\\$');
  return expression.replaceAll(new RegExp(`(?<![\\w$.])${escaped}(?![\\w$])`, 'g'), () => to);
}

/** `process.env.X` in the spelling that the host's compiler accepts. */
export function envExpression(host: Host, name: string): string {
  return host.typescript?.noPropertyAccessFromIndexSignature ? `process.env['${name}']` : `process.env.${name}`;
}

/** Names at the top of the rendered file; a setting of the same name is imported under another. */
const OWN_NAMES = new Set([
  'Redis',
  'createClient',
  'shared',
  'scope',
  'getRedis',
  'tryRedis',
  'redisHealth',
  'closeRedis',
  'configureRedis',
  'redisPrefix',
  'logRedis',
  'redisUrl',
  'connect',
  'whenReady',
  'dropClient',
  'onAnswer',
  'onTrouble',
  'onSilence',
  'within',
  'backoff',
  'createShared',
  'reasonOf',
  'now',
  'ignore',
  'url',
]);

function importStatement(
  host: Host,
  access: Extract<SettingsAccess, { kind: 'import' }>,
  name: string,
  specifier: string,
): string {
  const from = `'${specifier}'`;
  if (host.language === 'javascript' && host.syntax === 'commonjs') {
    const rename = name === access.name ? name : `${access.name}: ${name}`;
    if (access.binding === 'named') return `const { ${rename} } = require(${from});`;
    return `const ${name} = require(${from})${access.binding === 'default' ? '.default' : ''};`;
  }
  if (access.binding === 'named') {
    return `import { ${name === access.name ? name : `${access.name} as ${name}`} } from ${from};`;
  }
  if (access.binding === 'namespace') return `import * as ${name} from ${from};`;
  if (access.binding === 'module' && host.typescript && !host.typescript.esModuleInterop) {
    return `import ${name} = require(${from});`;
  }
  return `import ${name} from ${from};`;
}
