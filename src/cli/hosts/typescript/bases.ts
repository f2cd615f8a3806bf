/** What well-known packages of tsconfig bases set, for hosts whose dependencies are not installed. */
import type { JsonObject } from '../json.ts';

const STRICT = { strict: true, esmoduleinterop: true, skiplibcheck: true };

/**
 * Options (keys in lower case) of a base that many hosts extend, as far as a rendered module feels
 * them; `undefined` for any other package.
 */
export function baseOptions(reference: string): JsonObject | undefined {
  const [, release, strictest] = /^@tsconfig\/node(\d+|-lts)(-strictest)?(?:-esm)?(?:\/|$)/.exec(reference) ?? [];
  if (release !== undefined) {
    const base = nodeBase(release === '-lts' ? 22 : Number(release));
    return strictest === undefined ? base : { ...base, nopropertyaccessfromindexsignature: true };
  }
  return BASES.find(([name]) => name.test(reference))?.[1];
}

function nodeBase(major: number): JsonObject {
  const target = major >= 18 ? 'es2022' : major >= 16 ? 'es2021' : major >= 14 ? 'es2020' : 'es2019';
  const modules =
    major >= 16 ? { module: 'node16', moduleresolution: 'node16' } : { module: 'commonjs', moduleresolution: 'node' };
  return { ...STRICT, ...modules, target };
}

const BASES: readonly (readonly [RegExp, JsonObject])[] = [
  [
    /^@tsconfig\/node-ts/,
    {
      allowimportingtsextensions: true,
      rewriterelativeimportextensions: true,
      erasablesyntaxonly: true,
      verbatimmodulesyntax: true,
    },
  ],
  [/^@tsconfig\/strictest/, { ...STRICT, isolatedmodules: true, nopropertyaccessfromindexsignature: true }],
  [/^@tsconfig\/esm/, { module: 'nodenext', moduleresolution: 'nodenext' }],
  [
    /^@tsconfig\/next/,
    { ...STRICT, module: 'esnext', moduleresolution: 'bundler', isolatedmodules: true, target: 'es5' },
  ],
  [
    /^@tsconfig\/remix/,
    { ...STRICT, module: 'esnext', moduleresolution: 'bundler', isolatedmodules: true, target: 'es2022' },
  ],
  [
    /^@tsconfig\/bun/,
    {
      ...STRICT,
      module: 'preserve',
      moduleresolution: 'bundler',
      target: 'esnext',
      allowimportingtsextensions: true,
      verbatimmodulesyntax: true,
    },
  ],
  [/^@tsconfig\/recommended/, { ...STRICT, module: 'commonjs', target: 'es2016' }],
  [
    /^@adonisjs\/tsconfig/,
    { ...STRICT, module: 'nodenext', moduleresolution: 'nodenext', target: 'esnext', isolatedmodules: true },
  ],
  [/^adonis-preset-ts/, { ...STRICT, module: 'commonjs', moduleresolution: 'node', target: 'es2020' }],
  [/^fastify-tsconfig/, { ...STRICT, module: 'nodenext', moduleresolution: 'nodenext', target: 'es2022' }],
  [
    /^@epic-web\/config/,
    {
      ...STRICT,
      module: 'preserve',
      moduleresolution: 'bundler',
      target: 'es2022',
      allowimportingtsextensions: true,
      isolatedmodules: true,
    },
  ],
  [
    /^@vercel\/style-guide\/typescript/,
    { ...STRICT, module: 'esnext', moduleresolution: 'bundler', isolatedmodules: true },
  ],
  [
    /^@sindresorhus\/tsconfig/,
    {
      ...STRICT,
      module: 'nodenext',
      moduleresolution: 'nodenext',
      target: 'es2022',
      nopropertyaccessfromindexsignature: true,
    },
  ],
];
