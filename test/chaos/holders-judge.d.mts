/** What tests use of the judge. */
export interface Judge {
  read(lines: readonly string[]): void;
  wiped(at: number, mark: number): void;
  refused(token: number, at: number): void;
  touched(tokens: readonly number[]): void;
  check(at: number): readonly string[];
}

export function createJudge(): Judge;
