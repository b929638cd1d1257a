// A plain HTTP server. How the client came is in the headers that mothership sets, and no client can.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  if (request.url === "/health") return response.end("ok\n");
  response.setHeader("Strict-Transport-Security", "max-age=300").end(`Hello over ${request.headers["x-forwarded-proto"]}\n`);
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("site ready"));
process.on("SIGTERM", () => server.close());
