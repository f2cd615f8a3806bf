// Cuts the parser out of the TypeScript compiler that ts-morph carries: a quarter of its size, a third of its start.
// The compiler is one file whose parts are functions at the top level, so that a bundler can leave out what parsing
// never calls, once the statements that register every part for every user are marked as free of effects.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);

/** What the TypeScript editor uses. */
const EXPORTS = [
  'createSourceFile',
  'forEachChild',
  'isJsxElement',
  'isJsxFragment',
  'isJsxSelfClosingElement',
  'isSourceFile',
  'isTemplateExpression',
  'isTemplateLiteralTypeNode',
  'ScriptKind',
  'ScriptTarget',
  'SyntaxKind',
];

/** Namespaces at the top level without which nothing is parsed. */
const NEEDED = new Set([
  'BinaryExpressionState2',
  'Debug2',
  'IncrementalParser2',
  'Parser2',
  'ScriptSnapshot2',
  'tracingEnabled2',
]);

export function compilerFile() {
  return require.resolve('@ts-morph/common/dist/typescript.js', { paths: [require.resolve('ts-morph')] });
}

/** @returns what rolldown wrote */
export async function bundleParser(file, external) {
  const source = parserSource(readFileSync(compilerFile(), 'utf8'));
  const entry = {
    name: 'compiler-as-module',
    resolveId: (id) => (id === 'typescript-parser' ? id : null),
    load: (id) => (id === 'typescript-parser' ? source : null),
  };
  const bundle = await rolldown({
    input: 'typescript-parser',
    platform: 'node',
    plugins: [entry],
    external,
    treeshake: { moduleSideEffects: false, propertyReadSideEffects: false, unknownGlobalSideEffects: false },
  });
  const written = await bundle.write({ file, format: 'cjs', minify: true });
  await bundle.close();
  return written;
}

/** The compiler as an ES module that exports only what parsing needs. */
function parserSource(compiler) {
  let text = cut(compiler, 'var ts = {}; ((module)', '=> {');
  text = cut(text, '__export(typescript_exports, {', '});');
  text = cut(text, 'module.exports = __toCommonJS(', ');');
  text = text.slice(0, text.lastIndexOf('// Annotate the CommonJS export names'));
  return `${text
    .replaceAll(/^(?:__export|registerCodeFix|registerRefactor)\(/gm, '/* @__PURE__ */ $&')
    .replaceAll(/^\(\((\w+)\) => \{$/gm, (all, name) => (NEEDED.has(name) ? all : `/* @__PURE__ */ ${all}`))
    .replaceAll(/^(var \w+ = )(\w[\w.]*\()/gm, '$1/* @__PURE__ */ $2')
    .replaceAll(/^_(?:AutoImport|ProjectService|ScriptVersionCache|TypingsInstaller)\w*\.\w+ = [\s\S]*?;\n/gm, '')}
export { ${EXPORTS.join(', ')} };
`;
}

/** The text without what stands from one mark to the end of the next. */
function cut(text, from, to) {
  const start = text.indexOf(from);
  const end = start === -1 ? -1 : text.indexOf(to, start + from.length);
  if (end === -1) throw new Error(`the compiler's file has changed: no ${from} … ${to}`);
  return text.slice(0, start) + text.slice(end + to.length);
}
