/** The JSON payloads: each frame's members in the order in which they are written. Members that a reader does not know it ignores. */
import { FrameMalformedError } from "./errors.ts";
import type { DockTerms, Frame, FrameType, MooredTerms, Reboarding } from "./frame.ts";
import { Members } from "./members.ts";

export type JsonFrame = Extract<Frame, { readonly type: "dock" | "moored" | "boarding" | "disembark" | "fault" | "accept" | "refuse" }>;

const u16 = 65_535;
const u32 = 4_294_967_295;
/** Milliseconds in a payload: up to a day. */
const dayMs = 86_400_000;

/** What is written as JSON for a frame. */
export function jsonOf(frame: JsonFrame): Readonly<Record<string, unknown>> {
  switch (frame.type) {
    case "dock": {
      const { version, ship, terms } = frame;
      return terms ? { version, ship, ...windowsOf(terms), links: terms.links } : { version, ship };
    }
    case "moored": {
      const { version, config, terms } = frame;
      return terms ? { version, config, ...windowsOf(terms), session: terms.session, ping_ms: terms.pingMs } : { version, config };
    }
    case "boarding": {
      const { connId, path, remoteAddr, headers, protocols, reboarding } = frame;
      return { conn_id: connId, path, remote_addr: remoteAddr, headers, ...(protocols && { protocols }), ...reboarding };
    }
    case "disembark":
      return { conn_id: frame.connId, code: frame.code, reason: frame.reason };
    case "fault":
      return { code: frame.code, message: frame.message };
    case "accept":
      return { conn_id: frame.connId, protocol: frame.protocol, headers: frame.headers };
    case "refuse":
      return { conn_id: frame.connId, status: frame.status, headers: frame.headers, body: frame.body };
  }
}

/** @throws {FrameMalformedError} when the payload is not what the type requires. */
export function frameOf(type: JsonFrame["type"], payload: Uint8Array): JsonFrame {
  const members = new Members(nameOf(type), payload);
  switch (type) {
    case "dock": {
      const version = members.integer("version", 1, 255);
      const ship = members.text("ship");
      return version >= 2 && members.has("features") ? { type, version, ship, terms: dockTerms(members) } : { type, version, ship };
    }
    case "moored": {
      const version = members.integer("version", 1, 255);
      const config = members.table("config");
      return version >= 2 && members.has("features") ? { type, version, config, terms: mooredTerms(members) } : { type, version, config };
    }
    case "boarding": {
      const base = {
        type,
        connId: connId(members),
        path: members.text("path"),
        remoteAddr: members.text("remote_addr"),
        headers: members.table("headers"),
        ...(members.has("protocols") && { protocols: members.texts("protocols") }),
      };
      return members.has("epoch") ? { ...base, reboarding: reboarding(members) } : base;
    }
    case "disembark":
      return { type, connId: connId(members), code: members.integer("code", 0, u16), reason: members.text("reason", "") };
    case "fault":
      return { type, code: members.text("code"), message: members.text("message", "") };
    case "accept":
      return { type, connId: connId(members), protocol: members.text("protocol", ""), headers: members.pairs("headers") };
    case "refuse": {
      const status = members.integer("status", 300, 599);
      return { type, connId: connId(members), status, headers: members.pairs("headers"), body: members.text("body", "") };
    }
  }
}

/** The name of a frame as the protocol writes it. */
export function nameOf(type: FrameType): string {
  return type.charAt(0).toUpperCase() + type.slice(1);
}

function windowsOf({ features, window, linkWindow, maxMessage }: DockTerms | MooredTerms): Readonly<Record<string, unknown>> {
  return { features, window, link_window: linkWindow, max_message: maxMessage };
}

function windows(members: Members): Pick<DockTerms, "features" | "window" | "linkWindow" | "maxMessage"> {
  return {
    features: members.texts("features"),
    window: members.integer("window", 1, u32),
    linkWindow: members.integer("link_window", 1, u32),
    maxMessage: members.integer("max_message", 1, u32),
  };
}

function dockTerms(members: Members): DockTerms {
  return { ...windows(members), links: members.has("links") ? members.integer("links", 1, u16) : 1 };
}

function mooredTerms(members: Members): MooredTerms {
  return { ...windows(members), session: members.text("session"), pingMs: members.integer("ping_ms", 1, dayMs) };
}

function reboarding(members: Members): Reboarding {
  const [epoch, sent, taken, delivered] = [
    members.integer("epoch", 1, u32),
    members.count("sent"),
    members.count("taken"),
    members.count("delivered"),
  ];
  if (taken > sent) throw new FrameMalformedError("Boarding", '"taken" is greater than "sent"');
  return { epoch, sent, taken, delivered };
}

function connId(members: Members): number {
  return members.integer("conn_id", 1, u32);
}
