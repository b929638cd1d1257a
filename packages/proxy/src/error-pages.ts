import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Body, bodyOf, type Exchange, messageOf, type ResponseHead } from "@mothership/kernel";
import { ErrorPagesError } from "./errors.ts";
import { contentTypes, type Kind, preferredKind } from "./reply.ts";

/** Pages of the user's own for the answers of the proxy itself. */
export interface ErrorPagesSpec {
  /** Holds `404.html`, `503.json`, `429.txt` and the like, which are sent as they are. Other files are ignored. Read once, at the start. */
  readonly folder: string;
}

/** All pages are held in memory. */
const maxPageBytes = 65_536;
const maxPages = 128;
const pageName = /^([45]\d\d)\.(html|json|txt)$/;
const kinds: Readonly<Record<string, Kind>> = { html: "html", json: "json", txt: "text" };

/** Pages by status and kind. */
export class ErrorPages {
  /** By `404html` and the like. */
  readonly #pages: ReadonlyMap<string, Uint8Array>;

  constructor(pages: ReadonlyMap<string, Uint8Array>) {
    this.#pages = pages;
  }

  /**
   * The same answer with the page for its status, if it is one of our own (it names a reason in X-Mothership-Error) and there is a page of the
   * kind that the client prefers.
   */
  dress(exchange: Exchange, head: ResponseHead, body: Body): { readonly head: ResponseHead; readonly body: Body } {
    if (head.status < 400 || !head.fields.has("x-mothership-error")) return { head, body };
    const kind = preferredKind(exchange.incoming.fields.all("accept").join(","));
    const page = this.#pages.get(`${head.status}${kind}`);
    if (!page) return { head, body };
    body.cancel(new Error("a page of the user's own stands in its place"));
    return { head: { status: head.status, fields: head.fields.copy().set("Content-Type", contentTypes[kind]) }, body: bodyOf(page) };
  }
}

/** Reads all pages of a folder. @throws {ErrorPagesError} naming the folder or the file. */
export async function readErrorPages({ folder }: ErrorPagesSpec): Promise<ErrorPages> {
  const pages = new Map<string, Uint8Array>();
  try {
    for (const name of await readdir(folder)) {
      const [, status = "", suffix = ""] = pageName.exec(name) ?? [];
      const kind = kinds[suffix];
      if (kind === undefined) continue;
      if (pages.size >= maxPages) throw new ErrorPagesError(folder, `it holds more than ${maxPages} pages`);
      pages.set(`${status}${kind}`, await readPage(join(folder, name)));
    }
  } catch (error) {
    throw error instanceof ErrorPagesError ? error : new ErrorPagesError(folder, messageOf(error), { cause: error });
  }
  return new ErrorPages(pages);
}

async function readPage(file: string): Promise<Uint8Array> {
  const stats = await stat(file);
  if (!stats.isFile()) throw new ErrorPagesError(file, "it is no file");
  if (stats.size > maxPageBytes) throw new ErrorPagesError(file, `it is longer than ${maxPageBytes} bytes`);
  return readFile(file);
}
