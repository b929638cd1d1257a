// http-proxy-3 as its documentation shows it, which dials the upstream for each request; with "keep-alive" behind an agent that does not.
import { Agent } from "node:http";
import { createRequire } from "node:module";

const { createProxyServer } = createRequire(`${process.env.BENCH_MODULES}/`)("http-proxy-3");
const [, , port, upstream, mode] = process.argv;
const agent = mode === "keep-alive" ? { agent: new Agent({ keepAlive: true, maxSockets: 256 }) } : {};
createProxyServer({ target: `http://${upstream}`, ...agent }).listen(Number(port), "127.0.0.1");
