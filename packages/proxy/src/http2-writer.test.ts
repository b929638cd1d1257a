import { Fields } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { responseHeaders, trailerHeaders } from "./http2-writer.ts";

const fieldsOf = (...pairs: [string, string][]): Fields => Fields.from(pairs);

describe("the head of a response over HTTP/2", () => {
  test("has its fields in lower case and in order, without those of a connection of HTTP/1.1 (RFC 9113, 8.2.2)", () => {
    const fields = fieldsOf(
      ["X-B", "1"],
      ["Connection", "close"],
      ["Keep-Alive", "timeout=5"],
      ["Transfer-Encoding", "chunked"],
      ["Upgrade", "h2c"],
      ["Content-Length", "7"],
      ["TE", "x"],
      ["Trailer", "x"],
      ["A", "2"],
    );
    expect(Object.entries(responseHeaders(200, fields))).toEqual([
      [":status", 200],
      ["x-b", "1"],
      ["a", "2"],
    ]);
    expect(responseHeaders(200, fields, { trailers: true, length: 3, date: "now" })).toMatchObject({
      trailer: "x",
      "content-length": "3",
      date: "now",
    });
  });

  test("repeats a field where it may stand several times, and joins it where node:http2 sends only one", () => {
    const headers = responseHeaders(
      200,
      fieldsOf(["Set-Cookie", "a"], ["Set-Cookie", "b"], ["ETag", "x"], ["Link", "1"], ["ETag", "y"], ["Link", "2"], ["Link", "3"]),
    );
    expect(headers).toMatchObject({ "set-cookie": ["a", "b"], etag: "x, y", link: ["1", "2", "3"] });
  });

  test("keeps a Date that is there", () => {
    expect(responseHeaders(200, fieldsOf(["Date", "then"]), { date: "now" })["date"]).toBe("then");
  });

  test("takes names like __proto__ for what they are", () => {
    expect(Object.keys(responseHeaders(200, fieldsOf(["__proto__", "x"], ["constructor", "y"])))).toEqual([
      ":status",
      "__proto__",
      "constructor",
    ]);
  });

  test.each(["a\r\nb", "a\0", "\u0100"])("rule 43: refuses a value that could not be sent: %j", (value) => {
    const fields = new Fields();
    fields.appendParsed("X", "x", value);
    expect(() => responseHeaders(200, fields)).toThrow(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
    expect(() => trailerHeaders(fields)).toThrow(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
  });

  test("refuses a name that could not be sent", () => {
    const fields = new Fields();
    fields.appendParsed("X", ":status", "200");
    expect(() => responseHeaders(200, fields)).toThrow(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
  });

  test.each([99, 101, 600, 200.5, Number.NaN])("refuses the status %s", (status) => {
    expect(() => responseHeaders(status, new Fields())).toThrow(RangeError);
  });
});
