/** Tells files that carry an env file's name but are something else: scripts, JSON, INI. */
import { conflict } from '../outcome.ts';
import type { Conflict } from '../outcome.ts';
import type { EnvItem } from './scan.ts';

/** Commands as they open lines of `.envrc` and of scripts; prose that was left uncommented must not match. */
const SHELL =
  /^\s*(?:if\s+(?:\[|!|test\b|command\b|which\b|type\b|has\b)|(?:then|else|fi|do|done|esac)\s*$|case\s.*\sin\b|for\s+\w+\s+in\b|while\s+(?:\[|read\b|true\b|:)|function\s+\w+|[\w-]+\s*\(\)|\[\[?\s|source\s+\S|\.\s+\S|eval\s|exec\s+\S|set\s+[-+]\w|unset\s+\w+\s*$|cd\s+\S|echo\s|dotenv(?:_if_exists)?(?:\s+\S+)?\s*$|use\s+(?:nix|flake|node|guix|asdf|mise)\b|layout\s+\w+|(?:PATH_add|path_add|MANPATH_add|source_env|source_env_if_exists|source_up|source_up_if_exists|watch_file|watch_dir|strict_env|direnv_\w+)\b)/;

/** A reason not to add anything to the file, or undefined. */
export function findForeign(text: string, items: readonly EnvItem[], name: string): Conflict | undefined {
  for (const item of items) {
    if (item.kind === 'variable' && item.unterminated) {
      return conflict('syntax', `the quote that opens the value of ${item.name} is never closed`, 'Close the quote.', {
        line: item.line,
      });
    }
    if (item.kind === 'other' && SHELL.test(item.text)) {
      return conflict(
        'shape',
        'is a shell script, not a list of variables',
        `Set ${name} in it by hand, where it fits.`,
        { line: item.line },
      );
    }
    if (item.kind === 'other' && /^\s*\[[^\]]*\]\s*$/.test(item.text)) {
      return conflict('shape', 'has sections, as INI files do', `Set ${name} by hand in the section it belongs to.`, {
        line: item.line,
      });
    }
  }
  const first = items.find((item) => item.kind === 'other');
  if (first && (/^\s*[{[<]/.test(text) || !items.some((item) => item.kind === 'variable'))) {
    return conflict('shape', 'is not a list of NAME=value lines', `Set ${name} by hand, or name another env file.`, {
      line: first.line,
    });
  }
  return undefined;
}
