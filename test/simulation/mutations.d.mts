export interface Mutation {
  readonly world: string;
  readonly bug: string;
  readonly changes: readonly (readonly [before: string, after: string])[];
}
export const mutations: readonly Mutation[];
