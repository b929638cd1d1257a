/**
 * The host's side of the http-handler ABI of http-wasm.io, which Traefik's WebAssembly plugins speak.
 *
 * 1. `handle_request` sees the request and may change it. It may also fill a response, which is sent when it returns next = 0.
 * 2. What it set of response fields before it returned next = 1 is laid over the response that comes.
 * 3. `handle_response` sees the response before anything of it is sent, and may change it.
 *
 * Where the ABI says that a host that cannot do something traps, the call ends and the request is answered with 503. Trailers are not offered.
 */
import { Fields, type LogLevel } from "@mothership/kernel";
import type { GuestPorts } from "../engine/ports.ts";
import { GuestFaultError } from "../errors.ts";
import { payloadLimits } from "../limits.ts";
import type { RequestContext, ResponseContext } from "../message/context.ts";
import { FieldsDraft } from "../message/fields-draft.ts";
import { isTarget, splitTarget } from "../message/target.ts";
import type { Changes, Verdict } from "../verdict.ts";
import { BodyStream } from "./body-stream.ts";
import type { HttpWasmFunction } from "./http-wasm-functions.ts";
import type { Services } from "./services.ts";

/** Bits of `enable_features`. */
const bufferRequest = 1;
const bufferResponse = 2;

const levels: Readonly<Record<number, LogLevel>> = { [-1]: "debug", 0: "info", 1: "warn", 2: "error" };
const noBytes = new Uint8Array(0);
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

export interface HttpWasmSettings {
  readonly config: Readonly<Record<string, string>>;
  /** Bytes that a body may have; undefined where the guest sees none. */
  readonly maxBodyBytes: number | undefined;
}

/** One request, from `handle_request` to the end of `handle_response`. */
interface Call {
  readonly request: RequestContext;
  readonly requestFields: FieldsDraft;
  readonly requestBody: BodyStream;
  phase: "request" | "response";
  method: string | undefined;
  path: string | undefined;
  query: string | undefined;
  features: number;
  status: number | undefined;
  /** In `handle_request` over nothing, then over the response's. */
  responseFields: FieldsDraft;
  responseBody: BodyStream;
  response: ResponseContext | undefined;
}

/** The host functions of http-wasm, and what a guest has decided through them in one call. */
export class HttpWasmHost {
  readonly #ports: GuestPorts;
  readonly #services: Services;
  readonly #settings: HttpWasmSettings;
  readonly #config: Buffer;
  /** What the guest enabled while it started, for all its requests. */
  #features = 0;
  #call: Call | undefined;

  constructor(ports: GuestPorts, services: Services, settings: HttpWasmSettings) {
    this.#ports = ports;
    this.#services = services;
    this.#settings = settings;
    this.#config = Buffer.from(Object.keys(settings.config).length === 0 ? "" : JSON.stringify(settings.config));
  }

