/**
 * What a payload written in AssemblyScript needs of mothership. Copy this file beside yours, or import it from here.
 *
 * The functions declared first are the host's. The compiler imports them from a module named like this file, so the name has to stay.
 */

declare function get_request(): i32;
declare function read_request(pointer: usize, length: i32): i32;
declare function get_response(): i32;
declare function read_response(pointer: usize, length: i32): i32;
declare function get_config(): i32;
declare function read_config(pointer: usize, length: i32): i32;
declare function set_block(status: i32, body: usize, bodyLength: i32): i32;
declare function set_block_with_headers(status: i32, body: usize, bodyLength: i32, headers: usize, headersLength: i32): i32;
declare function set_path(pointer: usize, length: i32): i32;
declare function set_header(name: usize, nameLength: i32, value: usize, valueLength: i32): i32;
declare function add_header(name: usize, nameLength: i32, value: usize, valueLength: i32): i32;
declare function remove_header(name: usize, nameLength: i32): i32;
declare function now_ms(): f64;
declare function log(level: i32, pointer: usize, length: i32): i32;

/** The request that is being handled; for a payload of the phase `response`, the one that is being answered. */
export function request(): Message {
  const text = new ArrayBuffer(get_request());
  read_request(changetype<usize>(text), text.byteLength);
  return new Message(text);
}

/** The response that is being handled. */
export function response(): Message {
  const text = new ArrayBuffer(get_response());
  read_response(changetype<usize>(text), text.byteLength);
  return new Message(text);
}

let configuration: Json | null = null;

/**
 * A value of the manifest's `config`, or what stands for it. It never changes while the payload runs, so what is made of it can be kept in a
 * constant outside of the functions.
 */
export function config(name: string, otherwise: string = ""): string {
  let known = configuration;
  if (known === null) {
    const text = new ArrayBuffer(get_config());
    read_config(changetype<usize>(text), text.byteLength);
    known = new Json(text);
    configuration = known;
  }
  const value = known.text(0, name);
  return value === null ? otherwise : value;
}

/** Answers in place of what would have been sent. `headers` is a JSON object, such as the one that `headerList` makes. */
export function block(status: i32, body: string, headers: string = ""): void {
  const bodyText = String.UTF8.encode(body);
  if (headers.length === 0) {
    set_block(status, changetype<usize>(bodyText), bodyText.byteLength);
    return;
  }
  const headersText = String.UTF8.encode(headers);
  set_block_with_headers(status, changetype<usize>(bodyText), bodyText.byteLength, changetype<usize>(headersText), headersText.byteLength);
}

/** One header for `block`. Only for values without quotes and backslashes. */
export function headerList(name: string, value: string): string {
  return '{"' + name + '":"' + value + '"}';
}

/** Goes on with another path. False when it is not allowed. */
export function setPath(path: string): bool {
  const text = String.UTF8.encode(path);
  return set_path(changetype<usize>(text), text.byteLength) === 0;
}

/** Sets a header of the message of this phase. False when the name or the value is not allowed. */
export function setHeader(name: string, value: string): bool {
  const nameText = String.UTF8.encode(name);
  const valueText = String.UTF8.encode(value);
  return set_header(changetype<usize>(nameText), nameText.byteLength, changetype<usize>(valueText), valueText.byteLength) === 0;
}

/** Adds a header to those of the same name. False when the name or the value is not allowed. */
export function addHeader(name: string, value: string): bool {
  const nameText = String.UTF8.encode(name);
  const valueText = String.UTF8.encode(value);
  return add_header(changetype<usize>(nameText), nameText.byteLength, changetype<usize>(valueText), valueText.byteLength) === 0;
}

/** Removes all headers of a name. False when there was none. */
export function removeHeader(name: string): bool {
  const text = String.UTF8.encode(name);
  return remove_header(changetype<usize>(text), text.byteLength) === 0;
}

/** Milliseconds since 1970; the same all through one call. */
export function now(): f64 {
  return now_ms();
}

export function warn(text: string): void {
  const bytes = String.UTF8.encode(text);
  log(1, changetype<usize>(bytes), bytes.byteLength);
}

export function info(text: string): void {
  const bytes = String.UTF8.encode(text);
  log(2, changetype<usize>(bytes), bytes.byteLength);
}

/** A request or response. Nothing is taken apart before it is asked for. */
export class Message {
  private json: Json;
  private headers: i32;

