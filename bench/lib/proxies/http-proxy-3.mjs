// http-proxy-3 as its documentation shows it, which dials the upstream for each request; with "keep-alive" behind an agent that does not, with
// "tls" as a server of https.
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { createRequire } from "node:module";

const { createProxyServer } = createRequire(`${process.env.BENCH_MODULES}/`)("http-proxy-3");
const [, , port, upstream, ...modes] = process.argv;
const agent = modes.includes("keep-alive") ? { agent: new Agent({ keepAlive: true, maxSockets: 256 }) } : {};
const { BENCH_CERT: cert, BENCH_KEY: key } = process.env;
const ssl = modes.includes("tls") ? { ssl: { cert: readFileSync(cert), key: readFileSync(key) } } : {};
createProxyServer({ target: `http://${upstream}`, ...agent, ...ssl }).listen(Number(port), "127.0.0.1");
