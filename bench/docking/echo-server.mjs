// The same echo as a server that speaks WebSocket itself. argv: port.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(new URL("../../packages/docking/", import.meta.url))("ws");
/** As much as the client takes, for ever. */
function flood(socket) {
  const data = Buffer.alloc(60_000, "x");
  socket.send(data, () => socket.readyState === socket.OPEN && flood(socket));
}

const server = createServer((_, response) => response.end("ok"));
new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket) => {
  socket.on("message", (data, binary) => {
    if (data.toString() === "flood") flood(socket);
    else socket.send(data, { binary });
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
process.once("SIGTERM", () => process.exit(0));
