import { once } from "node:events";
import { connect } from "node:net";
import { tempFolder } from "@mothership/testkit";
import { type BayHandlers, type BayOptions, type ServedBay, serveBay } from "../src/bay.ts";
import type { BoardingFrame, Frame, MooredTerms } from "../src/frame.ts";
import { type FakeLink, fakeLink } from "./fake-bay.ts";

/** What mothership grants where a test does not say otherwise. */
export const terms: MooredTerms = {
  features: ["reboard", "drain", "links"],
  window: 262_144,
  linkWindow: 16_777_216,
  maxMessage: 1_048_576,
  session: "s",
  pingMs: 15_000,
};

/** A bay and a scripted mothership. */
export interface Pier extends AsyncDisposable {
  readonly bay: ServedBay;
  /** What handlers reported as failed. */
  readonly failures: unknown[];
  dial(): Promise<FakeLink>;
}

export async function openPier(handlers: Partial<BayHandlers>, options: BayOptions = {}): Promise<Pier> {
  const folder = tempFolder();
  const failures: unknown[] = [];
  const complete = { message: () => undefined, failed: (error: unknown) => void failures.push(error), ...handlers };
  const bay = await serveBay(complete, { path: folder.join("sockets", "echo.sock"), ...options });
  const links: FakeLink[] = [];
  return {
    bay,
    failures,
    dial: async () => {
      const socket = connect(bay.path);
      await once(socket, "connect");
      const link = fakeLink(socket);
      links.push(link);
      return link;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of links) socket.destroy();
      await bay.close({ signal: AbortSignal.abort() });
      folder[Symbol.dispose]();
    },
  };
}

/** A link that is docked and ready, as mothership has it before it lets clients aboard. */
export async function moor(pier: Pier, more: Partial<MooredTerms> = {}): Promise<FakeLink> {
  const link = await pier.dial();
  await link.next("dock");
  link.send({ type: "moored", version: 2, config: {}, terms: { ...terms, ...more } });
  await link.next("ready");
  return link;
}

export function boarding(connId: number, more: Partial<BoardingFrame> = {}): Frame {
  return { type: "boarding", connId, path: "/", remoteAddr: "203.0.113.9", headers: {}, protocols: [], ...more };
}
