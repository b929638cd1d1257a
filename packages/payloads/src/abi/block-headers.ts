import { Fields, hasCode } from "@mothership/kernel";
import type { GuestPorts } from "../engine/ports.ts";
import { GuestFaultError } from "../errors.ts";
import { payloadLimits } from "../limits.ts";
import { isOwned } from "../message/fields-draft.ts";

/**
 * Reads the headers of a block: a JSON object whose values are strings, or arrays of strings for several fields of one name.
 * Fields of framing are left out, since the proxy writes them. Anything else that could not be sent ends the call.
 *
 * @throws {GuestFaultError} saying what is wrong.
 */
export function blockHeaders(ports: GuestPorts, pointer: number, length: number): (readonly [name: string, value: string])[] {
  if (length >>> 0 > payloadLimits.blockHeadersBytes)
    throw new GuestFaultError(`the headers of a block have ${length >>> 0} bytes, and ${payloadLimits.blockHeadersBytes} are allowed`);
  // Parsing costs far more than copying.
  ports.charge((length >>> 0) * 32);
  const parsed = parse(ports.text(pointer, length));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new GuestFaultError("the headers of a block are no JSON object");
  const pairs: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    if (isOwned(name.toLowerCase())) continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const one of values) {
      if (typeof one !== "string")
        throw new GuestFaultError(`the header "${name.slice(0, 80)}" of a block is neither a string nor an array of strings`);
      pairs.push([name, one]);
    }
  }
  if (pairs.length > payloadLimits.blockHeaders)
    throw new GuestFaultError(`a block has ${pairs.length} headers, and ${payloadLimits.blockHeaders} are allowed`);
  check(pairs);
  return pairs;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new GuestFaultError("the headers of a block are not valid JSON");
    throw error;
  }
}

function check(pairs: readonly (readonly [string, string])[]): void {
  try {
    Fields.from(pairs);
  } catch (error) {
    if (hasCode(error, "MS_FIELD_INVALID")) throw new GuestFaultError(`a header of a block cannot be sent: ${(error as Error).message}`);
    throw error;
  }
}
