import net from "node:net";
import type { Address } from "@mothership/kernel";
import type { ProbeFunction } from "./probe.ts";

/** Passes when a connection is accepted; it is closed at once. */
export function connectProbe(address: Address): ProbeFunction {
  const where = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  return ({ signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const socket = net.connect(where);
      const stop = (): void => {
        socket.destroy();
        reject(signal.reason);
      };
      signal.addEventListener("abort", stop, { once: true });
      socket.once("connect", () => {
        signal.removeEventListener("abort", stop);
        socket.destroy();
        resolve();
      });
      socket.once("error", (error) => {
        signal.removeEventListener("abort", stop);
        reject(error);
      });
    });
}
