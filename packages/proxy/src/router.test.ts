import type { Exchange, Handler } from "@mothership/kernel";
import { silentLogger } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { fakeIncoming } from "../test/incoming.ts";
import { trustedProxies } from "./client.ts";
import { ProxyExchange } from "./exchange.ts";
import { createRouter, type Route } from "./router.ts";

function exchangeFor(path: string, bind = "http", userAgent = ""): ProxyExchange {
  const incoming = fakeIncoming({ target: path, fields: userAgent === "" ? [] : [["User-Agent", userAgent]] });
  const peer = { address: "198.51.100.9", port: 1, secure: false, trusted: false };
  return new ProxyExchange(incoming, path, "", peer, {
    bind,
    trusted: trustedProxies([]),
    forwarding: {},
    log: silentLogger,
    nextId: () => "id",
  });
}

/** Where a router sends a path: the name of the handler and the path that it saw. */
function sentTo(router: (to: (name: string) => Handler) => Handler, exchange: Exchange): string | undefined {
  let seen: string | undefined;
  const to =
    (name: string): Handler =>
    ({ path }) => {
      seen = `${name} ${path}`;
    };
  router(to)(exchange);
  return seen;
}

const routes =
  (...list: readonly (Omit<Route, "to"> & { readonly name: string })[]) =>
  (to: (name: string) => Handler): Handler =>
    createRouter(
      list.map((route) => ({ ...route, to: to(route.name) })),
      to("nothing"),
    );

describe("createRouter", () => {
  const fleet = routes(
    { name: "api", bind: "http", pattern: "/api/.*", stripPrefix: "/api" },
    { name: "llm", bind: "http", pattern: "/.*", when: ({ fields }) => /claude/i.test(fields.get("user-agent") ?? "") },
    { name: "cable", bind: "ws", pattern: "/cable" },
    { name: "app", bind: "http", pattern: "/.*" },
    { name: "late", bind: "http", pattern: "/late" },
  );

  test.each([
    ["/", "http", "", "app /"],
    ["/api/users", "http", "", "api /users"],
    ["/api", "http", "", "app /api"],
    ["/apix/y", "http", "", "app /apix/y"],
    ["/late", "http", "", "app /late"],
    ["/page", "http", "Claude-Web", "llm /page"],
    ["/cable", "ws", "", "cable /cable"],
    ["/cable/x", "ws", "", "nothing /cable/x"],
    ["/", "ws", "", "nothing /"],
    ["/", "https", "", "nothing /"],
  ])("sends %s on bind %s with agent %j to: %s", (path, bind, agent, expected) => {
    expect(sentTo(fleet, exchangeFor(path, bind, agent))).toBe(expected);
  });

  test("names the route in the exchange: its label, or else its pattern", () => {
    for (const [label, expected] of [
      [undefined, "/a"],
      ["shop", "shop"],
    ] as const) {
      const exchange = exchangeFor("/a");
      sentTo(routes({ name: "x", bind: "http", pattern: "/a", label }), exchange);
      expect(exchange.route).toBe(expected);
    }
  });

  test("answers 404 in the machine's words when nothing fits", () => {
    const exchange = exchangeFor("/nowhere");
    createRouter([])(exchange);
    expect(fakeOf(exchange)?.head.status).toBe(404);
    expect(fakeOf(exchange)?.head.fields.get("x-mothership-error")).toBe("no-route");
  });

  test("a router without a fitting predicate goes on in declaration order", () => {
    const when = (answer: boolean) => () => answer;
    const table = routes(
      { name: "a", bind: "http", pattern: "/.*", when: when(false) },
      { name: "b", bind: "http", pattern: "/x.*", when: when(true) },
      { name: "c", bind: "http", pattern: "/xy" },
    );
    expect(sentTo(table, exchangeFor("/xy"))).toBe("b /xy");
    expect(sentTo(table, exchangeFor("/z"))).toBe("nothing /z");
  });

  test("a pattern that is none fails when the table is built, not when a request comes", () => {
    expect(() => createRouter([{ bind: "http", pattern: "/(", to: () => undefined }])).toThrow();
  });

  test("looks at a path once, however many routes there are", () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ name: `r${index}`, bind: "http", pattern: `/service-${index}/.*` }));
    let asked = 0;
    const last = { name: "last", bind: "http", pattern: "/service-9.*", when: () => ++asked > 0 };
    expect(sentTo(routes(...many, last), exchangeFor("/service-998/x"))).toBe("r998 /service-998/x");
    expect(sentTo(routes(...many, last), exchangeFor("/service-9"))).toBe("last /service-9");
    // Predicates of routes whose pattern does not match are never asked.
    expect(asked).toBe(1);
  });
});

function fakeOf(exchange: ProxyExchange): ReturnType<typeof fakeIncoming>["answer"] {
  return (exchange.incoming as ReturnType<typeof fakeIncoming>).answer;
}
