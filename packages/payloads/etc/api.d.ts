// entry: .
import { MothershipError, Fields, Exchange, ResponseHead, Body, Deps, Middleware } from '@mothership/kernel';

type PayloadPhase = "request" | "response";
/** `auto` looks at what the module imports and exports. */
type AbiChoice = "auto" | "native" | "http-wasm";
/** A payload as it is configured. Plain data. */
interface PayloadSpec {
    /** Unique among payloads; in logs and metrics. */
    readonly name: string;
    /** What a native guest sees. A guest of http-wasm is of phase `request` and sees the response of its requests as well. */
    readonly phase: PayloadPhase;
    /** Sources of patterns over the path. One that matches is enough; with none the payload never runs. */
    readonly routes: readonly string[];
    /** Handed to the guest as a JSON object. */
    readonly config?: Readonly<Record<string, string>>;
    readonly abi?: AbiChoice;
    /** Name of the export to call instead of `on_request` or `on_response`. Native guests only. */
    readonly entry?: string;
    /** Units of fuel for one call, about one simple instruction each. Default 10,000,000 (10 to 20 ms at worst), at most 1,000,000,000. */
    readonly fuel?: number;
    /** Units of fuel for the guest's start-up. Default 500,000,000, at most 1,000,000,000. */
    readonly startFuel?: number;
    /** Bytes of memory. Default 16 MiB, at most 64 MiB. */
    readonly memoryBytes?: number;
    /** The guest may read and replace bodies, which are then held in memory. Default false. */
    readonly body?: boolean;
    /** Bytes of a body that is held. Default 1 MiB, at most 64 MiB. A longer request is answered with 413, a longer response with 503. */
    readonly maxBodyBytes?: number;
    /** Instances of a guest of http-wasm, each of which serves one request at a time until its response begins. Default 128, at most 1024. */
    readonly maxInstances?: number;
}
/** A specification with nothing left out. */
type CompleteSpec = Required<Omit<PayloadSpec, "entry">> & Pick<PayloadSpec, "entry">;

type ExternKind = "function" | "table" | "memory" | "global";
/** Types of values as in the binary format: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64, 0x7b v128, 0x70 funcref, 0x6f externref. */
interface FunctionType {
    readonly params: readonly number[];
    readonly results: readonly number[];
}
/** Sizes of a table (in elements) or memory (in pages of 64 KiB). */
interface Limits {
    readonly initial: number;
    readonly maximum: number | undefined;
}
interface TableType extends Limits {
    readonly element: number;
}
interface ImportEntry {
    readonly module: string;
    readonly name: string;
    readonly kind: ExternKind;
    /** Of a function. */
    readonly type: FunctionType | undefined;
}
interface ExportEntry {
    readonly name: string;
    readonly kind: ExternKind;
    readonly index: number;
}
/** A module in pieces. `bytes` is the module itself, to which the ranges refer. */
interface WasmModule {
    readonly bytes: Uint8Array;
    /** Every section in order; `from` and `to` are the range of its content. Of the custom ones only `name` is listed. */
    readonly sections: readonly {
        readonly id: number;
        readonly from: number;
        readonly to: number;
    }[];
    readonly types: readonly FunctionType[];
    readonly imports: readonly ImportEntry[];
    readonly importedFunctions: number;
    /** Type of every function, imported ones first. */
    readonly functions: readonly FunctionType[];
    readonly tables: readonly TableType[];
    readonly memories: readonly Limits[];
    readonly globals: number;
    readonly exports: readonly ExportEntry[];
    /** Index of the start function. */
    readonly start: number | undefined;
    /** A call through a table may reach an imported function. */
    readonly importsReferenced: boolean;
}

/** Which ABI a module speaks, and whether what it imports and exports fits. */

/** The ABIs that a payload can speak. */
type Abi = "native" | "http-wasm";
/** proxy-wasm is recognised so that it can be refused by name. */
type RecognisedAbi = Abi | "proxy-wasm";

/** One change of header fields. The name is as the guest wrote it. */
type FieldEdit = {
    readonly kind: "set" | "add";
    readonly name: string;
    readonly value: string;
} | {
    readonly kind: "remove";
    readonly name: string;
};

/** Why a guest gave no verdict. */
type FailureKind = 
/** Its code trapped, or overflowed the stack. */
"trap"
/** It used up its fuel. */
 | "fuel"
