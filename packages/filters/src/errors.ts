import { MothershipError } from "@mothership/kernel";

/** An option of a middleware has a value that means nothing. Thrown when the middleware is made, never by a request. */
export class FilterOptionError extends MothershipError {
  readonly code = "MS_FILTER_OPTION";
  readonly option: string;

  /** `expected` ends the sentence "must be". */
  constructor(option: string, expected: string, value: unknown) {
    super(`"${option}" must be ${expected}, not ${String(value)}`);
    this.name = "FilterOptionError";
    this.option = option;
  }
}

/** The number itself. @throws {FilterOptionError} when it is not a whole number from `least` up. */
export function wholeNumber(option: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) throw new FilterOptionError(option, `a whole number from ${least} up`, value);
  return value;
}
