import { MothershipError } from "@mothership/kernel";

/** The command line cannot be understood. The program exits with 2. */
export class UsageError extends MothershipError {
  readonly code = "MS_USAGE";
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
