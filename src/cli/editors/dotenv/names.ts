/** Which file names are env examples: committed, without secrets, copied by each developer. */

/** The usual ones, in the order in which a project's main example is looked for. */
export const ENV_EXAMPLE_NAMES: readonly string[] = [
  '.env.example',
  '.env.sample',
  '.env.template',
  '.env.dist',
  '.env.defaults',
  '.env-example',
  '.env-sample',
  '.env_example',
  '.example.env',
  '.sample.env',
  'env.example',
  'env.sample',
  'env.template',
  'env-example',
  'example.env',
  'sample.env',
];

const WORD = /^(?:example|examples|sample|template|tmpl|tpl|dist|default|defaults)$/i;
/** Code, documents, encrypted and backup files: they have the words but are no env file. */
const FOREIGN =
  /^(?:[cm]?[jt]sx?|d|jsonc?|ya?ml|toml|mdx?|html?|txt|sh|bash|py|rb|php|ps1|enc|gpg|age|bak|orig|swp|lock|vault)$/i;

/**
 * True for `.env.example`, `.env.local.sample`, `env-example-relational`, `example.env` and the like,
 * whatever the words between; not for `env.example.ts` or `.envrc.example`.
 *
 * @param filename without its folder.
 */
export function isEnvExampleName(filename: string): boolean {
  const words = filename.replace(/^\./, '').split(/[.\-_]/);
  if (words.some((word) => FOREIGN.test(word))) return false;
  return words.some((word) => /^(?:dot)?env$/i.test(word)) && words.some((word) => WORD.test(word));
}
