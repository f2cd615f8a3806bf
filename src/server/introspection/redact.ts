// A command's arguments without the secrets in them, for the slow log and MONITOR.

import { findParameter } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import type { Command } from '../dispatch/registry.ts';

const REDACTED = '(redacted)';

/** The arguments, the command's name included. */
export function redactedArgs(call: Call, command: Command): string[] {
  const args = call.args(0);
  const hide = (from: number, to = args.length): void => {
    for (let i = from; i < Math.min(to, args.length); i++) args[i] = REDACTED;
  };
  switch (command.name) {
    case 'auth':
      hide(1);
      break;
    case 'hello':
      for (let i = 2; i < args.length; i++) {
        if (call.is(i, 'auth')) hide(i + 1, i + 3);
      }
      break;
    case 'acl|setuser':
      hide(2);
      break;
    case 'config|set':
      for (let i = 2; i + 1 < args.length; i += 2) {
        if (findParameter(args[i]!)?.sensitive === true) hide(i + 1, i + 2);
      }
      break;
    case 'migrate':
      for (let i = 6; i < args.length; i++) {
        if (call.is(i, 'auth')) hide(i + 1, i + 2);
        else if (call.is(i, 'auth2')) hide(i + 1, i + 3);
      }
      break;
  }
  return args;
}
