// The second server. It sees /time where clients ask for /api/time: the manifest strips the prefix.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  if (request.url === "/health") return response.end("ok\n");
  if (request.url !== "/time") return response.writeHead(404).end();
  const body = { time: new Date().toISOString(), client: request.headers["x-forwarded-for"], request: request.headers["x-request-id"] };
  response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log(`api on port ${process.env.PORT}`));

process.on("SIGTERM", () => server.close());
