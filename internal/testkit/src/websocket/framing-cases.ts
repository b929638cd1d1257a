import { byClient, bytes, chop, closeFrame, fragments, frame, heard, protocolError, type Step, type WebSocketCase } from "./case.ts";

const hello = "Hello, world!";
const helloBack = heard("text", hello);

function echo(id: string, title: string, kind: "text" | "binary", payload: Buffer, cut?: number): WebSocketCase {
  const whole = frame(kind, payload);
  return { id, title, steps: cut === undefined ? [whole] : chop(whole, cut), echoes: [heard(kind, payload)], end: byClient };
}

/** Section 1: framing. */
function framing(): WebSocketCase[] {
  const lengths = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536];
  return (["text", "binary"] as const).flatMap((kind, section) =>
    lengths.map((length, at) => {
      const cut = at === 7 ? 997 : undefined;
      const title = `a ${kind} message of ${length} bytes${cut === undefined ? "" : ` in chops of ${cut}`}`;
      return echo(`1.${section + 1}.${at + 1}`, title, kind, Buffer.alloc(length, kind === "text" ? "*" : 0xfe), cut);
    }),
  );
}

/** Section 2: pings and pongs. */
function pings(): WebSocketCase[] {
  const ping = (id: string, title: string, payload: Buffer | string, cut = 65_536): WebSocketCase => ({
    id,
    title,
    steps: chop(frame("ping", payload), cut),
    echoes: [heard("pong", payload)],
    end: byClient,
  });
  const ten = Array.from({ length: 10 }, (_, at) => `payload-${at}`);
  const tenPings = Buffer.concat(ten.map((payload) => frame("ping", payload)));
  const tenPongs = ten.map((payload) => heard("pong", payload));
  return [
    ping("2.1", "a ping without a payload", ""),
    ping("2.2", "a ping with a text", hello),
    ping("2.3", "a ping with bytes", bytes("00 ff fe fd fc fb 00 ff")),
    ping("2.4", "a ping of 125 bytes", Buffer.alloc(125, 0xfe)),
    { id: "2.5", title: "a ping of 126 bytes", steps: [frame("ping", Buffer.alloc(126, 0xfe))], echoes: [], end: protocolError },
    ping("2.6", "a ping of 125 bytes, byte by byte", Buffer.alloc(125, 0xfe), 1),
    { id: "2.7", title: "a pong that nobody asked for", steps: [frame("pong")], echoes: [], end: byClient },
    { id: "2.8", title: "a pong with a payload that nobody asked for", steps: [frame("pong", "unasked")], echoes: [], end: byClient },
    {
      id: "2.9",
      title: "a pong that nobody asked for, then a ping",
      steps: [frame("pong", "unasked"), frame("ping", "asked")],
      echoes: [heard("pong", "asked")],
      end: byClient,
    },
    { id: "2.10", title: "ten pings", steps: [tenPings], echoes: tenPongs, end: byClient },
    { id: "2.11", title: "ten pings, byte by byte", steps: chop(tenPings, 1), echoes: tenPongs, end: byClient },
  ];
}

/** After a message that is well, one that is not, and a ping that must not be answered. */
function spoilt(bad: Buffer, cut: "one chop" | "frames" | "bytes"): Step[] {
  const frames = [frame("text", hello), bad, frame("ping")];
  if (cut === "frames") return frames;
  return cut === "bytes" ? chop(Buffer.concat(frames), 1) : [Buffer.concat(frames)];
}

/** Section 3: reserved bits. */
function reservedBits(): WebSocketCase[] {
  const fails = (id: string, title: string, steps: readonly Step[], echoes = [] as WebSocketCase["echoes"]): WebSocketCase => ({
    id,
    title,
    steps,
    echoes,
    end: protocolError,
  });
  return [
    fails("3.1", "RSV 1 on a text", [frame("text", hello, { rsv: 1 })]),
    fails("3.2", "RSV 2 on the second text, in one chop", spoilt(frame("text", hello, { rsv: 2 }), "one chop"), [helloBack]),
    fails("3.3", "RSV 3 on the second text, frame by frame", spoilt(frame("text", hello, { rsv: 3 }), "frames"), [helloBack]),
    fails("3.4", "RSV 4 on the second text, byte by byte", spoilt(frame("text", hello, { rsv: 4 }), "bytes"), [helloBack]),
    fails("3.5", "RSV 5 on a binary message", [frame("binary", Buffer.alloc(8, 0xff), { rsv: 5 })]),
    fails("3.6", "RSV 6 on a ping", [frame("ping", hello, { rsv: 6 })]),
    fails("3.7", "RSV 7 on a close frame", [frame("close", "", { rsv: 7 })]),
  ];
}

