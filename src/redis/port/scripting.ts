/** Scripts by their digest, and by their text where the server does not know them. */
import { isPaxxRedisError } from './errors.ts';
import type { Script } from './script.ts';
import type { Argument, Command, Reply, SendOptions } from './types.ts';

/** @param asText send the text at once */
export async function sendScript(
  send: (command: Command, options?: SendOptions) => Promise<Reply>,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  options: SendOptions | undefined,
  asText = false,
): Promise<Reply> {
  if (asText) return send(toCommand('EVAL', script.lua, script, keys, args), options);
  try {
    return await send(toCommand('EVALSHA', script.sha1, script, keys, args), options);
  } catch (error) {
    // A server that was restarted, flushed its scripts or took over from another.
    if (!isPaxxRedisError(error, 'REPLY') || error.reply !== 'NOSCRIPT') throw error;
    return send(toCommand('EVAL', script.lua, script, keys, args), options);
  }
}

function toCommand(
  name: 'EVAL' | 'EVALSHA',
  source: string,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Command {
  const [key] = keys;
  return {
    args: [name, source, keys.length, ...keys, ...args],
    readOnly: script.readOnly,
    ...(key === undefined ? {} : { key }),
  };
}
