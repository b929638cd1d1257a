import { ControlProtocolError } from "./errors.ts";

/** Longest line that is taken from a peer, in bytes: a unit's explanation with all its lines stays well below. */
const maxLineBytes = 8 * 1024 * 1024;

/** The values of a stream of JSON, one per line. Empty lines, which keep a connection alive, are passed over. @throws {ControlProtocolError} */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    rest += lines.shift() ?? "";
    for (const line of lines) {
      if (rest !== "") yield parseJson(rest);
      rest = line;
    }
    if (rest.length > maxLineBytes) throw new ControlProtocolError(`a line of the answer is longer than ${maxLineBytes} bytes`);
  }
  if (rest !== "") throw new ControlProtocolError("the answer ends within a line");
}

/** @throws {ControlProtocolError} */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ControlProtocolError("the answer is not JSON", { cause: error });
  }
}
