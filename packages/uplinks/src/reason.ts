import { messageOf, redact } from "@mothership/kernel";

/** What a system's or TLS library's code means to whoever runs the program. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to host",
  EHOSTDOWN: "host is down",
  ENETUNREACH: "network unreachable",
  EADDRNOTAVAIL: "no local address reaches it",
  EACCES: "not permitted by this system",
  EPERM: "not permitted by this system",
  EMFILE: "too many open files in this process",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name server gives no answer",
  EAI_FAIL: "the name server fails",
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is signed by an authority that this system does not trust",
  UNABLE_TO_GET_ISSUER_CERT: "the certificate is signed by an authority that this system does not trust",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate is signed by an authority that this system does not trust",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate is signed by an authority that this system does not trust",
  CERT_REVOKED: "the certificate is revoked",
  CERT_SIGNATURE_FAILURE: "the signature of the certificate is wrong",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS on this port",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the server does not speak TLS on this port",
  EPROTO: "the TLS handshake failed",
};

/** Longest part of an unknown message that is repeated. */
const maxMessageLength = 200;

/** Why a connection or a request failed, in plain words and without secrets. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const known = words[code];
  if (known !== undefined) return known;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return wrongName(error);
  if (code.startsWith("HPE_")) return "the answer is not HTTP";
  if (code.startsWith("ERR_SSL_")) return `the TLS handshake failed (${code.slice("ERR_SSL_".length).toLowerCase().replaceAll("_", " ")})`;
  return redact(messageOf(error)).slice(0, maxMessageLength);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function wrongName(error: unknown): string {
  const names = error instanceof Error && "cert" in error ? altNames(error.cert) : "";
  return names === "" ? "the certificate is for another host" : `the certificate is for another host (${names})`;
}

function altNames(cert: unknown): string {
  if (typeof cert !== "object" || cert === null || !("subjectaltname" in cert)) return "";
  return String(cert.subjectaltname).replaceAll("DNS:", "").replaceAll("IP Address:", "").slice(0, maxMessageLength);
}
