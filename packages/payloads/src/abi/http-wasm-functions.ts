import type { Signature } from "./signature.ts";

/** Import module of the http-handler ABI. */
export const httpWasmModule = "http_handler";

/** Its functions, with their types. */
export const httpWasmFunctions = {
  enable_features: "i:i",
  get_config: "ii:i",
  log: "iii:",
  log_enabled: "i:i",
  get_method: "ii:i",
  set_method: "ii:",
  get_uri: "ii:i",
  set_uri: "ii:",
  get_protocol_version: "ii:i",
  get_source_addr: "ii:i",
  get_header_names: "iii:I",
  get_header_values: "iiiii:I",
  set_header_value: "iiiii:",
  add_header_value: "iiiii:",
  remove_header: "iii:",
  read_body: "iii:I",
  write_body: "iii:",
  get_status_code: ":i",
  set_status_code: "i:",
} as const satisfies Record<string, Signature>;

export type HttpWasmFunction = keyof typeof httpWasmFunctions;
