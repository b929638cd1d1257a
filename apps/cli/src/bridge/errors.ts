import { MothershipError } from "@mothership/kernel";

/** Something that was checked before anything was started is not as the manifest needs it. Lists all of it. */
export class PreflightError extends MothershipError {
  readonly code = "MS_PREFLIGHT";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "PreflightError";
    this.problems = problems;
  }
}