/** It broke a rule of its ABI: a pointer outside its memory, JSON that is none. */
 | "fault"
/** It was not asked: too many failures lately. */
 | "quarantined"
/** It was not asked: all its instances are at work, or new ones were made too fast. */
 | "busy"
/** It was not asked: the description of the request is too long. */
 | "tooLarge";
interface Failure {
    readonly kind: FailureKind;
    /** For operators; never for clients. */
    readonly reason: string;
    /** When trying again makes sense. */
    readonly retryAfterMs?: number;
}
/** What a guest changed of a message. */
interface Changes {
    readonly path?: string;
    /** With its `?`, or "". */
    readonly query?: string;
    readonly method?: string;
    readonly status?: number;
    /** In the order in which they were made. */
    readonly edits: readonly FieldEdit[];
    readonly body?: Uint8Array;
}
/** An answer in place of what would have been sent. */
interface Block {
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array;
}
type Verdict = {
    readonly action: "continue";
    readonly changes: Changes;
} | {
    readonly action: "block";
    readonly block: Block;
} | {
    readonly action: "fail";
    readonly failure: Failure;
};

/**
 * Keeps a payload that fails from taking the time of all others.
 *
 * 1. Serving: failures are counted over a window of ten seconds. Three exhaustions of fuel, or any number that took 20 ms together, or ten
 *    failures of any kind open the quarantine.
 * 2. Quarantined: no call is made, until the delay has passed.
 * 3. Probing: one call is made. When it ends well the payload serves again; when not, the delay doubles.
 * 4. After that the payload is on probation as long as the window: the first exhaustion opens the quarantine again with a doubled delay.
 *    Without it, good requests among the bad ones would each buy three more exhaustions.
 */

type QuarantineState = "serving" | "quarantined" | "probing";

/**
 * The instances of one payload.
 *
 * 1. One that is idle is taken, or a new one made, as long as there are not too many and memory was not thrown away too fast.
 * 2. After a call that ended well it is given back. When its memory has grown to three quarters of the limit it goes instead, so that a
 *    guest that leaks costs nobody an answer.
 * 3. After any failure it is dropped: what state it is in, nobody knows.
 */

/** Counters of one payload since it was opened. */
interface PayloadStats {
    /** Calls that were made, successful or not. */
    readonly calls: number;
    readonly blocks: number;
    readonly failures: Readonly<Record<FailureKind, number>>;
    /** Milliseconds in calls. */
    readonly totalMs: number;
    /** Units of fuel in calls. */
    readonly totalFuel: number;
    /** The most that one successful call used. */
    readonly maxFuel: number;
    readonly state: QuarantineState;
    /** How often the quarantine was opened. */
    readonly quarantines: number;
    /** Instances that exist. */
    readonly instances: number;
    /** Instances that were given up because their memory had grown. */
    readonly recycled: number;
    /** Memory of the instance that was used last. */
    readonly memoryBytes: number;
    readonly lastFailure: Failure | undefined;
}

/** The bytes are no WebAssembly module, or one that the engine finds invalid; the message repeats what the engine said. */
declare class PayloadInvalidError extends MothershipError {
    readonly code = "MS_PAYLOAD_INVALID";
    constructor(reason: string, options?: ErrorOptions);
}
/** A valid module that needs what is not offered: a refused feature, another kind of guest, more than a limit allows. */
declare class PayloadRefusedError extends MothershipError {
    readonly code = "MS_PAYLOAD_REFUSED";
    /** What it needs, in a few words: `threads`, `memory64`, `proxy-wasm`. */
    readonly feature: string;
    constructor(feature: string, detail: string);
}
/** Imports or exports of a module do not fit the ABI; every mismatch is listed, or the first twenty and how many more there are. */
declare class PayloadInterfaceError extends MothershipError {
    readonly code = "MS_PAYLOAD_INTERFACE";
    readonly problems: readonly string[];
    constructor(name: string, abi: string, problems: readonly string[]);
}
/** The guest's own start-up code failed, ran out of fuel, or ended the program. */
declare class PayloadStartError extends MothershipError {
    readonly code = "MS_PAYLOAD_START";
    constructor(name: string, reason: string);
}
/** A number in the specification of a payload is out of range. */
declare class PayloadSpecError extends MothershipError {
    readonly code = "MS_PAYLOAD_SPEC";
    constructor(name: string, reason: string);
}

