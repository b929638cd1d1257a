// undici behind node:http, as small as it can honestly be.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Pool } = createRequire(`${process.env.BENCH_MODULES}/`)("undici");
const [, , port, upstream] = process.argv;
const pool = new Pool(`http://${upstream}`, { connections: 256, pipelining: 1 });
const hop = new Set(["connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection", "trailer"]);
const withoutHops = (raw) => {
  const kept = [];
  for (let index = 0; index < raw.length; index += 2) if (!hop.has(raw[index].toLowerCase())) kept.push(raw[index], raw[index + 1]);
  return kept;
};

createServer((request, response) => {
  const content = request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  pool.stream(
    {
      path: request.url,
      method: request.method,
      headers: withoutHops(request.rawHeaders),
      body: content ? request : null,
      responseHeaders: "raw",
    },
    ({ statusCode, headers }) => {
      const fields = [];
      const entries = Array.isArray(headers) ? headers.map(String) : Object.entries(headers).flat();
      for (let index = 0; index < entries.length; index += 2)
        if (!hop.has(entries[index].toLowerCase())) fields.push(entries[index], entries[index + 1]);
      response.writeHead(statusCode, fields);
      return response;
    },
    (error) => {
      if (error && !response.headersSent) response.writeHead(502).end();
      else if (error) response.destroy();
    },
  );
}).listen(Number(port), "127.0.0.1");
