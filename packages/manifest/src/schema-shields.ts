import { Type } from "typebox";
import { limits } from "./limits.ts";
import { closed, name, pattern, tables, text, texts, whole } from "./schema-values.ts";

/** Which requests are refused, redirected or marked. Build time only, as `schema.ts`. */

export const ja4h = Type.Optional(
  text(
    'a fingerprint such as "ge11cn04enus_8ddaef5d77af"',
    "Only requests with this JA4H fingerprint, or beginnings of its parts joined by `_`. Look at its licence.",
  ),
);
export const uaFilter = text(
  'a user agent filter such as "browser"',
  "Only requests of these user agents: `browser` (any of the next three), `chromium`, `firefox`, `safari`, `llm`, `bot`, or `~` and a pattern over the User-Agent header.",
);
export const status = Type.Optional(
  whole(
    "a status",
    'Of the answer: 400 to 599 for `"block"`, without it 403; 301, 302, 303, 307 or 308 for `"redirect"`, without it 302.',
    100,
    999,
  ),
);
export const redirectTo = Type.Optional(
  text('a path or URL such as "https://example.com/sorry"', 'Where `"redirect"` leads; required then.'),
);

const rule = Type.Object(
  {
    name: Type.Optional(
      name("Unique among rules: the handle in logs, metrics and `explain`. Without it, `rule-` and its place. Default: `rule-1`."),
    ),
    path: Type.Optional(pattern),
    ua: Type.Optional(uaFilter),
    cidr: Type.Optional(
      Type.Union(
        [
          text('a network such as "10.0.0.0/8"', ""),
          texts('a network such as "10.0.0.0/8"', 'a list of networks such as ["10.0.0.0/8"]', "", limits.listed),
        ],
        {
          title: 'a network such as "10.0.0.0/8", or a list of them',
          description: "Condition: the client is in one of these networks or is this address. Clients of Unix sockets are in none.",
        },
      ),
    ),
    ja4h,
    action: Type.Enum(["allow", "block", "redirect", "tag", "log"], {
      title: '"allow", "block", "redirect", "tag" or "log"',
      description:
        '`"allow"`: it goes on. `"block"`: it is answered with `status`. `"redirect"`: it is sent to `redirect_to`; a request that is there already is not matched. `"tag"`: it goes on with the header `header: value`, which no client can send itself. `"log"`: it goes on, with a line in the log.',
    }),
    status,
    redirect_to: redirectTo,
    header: Type.Optional(text('a header such as "X-Shield"', 'For `"tag"`; required then.')),
    value: Type.Optional(Type.String({ title: "text", description: 'For `"tag"`; required then.', maxLength: limits.tagLength })),
  },
  { title: "a rule", description: "Requests that meet all of its conditions; without any, all requests.", ...closed },
);

export const shields = Type.Object(
  {
    rules: Type.Optional(tables(rule, "[[shields.rules]]", "Asked in file order; the first that matches decides.", limits.shieldRules)),
  },
  { title: "a table", description: "Which requests are refused, redirected or marked: `[[shields.rules]]`.", ...closed },
);
