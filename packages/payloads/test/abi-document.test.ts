import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nativeFunctions } from "../src/abi/native.ts";
import { describeSignature } from "../src/abi/signature.ts";

const text = readFileSync(new URL("../../../docs/payload-abi.md", import.meta.url), "utf8");

test("the document lists the functions of the host with their types", () => {
  const rows = Array.from(text.matchAll(/^\| `(\w+)\(([^)]*)\)` \| `([^`]*)` \|/gm), ([, name, params = "", type]) => ({
    name,
    params: params === "" ? 0 : params.split(",").length,
    type,
  }));
  const functions = Object.entries(nativeFunctions).map(([name, signature]) => ({
    name,
    params: signature.indexOf(":"),
    type: describeSignature(signature),
  }));
  expect(rows).toEqual(functions);
});

test("the examples of the document are JSON with the keys that guests get", () => {
  const [request, response] = Array.from(text.matchAll(/^```json\n([\s\S]*?)^```/gm), ([, json = ""]) => JSON.parse(json) as object);
  expect(Object.keys(request!)).toHaveLength(15);
  expect(Object.keys(response!)).toEqual(["status", "headers", "abi", "id", "request"]);
});
