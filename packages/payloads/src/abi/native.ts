/** The host's side of the native ABI, version 1: `docs/payload-abi.md` is normative. */
import type { LogLevel } from "@mothership/kernel";
import type { GuestPorts } from "../engine/ports.ts";
import { GuestFaultError, TooLargeError } from "../errors.ts";
import { payloadLimits } from "../limits.ts";
import type { RequestContext, ResponseContext } from "../message/context.ts";
import { type EditOutcome, type FieldEdit, FieldsDraft } from "../message/fields-draft.ts";
import { isTarget, splitTarget } from "../message/target.ts";
import type { Block, Changes, Verdict } from "../verdict.ts";
import { blockHeaders } from "./block-headers.ts";
import type { Services } from "./services.ts";
import type { Signature } from "./signature.ts";

/** Import modules under which the functions are known. */
export const nativeModules: readonly string[] = ["mothership", "env"];

export const nativeFunctions = {
  get_request: ":i",
  read_request: "ii:i",
  set_action: "i:i",
  set_block: "iii:i",
  set_block_with_headers: "iiiii:i",
  log: "iii:i",
  get_response: ":i",
  read_response: "ii:i",
  get_config: ":i",
  read_config: "ii:i",
  set_path: "ii:i",
  set_header: "iiii:i",
  add_header: "iiii:i",
  remove_header: "ii:i",
  get_body: ":i",
  read_body: "iii:i",
  set_body: "ii:i",
  now_ms: ":F",
  random: "ii:i",
  abort: "iiii:",
} as const satisfies Record<string, Signature>;

export type NativeFunction = keyof typeof nativeFunctions;

/** Answers of the functions that may say no. */
const code = { done: 0, "not available": -1, "not allowed": -2, limit: -3, "not found": -4 } as const satisfies Record<
  EditOutcome | "not available",
  number
>;

/** One call of a guest: what it is about, and what the guest says. */
interface Call {
  readonly request: RequestContext;
  /** In the phase `response`. */
  readonly response: ResponseContext | undefined;
  readonly fields: FieldsDraft;
  blocked: boolean;
  block: Block | undefined;
  path: string | undefined;
  query: string | undefined;
  body: Uint8Array | undefined;
}

export interface NativeSettings {
  readonly config: Readonly<Record<string, string>>;
  /** Bytes that a body may have; undefined where the payload sees none. */
  readonly maxBodyBytes: number | undefined;
}

const plainBlock: Block = { status: 403, headers: [], body: new Uint8Array(0) };
const levels: Readonly<Record<number, LogLevel>> = { 0: "debug", 1: "warn", 2: "info" };

/** The host functions of the native ABI, and what a guest has decided through them in one call. */
export class NativeHost {
  readonly #ports: GuestPorts;
  readonly #services: Services;
  readonly #settings: NativeSettings;
  readonly #config: Buffer;
  #call: Call | undefined;

  constructor(ports: GuestPorts, services: Services, settings: NativeSettings) {
    this.#ports = ports;
    this.#services = services;
    this.#settings = settings;
    this.#config = Buffer.from(JSON.stringify(settings.config));
  }

  begin(request: RequestContext, response?: ResponseContext): void {
    this.#services.begin(request.facts.id);
    const fields = new FieldsDraft((response ?? request).facts.fields);
    this.#call = { request, response, fields, blocked: false, block: undefined, path: undefined, query: undefined, body: undefined };
  }

  /** What the guest decided, given what its entry function returned. */
  verdict(returned: unknown): Verdict {
    const call = this.#current();
    if (returned !== undefined && returned !== 0 && returned !== 1)
      throw new GuestFaultError(`its entry function returned ${String(returned)}, where 0 continues and 1 blocks`);
    if (call.blocked || returned === 1) return { action: "block", block: call.block ?? plainBlock };
    const { path, query, body, fields } = call;
    const changes: Changes = {
      edits: fields.edits,
      ...(path === undefined ? undefined : { path }),
      ...(query === undefined ? undefined : { query }),
      ...(body === undefined ? undefined : { body }),
    };
    return { action: "continue", changes };
  }

  /** Between calls nothing of a request can be reached. */
  end(): void {
    this.#call = undefined;
  }

