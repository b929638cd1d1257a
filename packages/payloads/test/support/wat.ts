import wabt from "wabt";

const features = {
  bulk_memory: true,
  exceptions: true,
  function_references: true,
  gc: true,
  memory64: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  relaxed_simd: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  tail_call: true,
  threads: true,
};

const { parseWat } = await wabt();

/** A module from its text form. Names of functions are kept. */
export function wat(text: string): Uint8Array<ArrayBuffer> {
  const parsed = parseWat("test.wat", text, features);
  try {
    return new Uint8Array(parsed.toBinary({ write_debug_names: true }).buffer);
  } finally {
    parsed.destroy();
  }
}
