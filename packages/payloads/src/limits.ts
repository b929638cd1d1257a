/** What a guest may use, beyond what its specification says. */
export const payloadLimits = {
  /** Bytes of a module. */
  fileBytes: 16 * 1024 * 1024,
  /** Bytes of the JSON that describes a request or response. */
  jsonBytes: 256 * 1024,
  /** Bytes of the body of a block. */
  blockBodyBytes: 1024 * 1024,
  /** Bytes of the JSON of a block's headers. */
  blockHeadersBytes: 64 * 1024,
  /** Fields of a block. */
  blockHeaders: 64,
  /** Changes of header fields in one call. */
  headerEdits: 128,
  /** Bytes of one header field's value. */
  headerValueBytes: 16 * 1024,
  /** Bytes of a path, with its query. */
  pathBytes: 8 * 1024,
  /** Log lines in one call. */
  logLines: 20,
  /** Bytes of one log line; longer ones are cut. */
  logLineBytes: 8 * 1024,
  /** Random bytes in one call. */
  randomBytes: 1024,
} as const;