/** Section 4: opcodes. */
function reservedOpcodes(): WebSocketCase[] {
  return [3, 11].flatMap((first, section) =>
    [0, 1, 2, 3, 4].map((at): WebSocketCase => {
      const opcode = first + at;
      const bad = frame(opcode, at % 2 === 1 || at === 4 ? hello : "");
      const alone = at < 2;
      return {
        id: `4.${section + 1}.${at + 1}`,
        title: `reserved opcode ${opcode}${alone ? "" : " after a text"}${at === 4 ? ", byte by byte" : ""}`,
        steps: alone ? [bad] : spoilt(bad, at === 4 ? "bytes" : "one chop"),
        echoes: alone ? [] : [helloBack],
        end: protocolError,
      };
    }),
  );
}

/** Section 5: fragmentation. */
function fragmentation(): WebSocketCase[] {
  const two = fragments("text", ["fragment1", "fragment2"]);
  const whole = heard("text", "fragment1fragment2");
  const withPing = [two[0]!, frame("ping", "ping payload"), two[1]!];
  const pong = heard("pong", "ping payload");
  const ways = [
    ["in one chop", (frames: readonly Buffer[]): Step[] => [Buffer.concat(frames)]],
    ["frame by frame", (frames: readonly Buffer[]): Step[] => [...frames]],
    ["byte by byte", (frames: readonly Buffer[]): Step[] => chop(Buffer.concat(frames), 1)],
  ] as const;
  const each = (
    first: number,
    title: string,
    frames: readonly Buffer[],
    echoes: WebSocketCase["echoes"],
    end: WebSocketCase["end"],
  ): WebSocketCase[] =>
    ways.map(([how, cut], at) => ({ id: `5.${first + at}`, title: `${title}, ${how}`, steps: cut(frames), echoes, end }));
  const orphan = (fin: boolean): Buffer[] => [frame("continuation", "non-continuation payload", { fin }), frame("text", hello)];
  const orphans = (fin: boolean): Step[] => {
    const once = [frame("continuation", "fragment1", { fin }), ...fragments("text", ["fragment2", "fragment3"])];
    return [...once, ...once];
  };
  const five = fragments("text", ["fragment1", "fragment2", "fragment3", "fragment4", "fragment5"]);
  const fiveHeard = [
    heard("pong", "pongme 1!"),
    heard("pong", "pongme 2!"),
    heard("text", "fragment1fragment2fragment3fragment4fragment5"),
  ];
  const fivePinged = (cut: (frame: Buffer) => Buffer[]): Step[] => [
    ...[five[0]!, five[1]!, frame("ping", "pongme 1!")].flatMap(cut),
    { heard: 1 },
    ...[five[2]!, five[3]!, frame("ping", "pongme 2!")].flatMap(cut),
    { heard: 2 },
    ...cut(five[4]!),
  ];
  return [
    {
      id: "5.1",
      title: "a ping in two fragments",
      steps: [frame("ping", "a", { fin: false }), frame("continuation", "b")],
      echoes: [],
      end: protocolError,
    },
    {
      id: "5.2",
      title: "a pong in two fragments",
      steps: [frame("pong", "a", { fin: false }), frame("continuation", "b")],
      echoes: [],
      end: protocolError,
    },
    ...each(3, "a text in two fragments", two, [whole], byClient),
    ...each(6, "a text in two fragments with a ping between", withPing, [pong, whole], byClient),
    ...each(9, "a last continuation of nothing", orphan(true), [], protocolError),
    ...each(12, "a continuation of nothing", orphan(false), [], protocolError),
    {
      id: "5.15",
      title: "a text in two fragments, then a continuation of nothing",
      steps: [Buffer.concat([...two, frame("continuation", "fragment3", { fin: false }), frame("text", "fragment4")])],
      echoes: [whole],
      end: protocolError,
    },
    { id: "5.16", title: "twice a continuation of nothing, then a text", steps: orphans(false), echoes: [], end: protocolError },
    { id: "5.17", title: "twice a last continuation of nothing, then a text", steps: orphans(true), echoes: [], end: protocolError },
    {
      id: "5.18",
      title: "a text begun inside a text",
      steps: [frame("text", "fragment1", { fin: false }), frame("text", "fragment2")],
      echoes: [],
      end: protocolError,
    },
    {
      id: "5.19",
      title: "a text in five fragments, pings answered between them",
      steps: fivePinged((one) => [one]),
      echoes: fiveHeard,
      end: byClient,
    },
    { id: "5.20", title: "the same, byte by byte", steps: fivePinged((one) => chop(one, 1)), echoes: fiveHeard, end: byClient },
  ];
}

