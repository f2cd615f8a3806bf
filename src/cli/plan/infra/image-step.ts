/** `--image bundled`: lays the server and its Dockerfile beside the compose file, so that nothing has to be pulled. */
import { readServerImage } from '../../components/server-image.ts';
import { parentOf } from '../../hosts/paths.ts';
import type { ComposeResult } from './compose-step.ts';
import { inFolder, type StepContext } from './context.ts';

export function stageImage({ tree, image, options }: StepContext, compose: ComposeResult): void {
  if (image.build === undefined || compose.facts.reused) return;
  const folder = inFolder(parentOf(compose.path), image.build);
  const { dockerfile, program } = readServerImage();
  const overwrite = options.force === true;
  tree.stageNew(inFolder(folder, 'Dockerfile'), dockerfile, { notes: ['image of the bundled server'], overwrite });
  tree.stageNew(inFolder(folder, PROGRAM), program, { notes: ['the bundled server, one file'], overwrite });
}

/** An ending that neither linters, formatters nor compilers of the app take for theirs. */
const PROGRAM = 'redis-server.bundle';