  /** The guest asked for the response's body, which then has to be held. */
  get wantsResponseBody(): boolean {
    return ((this.#call?.features ?? 0) & bufferResponse) !== 0;
  }

  beginRequest(request: RequestContext): void {
    this.#services.begin(request.facts.id);
    this.#call = {
      request,
      requestFields: new FieldsDraft(request.facts.fields),
      requestBody: new BodyStream(request.body),
      phase: "request",
      method: undefined,
      path: undefined,
      query: undefined,
      features: this.#features,
      status: undefined,
      responseFields: new FieldsDraft(new Fields()),
      responseBody: new BodyStream(noBytes),
      response: undefined,
    };
  }

  /** What `handle_request` decided: the lower half of what it returned is whether to go on, the upper half is handed to `handle_response`. */
  requestVerdict(returned: bigint): { readonly verdict: Verdict; readonly context: number } {
    const call = this.#current();
    const next = Number(BigInt.asUintN(32, returned));
    const context = Number(BigInt.asIntN(32, returned >> 32n));
    if (next > 1) throw new GuestFaultError(`handle_request returned next = ${next}, where 0 and 1 are allowed`);
    if (next === 1) {
      const { method, path, query, requestFields, requestBody } = call;
      return { verdict: { action: "continue", changes: changesOf({ method, path, query }, requestFields, requestBody) }, context };
    }
    const body = call.responseBody.written ?? noBytes;
    return {
      verdict: { action: "block", block: { status: call.status ?? 200, headers: [...call.responseFields.current], body } },
      context,
    };
  }

  /** The response is there. Without one, after an error, it is empty, and changes come to nothing. */
  beginResponse(response: ResponseContext): void {
    const call = this.#current();
    this.#services.begin(call.request.facts.id);
    const early = call.responseFields.edits;
    call.phase = "response";
    call.status = undefined;
    call.response = response;
    call.responseFields = new FieldsDraft(response.facts.fields);
    call.responseBody = new BodyStream(response.body);
    for (const edit of early) {
      if (edit.kind === "remove") call.responseFields.remove(edit.name);
      else call.responseFields[edit.kind](edit.name, edit.value);
    }
  }

  responseVerdict(): Verdict {
    const { status, responseFields, responseBody } = this.#current();
    return { action: "continue", changes: changesOf({ status }, responseFields, responseBody) };
  }

  end(): void {
    this.#call = undefined;
  }

  imports(): Record<HttpWasmFunction, (...args: never[]) => unknown> {
    const ports = this.#ports;
    return {
      enable_features: (features: number) => this.#enable(features),
      get_config: (buffer: number, limit: number) => this.#give(buffer, limit, this.#config),
      log: (level: number, pointer: number, length: number) => {
        const name = levels[level];
        if (name) this.#services.log(name, pointer, length);
      },
      log_enabled: (level: number) => (levels[level] ? 1 : 0),
      get_method: (buffer: number, limit: number) => {
        const call = this.#current();
        return this.#giveText(buffer, limit, call.method ?? call.request.facts.method);
      },
      set_method: (pointer: number, length: number) => this.#setMethod(ports.latin1(pointer, length)),
      get_uri: (buffer: number, limit: number) => {
        const { path, query, request } = this.#current();
        return this.#giveText(buffer, limit, (path ?? request.facts.path) + (query ?? request.facts.query));
      },
      set_uri: (pointer: number, length: number) => this.#setUri(ports.latin1(pointer, length)),
      get_protocol_version: (buffer: number, limit: number) =>
        this.#giveText(buffer, limit, `HTTP/${this.#current().request.facts.httpVersion}`),
      get_source_addr: (buffer: number, limit: number) => this.#giveText(buffer, limit, sourceOf(this.#current().request)),
      get_header_names: (kind: number, buffer: number, limit: number) => {
        const fields = this.#fields(kind)?.current;
        ports.charge((fields?.size ?? 0) * 30);
        const names = new Set<string>();
        for (let index = 0; index < (fields?.size ?? 0); index++) names.add(fields!.key(index));
        return this.#giveList(buffer, limit, [...names]);
      },
      get_header_values: (kind: number, name: number, nameLength: number, buffer: number, limit: number) => {
        const key = this.#name(name, nameLength).toLowerCase();
        const fields = this.#fields(kind)?.current;
        ports.charge((fields?.size ?? 0) * 5);
        return this.#giveList(buffer, limit, fields?.all(key) ?? []);
      },
      set_header_value: (kind: number, name: number, nameLength: number, value: number, valueLength: number) =>
        this.#edit("set", kind, this.#name(name, nameLength), ports.latin1(value, valueLength)),
      add_header_value: (kind: number, name: number, nameLength: number, value: number, valueLength: number) =>
        this.#edit("add", kind, this.#name(name, nameLength), ports.latin1(value, valueLength)),
      remove_header: (kind: number, name: number, nameLength: number) => this.#edit("remove", kind, this.#name(name, nameLength), ""),
      read_body: (kind: number, buffer: number, limit: number) => this.#readBody(kind, buffer, limit),
      write_body: (kind: number, pointer: number, length: number) => this.#writeBody(kind, pointer, length),
      get_status_code: () => {
        const call = this.#current();
        return call.status ?? call.response?.facts.status ?? 200;
      },
      set_status_code: (status: number) => {
        if (status < 200 || status > 599) throw new GuestFaultError(`it set the status ${status}, where 200 to 599 are allowed`);
        this.#current().status = status;
      },
    };
  }

  #current(): Call {
    if (!this.#call) throw new GuestFaultError("it asks about a request while there is none");
    return this.#call;
  }

  #enable(features: number): number {
    const offered = this.#settings.maxBodyBytes === undefined ? 0 : bufferRequest | bufferResponse;
    if (this.#call) this.#call.features |= features & offered;
    else this.#features |= features & offered;
    return offered;
  }

  /** Writes a value that fits, and tells its length in any case. A buffer that is not all in memory is an error either way. */
  #give(buffer: number, limit: number, value: Uint8Array): number {
    this.#ports.view(buffer, limit);
    // It was made for this call, whether it is handed over or not.
    this.#ports.charge(100 + value.length / 4);
    if (value.length <= limit >>> 0) this.#ports.write(buffer, value.length, value);
    return value.length;
  }

