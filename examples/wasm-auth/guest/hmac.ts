/** HMAC-SHA256 (RFC 2104, FIPS 180-4), as lower-case hex. */
export function hmac(key: string, text: string): string {
  let keyBytes = Uint8Array.wrap(String.UTF8.encode(key));
  if (keyBytes.length > 64) keyBytes = sha256(keyBytes);
  const inner = new Uint8Array(64);
  const outer = new Uint8Array(64);
  for (let at = 0; at < 64; at++) {
    const byte: u8 = at < keyBytes.length ? keyBytes[at] : 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  const hash = sha256(joined(outer, sha256(joined(inner, Uint8Array.wrap(String.UTF8.encode(text))))));
  let hex = "";
  for (let at = 0; at < hash.length; at++) hex += "0123456789abcdef".charAt(hash[at] >> 4) + "0123456789abcdef".charAt(hash[at] & 15);
  return hex;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const rounds: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
  0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
  0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

const schedule = new StaticArray<u32>(64);

function sha256(bytes: Uint8Array): Uint8Array {
  const length = bytes.length;
  const padded = new Uint8Array(((length + 72) >> 6) << 6);
  padded.set(bytes);
  padded[length] = 0x80;
  const bits = (<u64>length) << 3;
  for (let at = 0; at < 8; at++) padded[padded.length - 1 - at] = <u8>(bits >> (at << 3));
  const state: StaticArray<u32> = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
  for (let block = 0; block < padded.length; block += 64) compress(state, padded, block);
  const hash = new Uint8Array(32);
  for (let at = 0; at < 32; at++) hash[at] = <u8>(state[at >> 2] >> (24 - ((at & 3) << 3)));
  return hash;
}

function compress(state: StaticArray<u32>, bytes: Uint8Array, block: i32): void {
  for (let at = 0; at < 16; at++) {
    const from = block + (at << 2);
    schedule[at] = ((<u32>bytes[from]) << 24) | ((<u32>bytes[from + 1]) << 16) | ((<u32>bytes[from + 2]) << 8) | <u32>bytes[from + 3];
  }
  for (let at = 16; at < 64; at++) {
    const two = schedule[at - 2];
    const fifteen = schedule[at - 15];
    const s1 = rotr(two, 17) ^ rotr(two, 19) ^ (two >> 10);
    const s0 = rotr(fifteen, 7) ^ rotr(fifteen, 18) ^ (fifteen >> 3);
    schedule[at] = s1 + schedule[at - 7] + s0 + schedule[at - 16];
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let at = 0; at < 64; at++) {
    const one = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + rounds[at] + schedule[at];
    const two = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + one;
    d = c;
    c = b;
    b = a;
    a = one + two;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

function rotr(value: u32, by: u32): u32 {
  return (value >> by) | (value << (32 - by));
}
