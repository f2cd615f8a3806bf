/** The facts of a tsconfig with what tsc fills in where an option is not written. */
import type { Project, TsConfig } from '../project.ts';
import type { TypeScriptFacts } from '../host.ts';
import { stringList } from '../json.ts';
import { typescriptVersion } from './version.ts';
import { flag, option } from './tsconfig.ts';

/** Options as tsc of the host's version would see them; an older compiler than 3.6 is the caller's to refuse. */
export function typescriptFacts(project: Project): TypeScriptFacts {
  const version = typescriptVersion(project);
  const config = project.tsconfig();
  // TypeScript 6 turned strict, ES modules and bundler resolution on, and automatic @types off.
  const modern = version.major >= 6;
  const target = (option(config, 'target') ?? '').toLowerCase();
  const module = (option(config, 'module') ?? defaultModule(target, modern)).toLowerCase();
  const moduleResolution = (option(config, 'moduleResolution') ?? defaultResolution(module, modern)).toLowerCase();
  const verbatim = flag(config, 'verbatimModuleSyntax') ?? false;
  const types = config?.options['types'];
  return {
    version,
    ...(config ? { config: config.path } : {}),
    strict: flag(config, 'strict') ?? modern,
    esModuleInterop: flag(config, 'esModuleInterop') ?? (modern || /^node|^preserve$/.test(module)),
    verbatimModuleSyntax: verbatim,
    isolatedModules: flag(config, 'isolatedModules') ?? verbatim,
    noPropertyAccessFromIndexSignature: flag(config, 'noPropertyAccessFromIndexSignature') ?? false,
    allowImportingTsExtensions: rewritesEndings(config),
    module,
    moduleResolution,
    target,
    lib: stringList(config?.options['lib']).map((name) => name.toLowerCase()),
    ...(Array.isArray(types) ? { types: stringList(types) } : modern && config?.complete ? { types: [] } : {}),
  };
}

/** Both options admit `./file.ts`: one for hosts that never emit, one for those that do. */
function rewritesEndings(config: TsConfig | undefined): boolean {
  return flag(config, 'allowImportingTsExtensions') ?? flag(config, 'rewriteRelativeImportExtensions') ?? false;
}

function defaultModule(target: string, modern: boolean): string {
  if (modern) return 'esnext';
  return target === '' || target === 'es3' || target === 'es5' ? 'commonjs' : 'es6';
}

function defaultResolution(module: string, modern: boolean): string {
  if (module === 'node16' || module === 'nodenext') return module;
  if (/^node\d+$/.test(module)) return 'node16';
  if (module === 'preserve' || modern) return 'bundler';
  return module === 'commonjs' ? 'node10' : 'classic';
}