  /** The functions as they are imported. */
  imports(): Record<NativeFunction, (...args: never[]) => unknown> {
    const ports = this.#ports;
    return {
      get_request: () => (this.#call ? this.#requestJson(this.#call).length : code["not available"]),
      read_request: (pointer: number, length: number) =>
        this.#call ? ports.write(pointer, length, this.#requestJson(this.#call)) : code["not available"],
      get_response: () => this.#responseJson()?.length ?? code["not available"],
      read_response: (pointer: number, length: number) => {
        const json = this.#responseJson();
        return json ? ports.write(pointer, length, json) : code["not available"];
      },
      get_config: () => this.#config.length,
      read_config: (pointer: number, length: number) => ports.write(pointer, length, this.#config),
      set_action: (action: number) => this.#setAction(action),
      set_block: (status: number, body: number, bodyLength: number) => this.#setBlock(status, body, bodyLength, 0, 0),
      set_block_with_headers: (status: number, body: number, bodyLength: number, headers: number, headersLength: number) =>
        this.#setBlock(status, body, bodyLength, headers, headersLength),
      log: (level: number, pointer: number, length: number) => {
        this.#services.log(levels[level] ?? "info", pointer, length);
        return 0;
      },
      set_path: (pointer: number, length: number) => this.#setPath(pointer, length),
      set_header: (name: number, nameLength: number, value: number, valueLength: number) =>
        this.#edit("set", ports.text(name, nameLength), ports.text(value, valueLength)),
      add_header: (name: number, nameLength: number, value: number, valueLength: number) =>
        this.#edit("add", ports.text(name, nameLength), ports.text(value, valueLength)),
      remove_header: (name: number, nameLength: number) => this.#edit("remove", ports.text(name, nameLength), ""),
      get_body: () => this.#body()?.length ?? code["not available"],
      read_body: (offset: number, pointer: number, length: number) => {
        const body = this.#body();
        return body ? ports.write(pointer, length, body, offset >>> 0) : code["not available"];
      },
      set_body: (pointer: number, length: number) => this.#setBody(pointer, length),
      now_ms: () => this.#services.wallMs(),
      random: (pointer: number, length: number) => {
        this.#services.random(pointer, length);
        return 0;
      },
      // What AssemblyScript calls when an assertion of its fails: where the texts lie is a matter of its runtime.
      abort: (_message: number, _file: number, line: number, column: number) => {
        throw new GuestFaultError(`it called abort, from line ${line}, column ${column}`);
      },
    };
  }

  #current(): Call {
    if (!this.#call) throw new GuestFaultError("it decides about a request while there is none");
    return this.#call;
  }

  #requestJson(call: Call): Buffer {
    const json = call.request.json();
    if (json.length > payloadLimits.jsonBytes) throw new TooLargeError(payloadLimits.jsonBytes);
    return json;
  }

  #responseJson(): Buffer | undefined {
    const json = this.#call?.response?.json(this.#call.request);
    if (json && json.length > payloadLimits.jsonBytes) throw new TooLargeError(payloadLimits.jsonBytes);
    return json;
  }

  #setAction(action: number): number {
    const call = this.#current();
    if (action !== 0 && action !== 1) throw new GuestFaultError(`it set the action ${action}, where 0 continues and 1 blocks`);
    call.blocked = action === 1;
    return code.done;
  }

  #setBlock(status: number, body: number, bodyLength: number, headers: number, headersLength: number): number {
    const call = this.#current();
    if (status < 200 || status > 599) throw new GuestFaultError(`it blocks with the status ${status}, where 200 to 599 are allowed`);
    if (bodyLength >>> 0 > payloadLimits.blockBodyBytes)
      throw new GuestFaultError(`it blocks with a body of ${bodyLength >>> 0} bytes, and ${payloadLimits.blockBodyBytes} are allowed`);
    const bytes = this.#ports.copy(body, bodyLength);
    call.block = { status, headers: headersLength === 0 ? [] : blockHeaders(this.#ports, headers, headersLength), body: bytes };
    call.blocked = true;
    return code.done;
  }

  #setPath(pointer: number, length: number): number {
    const text = this.#ports.text(pointer, length);
    const call = this.#call;
    if (!call || call.response) return code["not available"];
    if (text.length > payloadLimits.pathBytes) return code.limit;
    if (!isTarget(text)) return code["not allowed"];
    const { path, query } = splitTarget(text);
    call.path = path;
    // A path without a query leaves the query as it was, whatever an earlier call said.
    call.query = query;
    return code.done;
  }

  #edit(kind: FieldEdit["kind"], name: string, value: string): number {
    // The list of fields is copied at the first change and walked through at each.
    this.#ports.charge(500);
    return this.#call ? code[this.#call.fields[kind](name, value)] : code["not available"];
  }

  #body(): Uint8Array | undefined {
    const call = this.#call;
    if (!call || this.#settings.maxBodyBytes === undefined) return undefined;
    return call.body ?? (call.response ?? call.request).body;
  }

  #setBody(pointer: number, length: number): number {
    const call = this.#current();
    const most = this.#settings.maxBodyBytes;
    const view = this.#ports.view(pointer, length);
    if (most === undefined || (call.response ?? call.request).body === undefined) return code["not available"];
    // A guest that takes something out of a body must not see it pass because what it put in its place is too long.
    if (view.length > most) throw new GuestFaultError(`it replaces a body with one of ${view.length} bytes, and ${most} are allowed`);
    call.body = this.#ports.copy(pointer, length);
    return code.done;
  }
}
