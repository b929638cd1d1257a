import { resolve } from "node:path";
import { type Deps, type Exchange, emptyBody, Fields, type Handler, type Middleware } from "@mothership/kernel";
import { acceptedEncodings } from "./accept-encoding.ts";
import { covers, filePath } from "./file-path.ts";
import { fileResponse, type Representation } from "./file-response.ts";
import { Listings } from "./listings.ts";
import { contentTypes } from "./mime.ts";
import { type Found, type OpenFile, Root } from "./open-file.ts";
import { type KeptFile, SmallFiles } from "./small-files.ts";

/** A directory whose files are served. Plain data. */
export interface StaticDirectory {
  /** Relative paths start at the working directory of the process. It need not exist yet. */
  readonly path: string;
  /** Start of the request paths that it answers for; covers whole segments: `/static` covers `/static/x`, not `/statics`. */
  readonly prefix: string;
  /** Only requests that came in on this bind. Default: all. */
  readonly bind?: string | undefined;
  /** Also serve names that begin with a dot. Default false. */
  readonly dotfiles?: boolean | undefined;
  /** Files that stand for their folder, the first that exists. Default `["index.html"]`. */
  readonly index?: readonly string[] | undefined;
}

/** Codings of neighbours, best first, and their extensions. */
const neighbours = { br: ".br", gzip: ".gz" } as const;
const codings = ["br", "gzip"] as const;

/**
 * Middleware that answers GET and HEAD with files. Of the directories that cover a path, the one with the longest prefix is looked into;
 * what is not found there, or must not be served, goes on to the next handler, as does every other method.
 *
 * A compressed neighbour (`app.js.br`, `app.js.gz`) is sent in place of a file to clients that take it.
 */
export function staticFiles(directories: readonly StaticDirectory[], deps: Deps): Middleware {
  const served = directories.map((directory) => new Served(directory, deps)).sort((a, b) => b.prefix.length - a.prefix.length);
  return (next) => {
    if (served.length === 0) return next;
    return (exchange) => {
      const { method, upgrade } = exchange.incoming;
      if ((method !== "GET" && method !== "HEAD") || upgrade !== undefined) return next(exchange);
      const directory = served.find((one) => one.takes(exchange));
      return directory ? directory.serve(exchange, next) : next(exchange);
    };
  };
}

class Served {
  readonly prefix: string;
  readonly #bind: string | undefined;
  readonly #dotfiles: boolean;
  readonly #index: readonly string[];
  readonly #files: SmallFiles;
  readonly #listings: Listings;
  readonly #label: string;
  readonly #deps: Deps;

  constructor({ path, prefix, bind, dotfiles = false, index = ["index.html"] }: StaticDirectory, deps: Deps) {
    this.prefix = prefix.startsWith("/") ? prefix : `/${prefix}`;
    this.#bind = bind;
    this.#dotfiles = dotfiles;
    this.#index = index;
    const root = new Root(resolve(path));
    this.#files = new SmallFiles((file) => root.open(file), deps.clock);
    this.#listings = new Listings(resolve(path), deps.clock);
    this.#deps = deps;
    this.#label = `static ${this.prefix}`;
  }

  takes({ bind, path }: Exchange): boolean {
    return (this.#bind === undefined || this.#bind === bind) && covers(this.prefix, path);
  }

  serve(exchange: Exchange, next: Handler): void | Promise<void> {
    const target = filePath(exchange.path, this.prefix, this.#dotfiles);
    if (!target) return next(exchange);
    const { path, folder } = target;
    if (folder)
      return this.#indexNames(path).every((name) => this.#listings.mayHold(name) === false)
        ? next(exchange)
        : this.#serveFolder(exchange, path, next);
    return path !== "" && this.#listings.mayHold(path) === false ? next(exchange) : this.#serveFile(exchange, path, next);
  }

  async #serveFile(exchange: Exchange, path: string, next: Handler): Promise<void> {
    const found = await this.#open(path);
    if (found.kind === "file") return this.#send(exchange, path, found);
    if (found.kind === "folder") {
      const index = await this.#indexOf(path);
      await index?.file.handle?.close();
      if (index) return this.#redirect(exchange);
    }
    if (found.kind === "refused")
      this.#deps.log.debug("a file was not served", { requestId: exchange.id, path: exchange.path, reason: found.reason });
    return next(exchange);
  }

  async #serveFolder(exchange: Exchange, path: string, next: Handler): Promise<void> {
    const index = await this.#indexOf(path);
    return index ? this.#send(exchange, index.path, index.file) : next(exchange);
  }

  async #indexOf(folder: string): Promise<{ readonly path: string; readonly file: OpenFile | KeptFile } | undefined> {
    for (const path of this.#indexNames(folder)) {
      const file = await this.#open(path);
      if (file.kind === "file") return { path, file };
    }
    return undefined;
  }

  #indexNames(folder: string): readonly string[] {
    return folder === "" ? this.#index : this.#index.map((name) => `${folder}/${name}`);
  }

  async #open(path: string): Promise<Found | KeptFile> {
    // The directory itself is in no listing.
    return path === "" || (await this.#listings.mayHold(path)) ? this.#files.open(path) : { kind: "nothing" };
  }

  /** Relative links of the index would otherwise start one folder too high. */
  #redirect(exchange: Exchange): void {
    exchange.route = this.#label;
    // One slash at the start: "//host/" would lead to another host.
    const location = `${exchange.path.replace(/^\/+/, "/")}/${exchange.query}`;
    exchange.respond({ status: 301, fields: Fields.from([["Location", location]]) }, emptyBody);
  }

  async #send(exchange: Exchange, path: string, file: OpenFile | KeptFile): Promise<void> {
    const chosen = await this.#represent(path, file, exchange.fields.all("accept-encoding").join(","));
    const request = { method: exchange.incoming.method, fields: exchange.fields };
    const { head, body } = await fileResponse(chosen, request, this.#deps.clock.wallTime());
    exchange.route = this.#label;
    exchange.respond(head, body);
  }

  /** The file, or the neighbour that the client prefers. Closes what it does not return. */
  async #represent(path: string, file: OpenFile | KeptFile, accept: string): Promise<Representation> {
    try {
      const type = (await contentTypes())(path);
      for (const coding of type.compressible ? acceptedEncodings(accept, codings) : []) {
        const neighbour = await this.#open(path + neighbours[coding]);
        if (neighbour.kind !== "file") continue;
        await file.handle?.close();
        return { ...neighbour, type, coding };
      }
      return { ...file, type, coding: undefined };
    } catch (error) {
      await file.handle?.close();
      throw error;
    }
  }
}
