import type { Exchange, Fields } from "@mothership/kernel";
import type { RequestFacts, TlsFacts } from "../message/facts.ts";

/** What is known of a request beyond its exchange. */
export interface FurtherFacts {
  readonly tls?: TlsFacts;
  readonly uaKind?: string | null;
  readonly shield?: string | null;
}

/** An exchange as guests see it: always as it stands at the moment. */
export class ExchangeFacts implements RequestFacts {
  readonly #exchange: Exchange;
  readonly #describe: ((exchange: Exchange) => FurtherFacts) | undefined;
  #further: FurtherFacts | undefined;
  method: string;

  constructor(exchange: Exchange, describe: ((exchange: Exchange) => FurtherFacts) | undefined) {
    this.#exchange = exchange;
    this.#describe = describe;
    this.method = exchange.incoming.method;
  }

  get id(): string {
    return this.#exchange.id;
  }
  get bind(): string {
    return this.#exchange.bind;
  }
  get path(): string {
    return this.#exchange.path;
  }
  get query(): string {
    return this.#exchange.query;
  }
  get scheme(): "http" | "https" {
    return this.#exchange.client.secure ? "https" : "http";
  }
  get host(): string {
    return this.#exchange.host;
  }
  get httpVersion(): string {
    return this.#exchange.incoming.version;
  }
  get clientIp(): string {
    return this.#exchange.client.address;
  }
  get clientPort(): number {
    return this.#exchange.client.port;
  }
  get tls(): TlsFacts | null {
    return this.#exchange.client.secure ? (this.#known.tls ?? { version: null, sni: null }) : null;
  }
  get uaKind(): string | null {
    return this.#known.uaKind ?? null;
  }
  get shield(): string | null {
    return this.#known.shield ?? null;
  }
  get fields(): Fields {
    return this.#exchange.fields;
  }

  get #known(): FurtherFacts {
    this.#further ??= this.#describe?.(this.#exchange) ?? {};
    return this.#further;
  }
}
