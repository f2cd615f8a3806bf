/** `--ci`: a Redis beside the services that CI jobs have already. */
import { addWorkflowService } from '../../editors/workflow/index.ts';
import { inFolder, type StepContext } from './context.ts';

const GITHUB = '.github/workflows';
const GITLAB = '.gitlab-ci.yml';

/** A variable that tells where Redis is. */
export interface AddressWish {
  readonly name: string;
  readonly gives: 'url' | 'host' | 'port';
}

/** @param gives what the jobs are told: the address whole or in parts */
export function stageWorkflows({ tree, component, image: chosen }: StepContext, gives: readonly AddressWish[]): void {
  // A job's services are pulled: what is built has its stand-in there.
  const image = chosen.build === undefined ? chosen : component.service.images[0];
  const github = tree
    .list(GITHUB)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => inFolder(GITHUB, name));
  const files = tree.isFile(GITLAB) ? [...github, GITLAB] : github;
  for (const path of files) {
    const text = tree.read(path);
    if (text === undefined) continue;
    const wish = { service: component.service.name, image: image.reference, cli: image.cli, environment: gives };
    const outcome = addWorkflowService(text, wish);
    if (outcome.status !== 'unchanged') tree.stageOutcome(path, outcome);
  }
}
