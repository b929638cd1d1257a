import type { WebSocketCase, WebSocketLimits } from "./case.ts";
import { framingCases } from "./framing-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { utf8Cases } from "./utf8-cases.ts";

/**
 * The cases of the Autobahn test suite for servers, under its numbers: framing, pings, reserved bits, opcodes, fragmentation, UTF-8, closing,
 * limits. The suite itself needs Python 2 and is packaged neither by Debian nor on npm, so the cases are written anew here. Its sections 12 and 13
 * are about compression, which is off by default.
 */
export function webSocketCases(limits: WebSocketLimits): readonly WebSocketCase[] {
  const inOrder = ({ id }: WebSocketCase): number =>
    id.split(".").reduce((sum, part) => sum * 1_000 + Number(part), 0) * (id.split(".").length === 2 ? 1_000 : 1);
  return [...framingCases, ...utf8Cases, ...limitCases(limits)].sort((a, b) => inOrder(a) - inOrder(b));
}
