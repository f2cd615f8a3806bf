// The name of a script: the SHA1 of its text.

import { createHash } from 'node:crypto';

export function sha1(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex');
}