/** What can be told of a module without running it. Plain data. */
interface ModuleReport {
    readonly abi: RecognisedAbi;
    readonly imports: readonly {
        readonly module: string;
        readonly name: string;
        readonly kind: ExternKind;
        /** Of a function: `(i32) -> i32`. */
        readonly signature: string | undefined;
        /** Why it is not offered, in words. */
        readonly problem: string | undefined;
    }[];
    readonly exports: readonly {
        readonly name: string;
        readonly kind: ExternKind;
        readonly signature: string | undefined;
    }[];
    /** For which phases it has an entry function, or `handle_request`. */
    readonly phases: readonly PayloadPhase[];
    /** All memories together; `maximum` is its own, where it says one for each. */
    readonly memoryBytes: {
        readonly initial: number;
        readonly maximum: number | undefined;
    };
    /** Code that runs once when an instance is made, in this order. */
    readonly startFunctions: readonly string[];
    readonly costs: {
        readonly bytes: number;
        /** With metering. */
        readonly meteredBytes: number;
        readonly functions: number;
        readonly loops: number;
        /** Fuel that the dearest stretch of code without a loop takes, or one time round a loop. */
        readonly dearestRegion: number;
    };
    /** Everything that would keep it from being loaded, in words; empty for a module that fits one phase at least. */
    readonly problems: readonly string[];
}
/**
 * Looks at a module: what it imports and exports, which phases it can serve, what it costs.
 *
 * @throws {PayloadInvalidError} for bytes that are no valid module.
 * @throws {PayloadRefusedError} for one that cannot be metered, naming the feature.
 */
declare function inspectModule(bytes: Uint8Array<ArrayBuffer>, { memoryBytes }?: {
    memoryBytes?: number | undefined;
}): ModuleReport;

/** What a guest may use, beyond what its specification says. */
declare const payloadLimits: {
    /** Bytes of a module. */
    readonly fileBytes: number;
    /** Bytes of the JSON that describes a request or response. */
    readonly jsonBytes: number;
    /** Bytes of the body of a block. */
    readonly blockBodyBytes: number;
    /** Bytes of the JSON of a block's headers. */
    readonly blockHeadersBytes: number;
    /** Fields of a block. */
    readonly blockHeaders: 64;
    /** Changes of header fields in one call. */
    readonly headerEdits: 128;
    /** Bytes of one header field's value. */
    readonly headerValueBytes: number;
    /** Bytes of a path, with its query. */
    readonly pathBytes: number;
    /** Log lines in one call. */
    readonly logLines: 20;
    /** Bytes of one log line; longer ones are cut. */
    readonly logLineBytes: number;
    /** Random bytes in one call. */
    readonly randomBytes: 1024;
};

/** What a guest is told of a request, beside its fields. */
interface RequestFacts {
    readonly id: string;
    /** Name of the bind it came in on. */
    readonly bind: string;
    readonly method: string;
    /** In canonical form, without the query. */
    readonly path: string;
    /** With its `?`, or "". */
    readonly query: string;
    readonly scheme: "http" | "https";
    /** Lower case, without the port; "" if none. */
    readonly host: string;
    readonly httpVersion: string;
    /** "" over a Unix socket. */
    readonly clientIp: string;
    readonly clientPort: number;
    /** Null for a request without TLS. */
    readonly tls: TlsFacts | null;
    /** Class of the user agent, and the shield's word on it, where somebody determined them. */
    readonly uaKind: string | null;
    readonly shield: string | null;
    /** The one list that is decided on and forwarded. */
    readonly fields: Fields;
}
interface TlsFacts {
    readonly version: string | null;
    readonly sni: string | null;
}
/** What a guest is told of a response. */
interface ResponseFacts {
    readonly status: number;
    readonly fields: Fields;
}

/** One request on its way through payloads: what they share of it. */
declare class RequestContext {
    #private;
    readonly facts: RequestFacts;
    /** The whole body where a payload may read it. */
    body: Uint8Array | undefined;
    constructor(facts: RequestFacts, body?: Uint8Array);
    /** The description as JSON, made at the first look and kept for the next payload until something changed. */
    json(): Buffer;
    /** A payload changed the request. */
    changed(): void;
}
/** The response to it, for the payloads that see it. */
declare class ResponseContext {
    #private;
    readonly facts: ResponseFacts;
    body: Uint8Array | undefined;
    constructor(facts: ResponseFacts, body?: Uint8Array);
    json(request: RequestContext): Buffer;
    changed(): void;
}

