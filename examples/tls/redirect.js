import { createServer } from "node:http";

const server = createServer((request, response) => {
  const { hostname } = new URL(`http://${request.headers.host}`);
  // 308 keeps the method: a form that was sent is not lost.
  response.writeHead(308, { Location: `https://${hostname}:${process.env.HTTPS_PORT}${request.url}` }).end();
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("redirect ready"));
process.on("SIGTERM", () => server.close());
