import type { Handler, Middleware } from "@mothership/kernel";
import { MemoryExchange, readBody } from "@mothership/testkit";

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly bind?: string;
  readonly upgrade?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

export function fakeExchange({ fields = {}, ...asked }: Asked): MemoryExchange {
  return new MemoryExchange({ ...asked, fields: Object.entries(fields) });
}

export interface Answered {
  /** 0 when the request went on to the next handler. */
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly text: string;
  readonly length: number | undefined;
  readonly route: string;
}

/** Sends one request through `middleware` and reads the whole answer. */
export async function ask(middleware: Middleware, asked: Asked): Promise<Answered> {
  const exchange = fakeExchange(asked);
  let passedOn = false;
  const next: Handler = () => {
    passedOn = true;
  };
  await middleware(next)(exchange);
  const { answer } = exchange;
  if (!answer) {
    if (!passedOn) throw new Error("neither answered nor passed on");
    return { status: 0, fields: {}, text: "", length: undefined, route: exchange.route };
  }
  const { head, body } = answer;
  const bare = asked.method === "HEAD" || head.status === 304;
  if (bare) body.cancel(new Error("no content"));
  return {
    status: head.status,
    fields: Object.fromEntries([...head.fields].map(([name, value]) => [name.toLowerCase(), value])),
    text: bare ? "" : (await readBody(body)).bytes.toString(),
    length: body.length,
    route: exchange.route,
  };
}
