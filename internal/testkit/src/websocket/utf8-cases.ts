import { byClient, bytes, chop, fragments, frame, heard, invalidPayload, type WebSocketCase } from "./case.ts";

const greek = "cebae1bdb9cf83cebcceb5";
const euroText = Buffer.from("Hello-µ@ßöäüàá-UTF-8!!");
const edited = "656469746564";

function one(id: string, hex: string, valid: boolean): WebSocketCase {
  const payload = bytes(hex);
  return {
    id,
    title: `${hex.length > 40 ? `${hex.slice(0, 40)}...` : hex} ${valid ? "is" : "is not"} UTF-8`,
    steps: [frame("text", payload)],
    echoes: valid ? [heard("text", payload)] : [],
    end: valid ? byClient : invalidPayload,
  };
}

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, at) => first + at);
const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
/** Each start byte of a range and a space after it. */
const lonely = (first: number, last: number): string =>
  range(first, last)
    .map((byte) => `${hex(byte)}20`)
    .join("");

// The sequences of Markus Kuhn's UTF-8 stress test, grouped and ordered as the suite has them: 6.5, 6.6, and so on.
const cut = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf";
const surrogates = ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"];
const pairs = ["eda080", "edadbf", "edae80", "edafbf"].flatMap((high) => [`${high}edb080`, `${high}edbfbf`]);
const nonCharacters = [
  ...["efbfbe", "efbfbf"],
  ...["f0", "f1", "f2", "f3", "f4"].flatMap((first) =>
    ["8f", "9f", "af", "bf"]
      .filter((second) => (first !== "f4" || second === "8f") && (first !== "f0" || second !== "8f"))
      .flatMap((second) => [`${first}${second}bfbe`, `${first}${second}bfbf`]),
  ),
];
const prefixes = range(1, 11).map((length) => greek.slice(0, 2 * length));
const wholePrefixes = new Set([2, 5, 7, 9, 11]);

const groups: readonly (readonly (readonly [string, boolean])[])[] = [
  [...["68656c6c6f24776f726c64", "68656c6c6fc2a2776f726c64", "68656c6c6fe282ac776f726c64", "68656c6c6ff0a4ada2776f726c64", greek]].map(
    (text) => [text, true],
  ),
  prefixes.map((text, at) => [text, wholePrefixes.has(at + 1)]),
  ["00", "c280", "e0a080", "f0908080"].map((text) => [text, true]),
  ["f888808080", "fc8480808080"].map((text) => [text, false]),
  ["7f", "dfbf", "efbfbf", "f48fbfbf"].map((text) => [text, true]),
  ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"].map((text) => [text, false]),
  [
    ["ed9fbf", true],
    ["ee8080", true],
    ["efbfbd", true],
    ["f48fbfbf", true],
    ["f4908080", false],
  ],
  ["80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf", range(0x80, 0xbe).map(hex).join("")].map((text) => [
    text,
    false,
  ]),
  [lonely(0xc0, 0xde), lonely(0xe0, 0xee), lonely(0xf0, 0xf6), lonely(0xf8, 0xfa), lonely(0xfc, 0xfc)].map((text) => [text, false]),
  cut.split(" ").map((text) => [text, false]),
  [[cut.replaceAll(" ", ""), false]],
  ["fe", "ff", "fefeffff"].map((text) => [text, false]),
  ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"].map((text) => [text, false]),
  ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"].map((text) => [text, false]),
  ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"].map((text) => [text, false]),
  surrogates.map((text) => [text, false]),
  pairs.map((text) => [text, false]),
  nonCharacters.map((text) => [text, true]),
  ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"].map((text) => [text, true]),
];

const valid = (id: string, title: string, payloads: readonly (Buffer | string)[]): WebSocketCase => ({
  id,
  title,
  steps: fragments("text", payloads),
  echoes: [heard("text", Buffer.concat(payloads.map((payload) => Buffer.from(payload))))],
  end: byClient,
});
const invalid = (id: string, title: string, steps: readonly Buffer[]): WebSocketCase => ({
  id,
  title,
  steps,
  echoes: [],
  end: invalidPayload,
});

const broken = bytes(`${greek} eda080 ${edited}`);
const tooHigh = bytes(`${greek} f4908080 ${edited}`);
/** One frame whose bytes go out in these pieces. */
const pieces = (payload: Buffer, ...ends: number[]): Buffer[] => {
  const whole = frame("text", payload);
  const head = whole.length - payload.length;
  return [0, ...ends].map((from, at) => whole.subarray(at === 0 ? 0 : head + from, at === ends.length ? undefined : head + ends[at]!));
};

/** Section 6: UTF-8. A server may notice at the end of the message what it could have noticed at the byte (6.4: "non-strict"). */
export const utf8Cases: readonly WebSocketCase[] = [
  valid("6.1.1", "an empty text", [""]),
  valid("6.1.2", "an empty text in three fragments", ["", "", ""]),
  valid("6.1.3", "a text whose first and last fragments are empty", ["", "middle frame payload", ""]),
  valid("6.2.1", "UTF-8 in one fragment", [euroText]),
  valid("6.2.2", "UTF-8 in two fragments cut between characters", [euroText.subarray(0, 8), euroText.subarray(8)]),
  valid("6.2.3", "UTF-8 in fragments of one byte", chop(euroText, 1)),
  valid("6.2.4", "Greek in fragments of one byte", chop(bytes(greek), 1)),
  invalid("6.3.1", "a surrogate in one fragment", [frame("text", broken)]),
  invalid("6.3.2", "a surrogate in fragments of one byte", fragments("text", chop(broken, 1))),
  invalid(
    "6.4.1",
    "a code point too high in the second of three fragments",
    fragments("text", [tooHigh.subarray(0, 11), tooHigh.subarray(11, 15), tooHigh.subarray(15)]),
  ),
  invalid(
    "6.4.2",
    "the byte that spoils it in a fragment of its own",
    fragments("text", [tooHigh.subarray(0, 12), tooHigh.subarray(12, 13), tooHigh.subarray(13)]),
  ),
  invalid("6.4.3", "a code point too high in the second of three chops", pieces(tooHigh, 11, 15)),
  invalid("6.4.4", "the byte that spoils it in a chop of its own", pieces(tooHigh, 12, 13)),
  ...groups.flatMap((group, at) => group.map(([text, isValid], index) => one(`6.${at + 5}.${index + 1}`, text, isValid))),
];
