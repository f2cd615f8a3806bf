/** `--ci`: a Redis beside the services that CI jobs have already. */
import { addWorkflowService } from '../../editors/workflow/index.ts';
import { inFolder, type StepContext } from './context.ts';

const GITHUB = '.github/workflows';
const GITLAB = '.gitlab-ci.yml';

export function stageWorkflows({ tree, component, image }: StepContext): void {
  const github = tree
    .list(GITHUB)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => inFolder(GITHUB, name));
  const files = tree.isFile(GITLAB) ? [...github, GITLAB] : github;
  for (const path of files) {
    const text = tree.read(path);
    if (text === undefined) continue;
    const wish = { service: component.service.name, image: image.reference, cli: image.cli };
    const outcome = addWorkflowService(text, wish);
    if (outcome.status !== 'unchanged') tree.stageOutcome(path, outcome);
  }
}
