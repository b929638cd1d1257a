/** What runs inside a fleet that was started with `NODE_OPTIONS=--inspect=127.0.0.1:0`, disturbed from outside. */
import { eventually } from "@mothership/testkit";
import type { TestFleet } from "./fleet.ts";

/** Where it can be reached. */
export async function inspectorOf(fleet: TestFleet): Promise<string> {
  return await eventually("an inspector", () => /ws:\/\/\S+/.exec(fleet.stderr())?.[0]);
}

/** Evaluates `expression` in the worker thread whose title holds `title`. The program need not answer: it may be gone by then. */
export async function evaluateInThread(inspector: string, title: string, expression: string): Promise<void> {
  const socket = new WebSocket(inspector);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  let lastId = 0;
  const send = (method: string, params: object): void => socket.send(JSON.stringify({ id: ++lastId, method, params }));
  const attached = new Promise<string>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      const { method, params } = JSON.parse(String(data));
      if (method === "NodeWorker.attachedToWorker" && params.workerInfo.title.includes(title)) resolve(params.sessionId);
    });
  });
  const answered = new Promise<void>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      if (JSON.parse(String(data)).method === "NodeWorker.receivedMessageFromWorker") resolve();
    });
    socket.addEventListener("close", () => resolve());
  });
  send("NodeWorker.enable", { waitForDebuggerOnStart: false });
  const sessionId = await attached;
  const message = JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } });
  send("NodeWorker.sendMessageToWorker", { sessionId, message });
  await answered;
  socket.close();
}
