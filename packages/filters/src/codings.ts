import zlib from "node:zlib";

/** A content coding that can be made here, by its registered name (RFC 9110, 8.4.1; RFC 7932; RFC 8878). */
export type Coding = "br" | "zstd" | "gzip" | "deflate";

/** All of them, the one that makes content smallest first. */
export const codings: readonly Coding[] = ["br", "zstd", "gzip", "deflate"];

/** For streams of small pieces: as small, and a third of the memory for each of the many that stay open. */
export const liveCodings: readonly Coding[] = ["gzip", "deflate", "br", "zstd"];

/** A stream of node:zlib. Whoever opened it lets it end or destroys it. */
export type Compressor = zlib.BrotliCompress | zlib.ZstdCompress | zlib.Gzip | zlib.Deflate;

interface Method {
  /** `live`: every piece goes out as soon as it came in. */
  open(live: boolean): Compressor;
  whole(bytes: Uint8Array): Uint8Array;
  /** The kind of flush after which a reader has all that was written. */
  readonly flush: number;
}

const {
  BROTLI_OPERATION_FLUSH,
  BROTLI_OPERATION_PROCESS,
  BROTLI_PARAM_LGWIN,
  BROTLI_PARAM_QUALITY,
  BROTLI_PARAM_SIZE_HINT,
  Z_NO_FLUSH,
  Z_SYNC_FLUSH,
  ZSTD_c_compressionLevel,
  ZSTD_c_windowLog,
  ZSTD_e_continue,
  ZSTD_e_flush,
} = zlib.constants;

// Windows of 128 KiB: larger ones make pages hardly smaller and take megabytes for each stream (figures in the README).
const brotli = { [BROTLI_PARAM_QUALITY]: 4, [BROTLI_PARAM_LGWIN]: 17 };
const zstd = { [ZSTD_c_compressionLevel]: 3, [ZSTD_c_windowLog]: 17 };
const deflate = (live: boolean): zlib.ZlibOptions =>
  live ? { level: 6, windowBits: 13, memLevel: 5, flush: Z_SYNC_FLUSH } : { level: 6, flush: Z_NO_FLUSH };

const methods: Readonly<Record<Coding, Method>> = {
  br: {
    open: (live) => zlib.createBrotliCompress({ params: brotli, flush: live ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_PROCESS }),
    whole: (bytes) => zlib.brotliCompressSync(bytes, { params: { ...brotli, [BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    flush: BROTLI_OPERATION_FLUSH,
  },
  zstd: {
    open: (live) => zlib.createZstdCompress({ params: zstd, flush: live ? ZSTD_e_flush : ZSTD_e_continue }),
    whole: (bytes) => zlib.zstdCompressSync(bytes, { params: zstd }),
    flush: ZSTD_e_flush,
  },
  gzip: {
    open: (live) => zlib.createGzip(deflate(live)),
    whole: (bytes) => zlib.gzipSync(bytes, deflate(false)),
    flush: Z_SYNC_FLUSH,
  },
  // What HTTP calls "deflate" has the zlib wrapper (RFC 9110, 8.4.1.2).
  deflate: {
    open: (live) => zlib.createDeflate(deflate(live)),
    whole: (bytes) => zlib.deflateSync(bytes, deflate(false)),
    flush: Z_SYNC_FLUSH,
  },
};

/** Opens a stream for one body. With `live` everything that is written comes out at once. */
export function openCompressor(coding: Coding, live: boolean): Compressor {
  return methods[coding].open(live);
}

/** Has a stream give out all that was written to it. */
export function flushCompressor(compressor: Compressor, coding: Coding): void {
  compressor.flush(methods[coding].flush);
}

/** Compresses in this turn: for few bytes only, which takes less time than handing them to another thread. */
export function compressWhole(coding: Coding, bytes: Uint8Array): Uint8Array {
  return methods[coding].whole(bytes);
}
