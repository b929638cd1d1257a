import { Type } from "typebox";
import { limits } from "./limits.ts";
import { closed, name, pattern, tables, text, texts, whole } from "./schema-values.ts";

/** Which requests are refused, redirected or marked. Build time only, as `schema.ts`. */

export const ja4h = Type.Optional(
  text(
    'a fingerprint such as "ge11cn04enus_8ddaef5d77af"',
    "A JA4H fingerprint, or beginnings of its parts joined by _. See the licence of JA4H.",
  ),
);
export const uaFilter = text(
  'a user agent filter such as "browser"',
  "browser, chromium, firefox, safari, llm, bot, or ~ and a pattern over the User-Agent header.",
);
export const status = Type.Optional(
  whole("a status", "Of the answer: 400 to 599 (default 403) for block; 301, 302 (default), 303, 307 or 308 for redirect.", 301, 599),
);
export const redirectTo = Type.Optional(text('a path or URL such as "https://example.com/sorry"', "Where a redirect leads."));

const rule = Type.Object(
  {
    name: Type.Optional(name("Stands for it in logs and metrics, unique among rules. Default: rule-1 and so on, by its place.")),
    path: Type.Optional(pattern),
    ua: Type.Optional(uaFilter),
    cidr: Type.Optional(
      Type.Union(
        [
          text('a network such as "10.0.0.0/8"', ""),
          texts('a network such as "10.0.0.0/8"', 'a list of networks such as ["10.0.0.0/8"]', "", limits.listed),
        ],
        { title: 'a network such as "10.0.0.0/8", or a list of them', description: "The client is in one of them." },
      ),
    ),
    ja4h,
    action: Type.Enum(["allow", "block", "redirect", "tag", "log"], {
      title: '"allow", "block", "redirect", "tag" or "log"',
      description: "What is done with a request that meets all conditions of the rule.",
    }),
    status,
    redirect_to: redirectTo,
    header: Type.Optional(text('a header such as "X-Shield"', "For tag: the request header that the ship is sent.")),
    value: Type.Optional(Type.String({ title: "text", description: "For tag: its value.", maxLength: limits.tagLength })),
  },
  { title: "a rule", description: "Requests that meet all of its conditions; without any, all requests.", ...closed },
);

export const shields = Type.Object(
  {
    rules: Type.Optional(tables(rule, "[[shields.rules]]", "Asked in file order; the first that matches decides.", limits.shieldRules)),
  },
  { title: "a table", description: "Which requests are refused, redirected or marked before anything else is done with them.", ...closed },
);