  #giveText(buffer: number, limit: number, value: string): number {
    return this.#give(buffer, limit, Buffer.from(value, "latin1"));
  }

  /** Values each ended by NUL; the count in the upper half of the result, the length in the lower. */
  #giveList(buffer: number, limit: number, values: readonly string[]): bigint {
    this.#ports.charge(500);
    if (values.length === 0) return 0n;
    const length = this.#give(buffer, limit, Buffer.from(`${values.join("\0")}\0`, "latin1"));
    return (BigInt(values.length) << 32n) | BigInt(length);
  }

  #name(pointer: number, length: number): string {
    if (length === 0) throw new GuestFaultError("the name of a header is empty");
    return this.#ports.latin1(pointer, length);
  }

  /** The fields that `kind` means; undefined for trailers, which are not offered. */
  #fields(kind: number): FieldsDraft | undefined {
    const call = this.#current();
    if (kind === 0) return call.requestFields;
    if (kind === 1) return call.responseFields;
    if (kind === 2 || kind === 3) return undefined;
    throw new GuestFaultError(`there is no kind ${kind} of headers`);
  }

  #edit(edit: "set" | "add" | "remove", kind: number, name: string, value: string): void {
    this.#ports.charge(500);
    const fields = this.#fields(kind);
    if (!fields) throw new GuestFaultError("it writes trailers, which are not offered");
    if (kind === 0) this.#beforeNext("a request header");
    const outcome = fields[edit](name, value);
    // Nothing to remove is as good as removed.
    if (outcome === "done" || outcome === "not found") return;
    throw new GuestFaultError(
      outcome === "limit"
        ? `more headers than allowed: ${payloadLimits.headerEdits} changes in a call, ${payloadLimits.headerValueBytes} bytes in a value`
        : `the header ${JSON.stringify(name.slice(0, 80))} cannot be changed so`,
    );
  }

  #beforeNext(what: string): Call {
    const call = this.#current();
    if (call.phase === "response") throw new GuestFaultError(`it changes ${what} after the request was forwarded`);
    return call;
  }

  #setMethod(method: string): void {
    const call = this.#beforeNext("the method");
    const before = call.request.facts.method;
    // Of these the way in which a response is read depends, and the client waits for that of the method it sent.
    const special = [method, before].find((one) => one === "HEAD" || one === "CONNECT");
    if (!token.test(method) || method.length > 32 || (special && method !== before))
      throw new GuestFaultError(`the method cannot become ${JSON.stringify(method.slice(0, 80))}`);
    call.method = method;
  }

  #setUri(uri: string): void {
    const call = this.#beforeNext("the URI");
    const text = uri === "" ? "/" : uri;
    if (!isTarget(text)) throw new GuestFaultError(`the URI cannot become ${JSON.stringify(uri.slice(0, 80))}`);
    const { path, query } = splitTarget(text);
    call.path = path;
    call.query = query ?? "";
  }

  #stream(kind: number): BodyStream {
    const call = this.#current();
    if (kind === 0) return call.requestBody;
    if (kind === 1) return call.responseBody;
    throw new GuestFaultError(`there is no kind ${kind} of bodies`);
  }

  #readBody(kind: number, buffer: number, limit: number): bigint {
    const stream = this.#stream(kind);
    if (limit === 0) throw new GuestFaultError("it reads a body into a buffer of no bytes");
    if (!stream.held) throw new GuestFaultError(`it reads a body that is not held: ${howToHold(kind)}`);
    return stream.read(stream.held, this.#ports, buffer, limit);
  }

  #writeBody(kind: number, pointer: number, length: number): void {
    const stream = this.#stream(kind);
    if (kind === 0) this.#beforeNext("the request body");
    const own = kind === 1 && this.#current().phase === "request";
    const most = own ? payloadLimits.blockBodyBytes : this.#settings.maxBodyBytes;
    if (most === undefined || (!own && !stream.held)) throw new GuestFaultError(`it writes a body that is not held: ${howToHold(kind)}`);
    stream.write(this.#ports, pointer, length, most);
  }
}

function howToHold(kind: number): string {
  return kind === 0 ? 'it needs "body = true"' : 'it needs "body = true", and has to enable the feature buffer_response';
}

function changesOf(
  parts: { readonly [Key in "method" | "path" | "query"]?: string | undefined } & { readonly status?: number | undefined },
  fields: FieldsDraft,
  body: BodyStream,
): Changes {
  const changed = Object.fromEntries(Object.entries({ ...parts, body: body.written }).filter(([, value]) => value !== undefined));
  return { ...changed, edits: fields.edits };
}

/** Address and port of the client, as the ABI writes them; "" over a Unix socket. */
function sourceOf({ facts }: RequestContext): string {
  if (facts.clientIp === "") return "";
  return `${facts.clientIp.includes(":") ? `[${facts.clientIp}]` : facts.clientIp}:${facts.clientPort}`;
}
