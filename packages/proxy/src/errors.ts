import { type Address, formatAddress, MothershipError } from "@mothership/kernel";

/** Something else listens on the address of a bind, or a file that is no socket stands in its place. */
export class BindInUseError extends MothershipError {
  readonly code = "MS_BIND_IN_USE";
  readonly bind: string;
  readonly address: string;

  constructor(bind: string, address: Address, reason: string, options?: ErrorOptions) {
    const text = formatAddress(address);
    super(`Bind "${bind}" cannot listen on ${text}: ${reason}`, options);
    this.name = "BindInUseError";
    this.bind = bind;
    this.address = text;
  }
}

/** The system does not let this user listen there. */
export class BindDeniedError extends MothershipError {
  readonly code = "MS_BIND_DENIED";
  readonly bind: string;
  readonly address: string;

  constructor(bind: string, address: Address, options?: ErrorOptions) {
    const text = formatAddress(address);
    const why =
      address.kind === "unix"
        ? "this user may not create a socket in that folder; choose another path or change the folder's permissions"
        : address.port < 1024
          ? "a port below 1024 needs root or the capability CAP_NET_BIND_SERVICE; choose a higher port or grant it"
          : "the system refused it to this user";
    super(`Bind "${bind}" cannot listen on ${text}: ${why}`, options);
    this.name = "BindDeniedError";
    this.bind = bind;
    this.address = text;
  }
}

/** The address of a bind cannot be listened on for another reason: no such host or interface, no such folder, too many open files. */
export class BindFailedError extends MothershipError {
  readonly code = "MS_BIND_FAILED";
  readonly bind: string;
  readonly address: string;

  constructor(bind: string, address: Address, reason: string, options?: ErrorOptions) {
    const text = formatAddress(address);
    super(`Bind "${bind}" cannot listen on ${text}: ${reason}`, options);
    this.name = "BindFailedError";
    this.bind = bind;
    this.address = text;
  }
}

/** An entry of `trustedProxies` is neither an address nor a network. */
export class TrustedProxyError extends MothershipError {
  readonly code = "MS_TRUSTED_PROXY_INVALID";

  constructor(entry: string) {
    super(`"${entry}" names no trusted proxy: write an IP address ("10.0.0.7"), a network ("10.0.0.0/8", "fd00::/8") or "unix"`);
    this.name = "TrustedProxyError";
  }
}

/** A certificate or its key cannot be used: not readable, not PEM, not belonging together. */
export class TlsCertificateError extends MothershipError {
  readonly code = "MS_TLS_CERTIFICATE";
  readonly bind: string;
  readonly file: string;

  constructor(bind: string, file: string, reason: string, options?: ErrorOptions) {
    super(`Bind "${bind}" cannot use ${file} for TLS: ${reason}`, options);
    this.name = "TlsCertificateError";
    this.bind = bind;
    this.file = file;
  }
}

/** The folder of error pages, or a page in it, cannot be used. */
export class ErrorPagesError extends MothershipError {
  readonly code = "MS_ERROR_PAGES";
  readonly path: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} cannot be used for error pages: ${reason}`, options);
    this.name = "ErrorPagesError";
    this.path = path;
  }
}

/** Middleware set a path or query that could not be sent. */
export class TargetError extends MothershipError {
  readonly code = "MS_TARGET_INVALID";

  constructor(what: "path" | "query", text: string, reason: string) {
    super(`${JSON.stringify(text.slice(0, 80))} cannot be the ${what} of a request: ${reason}`);
    this.name = "TargetError";
  }
}

/** Why something that was running was cut off: the listener closes, or the upstream is drained and its time is over. */
export class DrainedError extends MothershipError {
  readonly code = "MS_DRAINED";

  constructor(what: string) {
    super(`${what} is going away`);
    this.name = "DrainedError";
  }
}
