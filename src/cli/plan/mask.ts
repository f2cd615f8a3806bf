/** Lines of an env file as they may be shown: names in full, passwords never. */

const SECRET_NAME = /PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|AUTH/i;

/** `REDIS_URL=redis://:hunter2@host` becomes `REDIS_URL=redis://:***@host`; `API_KEY=x` becomes `API_KEY=***`. */
export function maskLine(line: string): string {
  const assignment = /^(\s*(?:export\s+)?([\w.-]+)\s*[=:]\s*)(.*?)(\r?)$/.exec(line);
  if (!assignment) return maskUrl(line);
  const [, head, name, value, eol] = assignment;
  if (value !== '' && SECRET_NAME.test(name!)) return `${head}***${eol}`;
  return head + maskUrl(value!) + eol;
}

function maskUrl(text: string): string {
  return text.replaceAll(/(:\/\/[^\s/:@]*:)[^\s@]+@/g, '$1***@');
}