  constructor(text: ArrayBuffer) {
    this.json = new Json(text);
    this.headers = this.json.find(0, "headers");
  }

  /** A member by its name in the ABI, such as `method`, `path`, `query` or `client_ip`; "" when it is not there or null. */
  get(name: string): string {
    const value = this.json.text(0, name);
    return value === null ? "" : value;
  }

  /** Status of a response. */
  get status(): i32 {
    const at = this.json.find(0, "status");
    return at < 0 ? 0 : this.json.integer(at);
  }

  /** A header by its lower-case name, or null. */
  header(name: string): string | null {
    return this.headers < 0 ? null : this.json.text(this.headers, name);
  }
}

/**
 * Just enough of JSON to find a member of an object. The host writes it, so it is valid.
 * A position is an offset in bytes; -1 stands for nothing.
 */
class Json {
  private length: i32;

  constructor(private bytes: ArrayBuffer) {
    this.length = bytes.byteLength;
  }

  /** Where the value of a member begins, in the object that begins at `object`. */
  find(object: i32, name: string): i32 {
    let at = object + 1;
    while (at < this.length && this.byte(at) !== 0x7d) {
      const keyEnd = this.endOfString(at);
      // Behind the key stands a colon, behind the value a comma or the end.
      const value = keyEnd + 1;
      if (this.equals(at + 1, keyEnd - 1, name)) return value;
      at = this.endOfValue(value);
      if (at < this.length && this.byte(at) === 0x2c) at++;
    }
    return -1;
  }

  /** A member that is a string, or null. */
  text(object: i32, name: string): string | null {
    const at = this.find(object, name);
    if (at < 0 || this.byte(at) !== 0x22) return null;
    const end = this.endOfString(at) - 1;
    const plain = String.UTF8.decodeUnsafe(changetype<usize>(this.bytes) + at + 1, end - at - 1);
    for (let inside = at + 1; inside < end; inside++) if (this.byte(inside) === 0x5c) return unescaped(plain);
    return plain;
  }

  integer(at: i32): i32 {
    let value = 0;
    for (; at < this.length; at++) {
      const digit = this.byte(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    return value;
  }

  // Every caller has compared with the length.
  private byte(at: i32): i32 {
    return load<u8>(changetype<usize>(this.bytes) + at);
  }

  /** For names of ASCII characters. */
  private equals(from: i32, to: i32, name: string): bool {
    if (to - from !== name.length) return false;
    for (let index = 0; index < name.length; index++) if (this.byte(from + index) !== name.charCodeAt(index)) return false;
    return true;
  }

  /** Behind the closing quote of the string that begins at `at`. */
  private endOfString(at: i32): i32 {
    for (at++; at < this.length; at++) {
      const byte = this.byte(at);
      if (byte === 0x5c) at++;
      else if (byte === 0x22) return at + 1;
    }
    return this.length;
  }

  private endOfValue(at: i32): i32 {
    let depth = 0;
    while (at < this.length) {
      const byte = this.byte(at);
      if (byte === 0x22) {
        at = this.endOfString(at);
        if (depth === 0) return at;
        continue;
      }
      if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) {
        if (depth === 0) return at;
        if (--depth === 0) return at + 1;
      } else if (byte === 0x2c && depth === 0) return at;
      at++;
    }
    return at;
  }
}

/** Takes the escapes out of the inside of a JSON string. */
function unescaped(text: string): string {
  let out = "";
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at);
    if (code === 0x5c) {
      code = text.charCodeAt(++at);
      if (code === 0x75) {
        code = 0;
        for (const end = at + 4; at < end; ) code = code * 16 + hexDigit(text.charCodeAt(++at));
      } else if (code === 0x6e) code = 0x0a;
      else if (code === 0x74) code = 0x09;
      else if (code === 0x72) code = 0x0d;
      else if (code === 0x62) code = 0x08;
      else if (code === 0x66) code = 0x0c;
    }
    out += String.fromCharCode(code);
  }
  return out;
}

function hexDigit(code: i32): i32 {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}

/** Lower case of the letters A to Z; the language's own knows all the others as well, and weighs ten kilobytes for it. */
export function lower(text: string): string {
  let out = "";
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    out += String.fromCharCode(code >= 0x41 && code <= 0x5a ? code | 0x20 : code);
  }
  return out;
}
