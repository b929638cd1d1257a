import { describe, expect, test } from "vitest";
import { bodyOf, emptyBody } from "./body.ts";
import { hasCode, messageOf } from "./error.ts";
import { compose, type Exchange } from "./http.ts";
import { redact } from "./redact.ts";

describe("redact", () => {
  test.each([
    ["postgres://app:secret@db:5432/x?sslmode=require", "postgres://app:***@db:5432/x?sslmode=require"],
    ["to redis://:p%40ss@cache, then http://a:b@c/", "to redis://:***@cache, then http://a:***@c/"],
    ["mysql://u:p@ss:w@rd@host/db", "mysql://u:***@host/db"],
    ["http://host/path@x:y", "http://host/path@x:y"],
    ["no url at all", "no url at all"],
    ["GET /login?user=ann&password=hunter2#top", "GET /login?user=ann&password=***#top"],
    ["?access_token=a.b-c&page=2;API-Key=x", "?access_token=***&page=2;API-Key=***"],
    ["postgres://u:p@db/x?sslmode=require&sslpassword=q", "postgres://u:***@db/x?sslmode=require&sslpassword=***"],
    ['"http://h/?form[secret]=1&code=2" failed', '"http://h/?form[secret]=***&code=***" failed'],
    ["?author=kim&codec=h264&monkey=1&passage=4", "?author=kim&codec=h264&monkey=1&passage=4"],
    ["a=b, token=c", "a=b, token=c"],
  ])("hides what is secret in %s", (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  test("takes time in proportion to the text, whatever is in it", () => {
    const long = 200_000;
    for (const text of ["?".repeat(long), `?${"a".repeat(long)}`, `${"?a".repeat(long / 2)}=`, `${"&=".repeat(long / 2)}`]) {
      const began = performance.now();
      redact(`${text}=`);
      expect(performance.now() - began).toBeLessThan(2000);
    }
  });
});

describe("errors", () => {
  test("are told apart by code, whatever class or realm they come from", () => {
    expect([hasCode({ code: "MS_X" }, "MS_X"), hasCode(new Error("x"), "MS_X"), hasCode(undefined, "MS_X")]).toEqual([true, false, false]);
  });

  test("give a message of one line", () => {
    expect([messageOf(new Error("a\n  b")), messageOf("plain"), messageOf(undefined)]).toEqual(["a b", "plain", "undefined"]);
  });
});

describe("bodies", () => {
  test("of text and of nothing", () => {
    const heard: unknown[] = [];
    const reader = { data: (piece: Uint8Array) => heard.push(piece) > 0, end: () => void heard.push("end"), fail: () => undefined };
    bodyOf("é").read(reader);
    emptyBody.read(reader);
    expect(heard).toEqual([Buffer.from("é"), "end", "end"]);
    expect([bodyOf("é").length, emptyBody.length]).toEqual([2, 0]);
  });

  test("a body cancelled by its reader says nothing more", () => {
    const heard: string[] = [];
    const body = bodyOf("abc");
    body.read({
      data: () => {
        heard.push("data");
        body.cancel(new Error("enough"));
        return false;
      },
      end: () => heard.push("end"),
      fail: () => heard.push("fail"),
    });
    expect(heard).toEqual(["data"]);
  });
});

describe("compose", () => {
  test("runs the first middleware first and builds the path once", () => {
    const seen: string[] = [];
    let built = 0;
    const named = (name: string) => (next: (exchange: Exchange) => void | Promise<void>) => {
      built++;
      return (exchange: Exchange) => {
        seen.push(name);
        return next(exchange);
      };
    };
    const handler = compose([named("a"), named("b")], () => void seen.push("last"));
    // Nothing here looks into the exchange.
    void handler({} as Exchange);
    void handler({} as Exchange);
    expect([seen.join(" "), built]).toEqual(["a b last a b last", 2]);
  });
});