/** An answer of the middleware itself. Plain data, with the members of the proxy's own answers. */
interface PayloadAnswer {
    readonly status: number;
    /** Machine-readable, in kebab-case; sent as X-Mothership-Error. */
    readonly reason: string;
    /** One sentence for the person who sees it. Tells nothing about the inside. */
    readonly message: string;
    /** Whole seconds, at least 1. */
    readonly retryAfterSeconds?: number;
}
interface Response {
    readonly head: ResponseHead;
    readonly body: Body;
}
/** Makes a response of an answer, in whatever form the client likes. */
type RenderAnswer = (exchange: Exchange, answer: PayloadAnswer) => Response;
declare const payloadAnswers: {
    readonly failed: {
        readonly status: 503;
        readonly reason: "payload-failed";
        readonly message: "The request could not be checked.";
    };
    readonly unavailable: {
        readonly status: 503;
        readonly reason: "payload-unavailable";
        readonly message: "Requests cannot be checked at the moment.";
    };
    readonly fieldsTooLarge: {
        readonly status: 431;
        readonly reason: "payload-fields-too-large";
        readonly message: "The header fields of the request are too large to be checked.";
    };
    readonly bodyTooLarge: {
        readonly status: 413;
        readonly reason: "payload-body-too-large";
        readonly message: "The body of the request is too large to be checked.";
    };
    readonly responseTooLarge: {
        readonly status: 503;
        readonly reason: "payload-response-too-large";
        readonly message: "The response is too large to be checked.";
    };
    readonly internal: {
        readonly status: 500;
        readonly reason: "internal";
        readonly message: "The request could not be served.";
    };
    readonly responseCut: {
        readonly status: 502;
        readonly reason: "upstream-closed";
        readonly message: "The service behind this address closed the connection before it had answered.";
    };
};

/** What is known of a request beyond its exchange. */
interface FurtherFacts {
    readonly tls?: TlsFacts;
    readonly uaKind?: string | null;
    readonly shield?: string | null;
}

/** What a payload says to a request, and how it will see the response, if it will. */
interface RequestOutcome {
    readonly verdict: Verdict;
    readonly later?: ResponsePart;
}
/** A payload that waits for the response to a request that it let pass. One of the two is called, once. */
interface ResponsePart {
    /** It wants to see the body, which is then held. */
    readonly wantsBody: boolean;
    respond(response: ResponseContext): Verdict;
    /** No response will come by this way: the client left, or the connection became a tunnel. */
    over(failed: boolean): void;
}
/**
 * A guest that is loaded and has started. Calls are synchronous, take a bounded amount of fuel, and never throw: a guest that fails is a
 * verdict. It holds memory only, nothing that would have to be closed.
 */
interface Payload {
    readonly spec: CompleteSpec;
    readonly abi: Abi;
    /** Counters and state, for metrics and people. */
    readonly stats: PayloadStats;
    /** Asks about a request; undefined for a native guest of the phase `response`. */
    readonly request: ((context: RequestContext) => RequestOutcome) | undefined;
    /** Asks about a response; only for a native guest of the phase `response`. */
    readonly response: ((request: RequestContext, response: ResponseContext) => Verdict) | undefined;
}
/**
 * Loads a guest: checks, meters and compiles it, and runs its start-up code.
 *
 * @throws {PayloadSpecError} for a number out of its range.
 * @throws {PayloadInvalidError} when the bytes are no valid module.
 * @throws {PayloadRefusedError} for a feature that is not offered (the message names it), another kind of guest, or a module over a limit.
 * @throws {PayloadInterfaceError} listing every import that is unknown, and every export that is missing.
 * @throws {PayloadStartError} when its start-up code fails.
 */
declare function openPayload(given: PayloadSpec, bytes: Uint8Array<ArrayBuffer>, deps: Deps): Promise<Payload>;

