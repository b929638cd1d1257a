// An HTTP server like any other. It knows nothing of mothership: the port comes from its environment.
import { createServer } from "node:http";

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A small fleet</title>
<link rel="stylesheet" href="/static/style.css">
<h1>A small fleet</h1>
<p>This page comes from the ship <b>site</b>, its style sheet from a folder, and the time from the ship <b>api</b>:</p>
<p id="time">asking ...</p>
<script>
  fetch("/api/time").then((answer) => answer.json()).then(({ time }) => { document.querySelector("#time").textContent = time; });
</script>
</html>
`;

const server = createServer((request, response) => {
  if (request.url === "/health") return response.end("ok\n");
  if (request.url === "/") return response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
  response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log(`site on port ${process.env.PORT}`));

// The supervisor asks with SIGTERM: finish what runs, then go.
process.on("SIGTERM", () => server.close());
