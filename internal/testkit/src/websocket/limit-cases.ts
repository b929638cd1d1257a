import { byClient, chop, fragments, frame, type Heard, heard, type Step, type WebSocketCase, type WebSocketLimits } from "./case.ts";

const kinds = ["text", "binary"] as const;
const kilo = 1_024;
const mega = 1_048_576;
const named = (size: number): string =>
  size % mega === 0 ? `${size / mega} MB` : size % kilo === 0 ? `${size / kilo} KB` : `${size} bytes`;

/** Section 9: long messages and many of them; section 10: a message in many frames. What is over the limits is refused with their code. */
export function limitCases({ maxMessageBytes, maxFragments }: WebSocketLimits): WebSocketCase[] {
  const sized = (
    id: string,
    title: string,
    kind: "text" | "binary",
    payload: Buffer,
    steps: readonly Step[],
    frames: number,
  ): WebSocketCase => {
    const code = frames > maxFragments ? 1008 : payload.length > maxMessageBytes ? 1009 : undefined;
    if (code === undefined) return { id, title, steps, echoes: [heard(kind, payload)], end: byClient };
    // Of many frames it depends on their size which limit is met first.
    const codes = frames > maxFragments && payload.length > maxMessageBytes ? [1008, 1009] : [code];
    return { id, title: `${title} (over the limit)`, steps, echoes: [], end: { by: "server", codes } };
  };
  const payload = (kind: "text" | "binary", size: number): Buffer =>
    Buffer.alloc(size, kind === "text" ? "BAsd7&jh23" : Buffer.from("00fe23faf0", "hex"));
  return [
    ...kinds.flatMap((kind, section) =>
      [64 * kilo, 256 * kilo, mega, 4 * mega, 8 * mega, 16 * mega].map((size, at) => {
        const data = payload(kind, size);
        return sized(`9.${section + 1}.${at + 1}`, `a ${kind} message of ${named(size)}`, kind, data, [frame(kind, data)], 1);
      }),
    ),
    ...kinds.flatMap((kind, section) =>
      [64, 256, kilo, 4 * kilo, 16 * kilo, 64 * kilo, 256 * kilo, mega, 4 * mega].map((size, at) => {
        const data = payload(kind, 4 * mega);
        const frames = fragments(kind, chop(data, size));
        const title = `a ${kind} message of 4 MB in fragments of ${named(size)}`;
        return sized(`9.${section + 3}.${at + 1}`, title, kind, data, chop(Buffer.concat(frames), 64 * kilo), frames.length);
      }),
    ),
    ...kinds.flatMap((kind, section) =>
      [64, 128, 256, 512, kilo, 2 * kilo].map((size, at) => {
        const data = payload(kind, mega);
        return sized(
          `9.${section + 5}.${at + 1}`,
          `a ${kind} message of 1 MB in chops of ${size} bytes`,
          kind,
          data,
          chop(frame(kind, data), size),
          1,
        );
      }),
    ),
    ...kinds.flatMap((kind, section) =>
      [0, 16, 64, 256, 1_024, 4_096].map((size, at): WebSocketCase => {
        const data = payload(kind, size);
        const steps = Array.from({ length: 1_000 }, (_, count): Step[] => [frame(kind, data), { heard: count + 1 }]).flat();
        const echoes = Array.from({ length: 1_000 }, (): Heard => heard(kind, data));
        return {
          id: `9.${section + 7}.${at + 1}`,
          title: `1,000 ${kind} messages of ${size} bytes, one after the other`,
          steps,
          echoes,
          end: byClient,
        };
      }),
    ),
    sized(
      "10.1.1",
      "a text of 64 KB in frames of 1,300 bytes",
      "text",
      payload("text", 65_536),
      fragments("text", chop(payload("text", 65_536), 1_300)),
      51,
    ),
  ];
}