interface PayloadMiddlewareOptions {
    /** Called for every request or response that was answered with an error because a payload gave no verdict. For counters; must not throw. */
    readonly onFailure?: (payload: Payload, failure: Failure) => void;
    /** What guests are told beyond what an exchange holds. Called at most once for a request, when a guest looks at it. */
    readonly describe?: (exchange: Exchange) => FurtherFacts;
    /** Makes responses of this package's answers. Plain text by default. */
    readonly render?: RenderAnswer;
}
/**
 * Puts payloads on the path of requests, in the order in which they are given; on the way back in the reverse order.
 *
 * Whatever keeps a payload from giving a verdict (a trap, used-up fuel, quarantine) is answered with an error: nothing passes unchecked.
 * It belongs inside of what compresses responses and outside of everything that answers requests, so that static files and cached answers
 * are checked too.
 *
 * @throws {PatternError} for a pattern of a payload that cannot be used.
 */
declare function payloadMiddleware(payloads: readonly Payload[], deps: Deps, options?: PayloadMiddlewareOptions): Middleware;

/** A request to try a payload on, and for a payload that sees responses, the response. Plain data. */
interface TrialInput {
    /** Default GET. */
    readonly method?: string;
    /** With a query or without. Default "/". */
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: string;
    /** Default 127.0.0.1. */
    readonly clientIp?: string;
    readonly response?: {
        /** Default 200. */
        readonly status?: number;
        readonly headers?: Readonly<Record<string, string | readonly string[]>>;
        readonly body?: string;
    };
}
interface TrialResult {
    /** What it said to the request; undefined where it only sees responses. */
    readonly request: Verdict | undefined;
    /** What it said to the response; undefined where it sees none, or blocked the request. */
    readonly response: Verdict | undefined;
    readonly stats: PayloadStats;
}
/**
 * Loads a payload, asks it about one request, and forgets it.
 *
 * @throws what `openPayload` throws.
 * @throws {PayloadSpecError} for an input that could not be a request.
 */
declare function runOnce(spec: PayloadSpec, bytes: Uint8Array<ArrayBuffer>, input: TrialInput, deps: Deps): Promise<TrialResult>;

/**
 * Adds charges to one function.
 *
 * 1. Code is cut into regions: the function as a whole, and the body of each loop, inner loops excluded. Within one pass through a region
 *    branches only lead forward, so no instruction of it runs twice; the sum of its prices is an upper bound of what a pass costs.
 * 2. Where a region is entered, that is at the beginning of the function and of each loop (a branch to a loop lands there), the sum is taken
 *    from the counter, and the function traps when the counter falls below zero.
 * 3. An instruction whose work is out of proportion, or grows with a length, pays at run time, just before it runs.
 *
 * All charges leave the stack as it was. The counter is never below zero where a charge begins, and no charge is over 2^31-1, so it cannot
 * wrap round.
 */

/** What the static look at a module tells about its cost. */
interface MeterStats {
    functions: number;
    loops: number;
    /** The highest price of one pass through a function without its loops, or through one loop. */
    dearestRegion: number;
}

interface MeterOptions {
    /** Bytes that all memories of the module may have together, rounded down to pages of 64 KiB. */
    readonly memoryBytes: number;
}
/** A module that can be run: its code, and what it was made of. */
interface MeteredModule {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly original: WasmModule;
    readonly stats: Readonly<MeterStats>;
}
/**
 * Adds metering to a module and bounds its memory. Same bytes in, same bytes out.
 *
 * @throws {PayloadInvalidError} when the engine finds the module invalid.
 * @throws {PayloadRefusedError} for a feature that cannot be metered, or more memory or tables at the beginning than are allowed.
 */
declare function meter(bytes: Uint8Array<ArrayBuffer>, options: MeterOptions): MeteredModule;

export { PayloadInterfaceError, PayloadInvalidError, PayloadRefusedError, PayloadSpecError, PayloadStartError, RequestContext, ResponseContext, inspectModule, meter, openPayload, payloadAnswers, payloadLimits, payloadMiddleware, runOnce };
export type { Abi, AbiChoice, Block, Changes, CompleteSpec, Failure, FailureKind, FieldEdit, FurtherFacts, MeterOptions, MeteredModule, ModuleReport, Payload, PayloadAnswer, PayloadMiddlewareOptions, PayloadPhase, PayloadSpec, PayloadStats, QuarantineState, RecognisedAbi, RenderAnswer, RequestFacts, RequestOutcome, ResponseFacts, ResponsePart, TlsFacts, TrialInput, TrialResult, Verdict };
