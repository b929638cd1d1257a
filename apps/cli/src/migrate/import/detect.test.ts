import { expect, test } from "vitest";
import { detectFormat } from "./detect.ts";

test.each([
  ["Procfile", "x", "procfile"],
  ["Procfile.dev", "", "procfile"],
  ["prod.procfile", "", "procfile"],
  ["ecosystem.config.js", "module.exports = { apps: [] }", "pm2"],
  ["pm2.yaml", "apps:\n", "pm2"],
  ["process.json", '{ "script": "x" }', "pm2"],
  ["compose.yaml", "services:\n", undefined],
  ["app.conf", "; x\n[program:a]\ncommand=x", "supervisord"],
  ["supervisord.ini", "[supervisord]\n", "supervisord"],
  ["nginx.conf", "server { listen 80; }", undefined],
  ["processes", "# x\nweb: run\n", "procfile"],
  ["empty", "", undefined],
])("%s is known by its name or content", (name, text, format) => expect(detectFormat(name, text)).toBe(format));
