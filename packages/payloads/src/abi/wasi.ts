/**
 * The few functions of WASI preview 1 that runtimes of languages call by themselves. There are no files, sockets, arguments or environment
 * behind them: output goes to the log, the clock and random bytes are those of the other ABIs, all else answers "not supported".
 */
import type { GuestPorts } from "../engine/ports.ts";
import { GuestExitError } from "../errors.ts";
import type { Services } from "./services.ts";
import type { Signature } from "./signature.ts";

export const wasiModule = "wasi_snapshot_preview1";

const success = 0;
const badDescriptor = 8;
const invalid = 28;
const notSupported = 52;

/** Those with something behind them. */
export const wasiFunctions = {
  args_get: "ii:i",
  args_sizes_get: "ii:i",
  environ_get: "ii:i",
  environ_sizes_get: "ii:i",
  clock_res_get: "ii:i",
  clock_time_get: "iIi:i",
  fd_write: "iiii:i",
  fd_close: "i:i",
  fd_fdstat_get: "ii:i",
  fd_seek: "iIii:i",
  fd_prestat_get: "ii:i",
  fd_prestat_dir_name: "iii:i",
  random_get: "ii:i",
  sched_yield: ":i",
  proc_exit: "i:",
} as const satisfies Record<string, Signature>;

/** Names that may be imported and answer that they are not supported. */
export const wasiStubs: ReadonlySet<string> = new Set(
  (
    "fd_advise fd_allocate fd_datasync fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times " +
    "fd_pread fd_pwrite fd_read fd_readdir fd_renumber fd_sync fd_tell path_create_directory path_filestat_get path_filestat_set_times " +
    "path_link path_open path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_raise " +
    "sock_accept sock_recv sock_send sock_shutdown"
  ).split(" "),
);

/** Pieces that one write may have. */
const mostVectors = 64;

/** The functions by name, those that only answer "not supported" among them. */
export function wasiImports(ports: GuestPorts, services: Services): Record<string, (...args: never[]) => unknown> {
  const zero = (pointer: number, bytes: number): number => {
    ports.view(pointer, bytes).fill(0);
    return success;
  };
  const sizes = (count: number, bytes: number): number => zero(count, 4) | zero(bytes, 4);
  const write64 = (pointer: number, value: bigint): number => {
    const view = ports.view(pointer, 8);
    new DataView(view.buffer, view.byteOffset, 8).setBigUint64(0, value, true);
    return success;
  };
  const real = {
    args_get: () => success,
    args_sizes_get: sizes,
    environ_get: () => success,
    environ_sizes_get: sizes,
    clock_res_get: (_id: number, pointer: number) => write64(pointer, 1_000_000n),
    // Every clock is the wall clock that stands still: a guest that waits for it to move uses up its fuel.
    clock_time_get: (_id: number, _precision: bigint, pointer: number) =>
      write64(pointer, BigInt(Math.trunc(services.wallMs())) * 1_000_000n),
    fd_write: (descriptor: number, vectors: number, count: number, written: number) => {
      if (descriptor !== 1 && descriptor !== 2) return badDescriptor;
      if (count >>> 0 > mostVectors) return invalid;
      const list = ports.view(vectors, count * 8);
      const view = new DataView(list.buffer, list.byteOffset, list.length);
      let total = 0;
      for (let at = 0; at < list.length; at += 8) {
        const length = view.getUint32(at + 4, true);
        total += length;
        if (length > 0) services.log(descriptor === 1 ? "info" : "warn", view.getUint32(at, true), length);
      }
      const result = ports.view(written, 4);
      new DataView(result.buffer, result.byteOffset, 4).setUint32(0, total, true);
      return success;
    },
    fd_close: () => success,
    // Standard output is a character device; there is nothing else.
    fd_fdstat_get: (descriptor: number, pointer: number) => {
      if (descriptor < 0 || descriptor > 2) return badDescriptor;
      zero(pointer, 24);
      ports.view(pointer, 1)[0] = 2;
      return success;
    },
    fd_seek: () => badDescriptor,
    fd_prestat_get: () => badDescriptor,
    fd_prestat_dir_name: () => badDescriptor,
    random_get: (pointer: number, length: number) => {
      services.random(pointer, length);
      return success;
    },
    sched_yield: () => success,
    proc_exit: (code: number) => {
      throw new GuestExitError(code);
    },
  } satisfies Record<keyof typeof wasiFunctions, (...args: never[]) => number>;
  const stubs = Object.fromEntries(Array.from(wasiStubs, (name) => [name, () => notSupported]));
  return { ...stubs, ...real };
}