const spoiltReason = bytes("cebae1bdb9cf83cebcceb5 eda080 656469746564");

/** Section 7: closing. */
function closing(): WebSocketCase[] {
  const closes = (id: string, title: string, steps: readonly Step[], codes: readonly number[]): WebSocketCase => ({
    id,
    title,
    steps,
    echoes: [],
    end: { by: "case", codes },
  });
  const looks = (id: string, title: string, steps: readonly Step[], echoes: WebSocketCase["echoes"] = []): WebSocketCase => ({
    id,
    title,
    steps,
    echoes,
    end: { by: "either", codes: [1000, 1002, 1005] },
  });
  const normal = closeFrame(1000);
  const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  const invalid = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
  const long = Buffer.alloc(262_144, "BAsd7&jh23");
  return [
    { id: "7.1.1", title: "a message, then a close frame", steps: [frame("text", hello)], echoes: [helloBack], end: byClient },
    closes("7.1.2", "two close frames", [normal, frame("close")], [1000]),
    closes("7.1.3", "a ping after the close frame", [normal, frame("ping")], [1000]),
    closes("7.1.4", "a text after the close frame", [normal, frame("text", hello)], [1000]),
    closes(
      "7.1.5",
      "a close frame between two fragments",
      [frame("text", "fragment1", { fin: false }), normal, frame("continuation", "fragment2")],
      [1000],
    ),
    looks(
      "7.1.6",
      "256 KB, a text, a close frame and a ping at once",
      [Buffer.concat([frame("text", long), frame("text", hello), normal, frame("ping")])],
      [heard("text", long), helloBack],
    ),
    closes("7.3.1", "a close frame without a payload", [frame("close")], [1000, 1005]),
    { id: "7.3.2", title: "a close frame of one byte", steps: [frame("close", "a")], echoes: [], end: protocolError },
    closes("7.3.3", "a close frame with a code", [normal], [1000]),
    closes("7.3.4", "a close frame with code and reason", [closeFrame(1000, "Hello World!")], [1000]),
    closes("7.3.5", "a close frame with a reason of 123 bytes", [closeFrame(1000, "*".repeat(123))], [1000]),
    {
      id: "7.3.6",
      title: "a close frame with a reason of 124 bytes",
      steps: [closeFrame(1000, "*".repeat(124))],
      echoes: [],
      end: protocolError,
    },
    {
      id: "7.5.1",
      title: "a close reason that is not UTF-8",
      steps: [closeFrame(1000, spoiltReason)],
      echoes: [],
      end: { by: "server", codes: [1002, 1007] },
    },
    ...valid.map((code, at) => closes(`7.7.${at + 1}`, `close code ${code}`, [closeFrame(code)], [1000, code])),
    ...invalid.map(
      (code, at): WebSocketCase => ({
        id: `7.9.${at + 1}`,
        title: `the invalid close code ${code}`,
        steps: [closeFrame(code)],
        echoes: [],
        end: protocolError,
      }),
    ),
    looks("7.13.1", "close code 5000", [closeFrame(5000)]),
    looks("7.13.2", "close code 65535", [closeFrame(65_535)]),
  ];
}

export const framingCases: readonly WebSocketCase[] = [
  ...framing(),
  ...pings(),
  ...reservedBits(),
  ...reservedOpcodes(),
  ...fragmentation(),
  ...closing(),
];
