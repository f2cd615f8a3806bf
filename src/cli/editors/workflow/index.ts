/** The CI editor: a Redis beside the database services that jobs of GitHub Actions or GitLab CI have. */
import { isMap } from 'yaml';
import { isConflict, unchanged } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { findPair } from '../yaml/lookup.ts';
import type { MapNode } from '../yaml/lookup.ts';
import { parseYaml } from '../yaml/parse.ts';
import { applyEdits } from '../yaml/verify.ts';
import { addToGithub } from './github.ts';
import { addToGitlab } from './gitlab.ts';
import type { WorkflowWish } from './wish.ts';

export type { WorkflowWish } from './wish.ts';

/** @returns `unchanged` where no job has a database service, or every one that has has a Redis too */
export function addWorkflowService(text: string, wish: WorkflowWish): Outcome {
  const source = parseYaml(text);
  if (isConflict(source)) return source;
  const document = source.documents.find(({ contents }) => isMap(contents));
  if (!document) return unchanged('the workflow is empty');
  const root = document.contents as MapNode;
  const jobs: unknown = findPair(root, 'jobs')?.value;
  const { edits, notes } = isMap(jobs) ? addToGithub(text, root, jobs as MapNode, wish) : addToGitlab(text, root, wish);
  if (edits.length === 0) return unchanged(...(notes.length > 0 ? notes : ['no job has a database service']));
  const verified = applyEdits(source, edits, notes);
  return isConflict(verified) ? verified : verified.outcome;
}
