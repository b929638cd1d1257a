import { MothershipError } from "@mothership/kernel";

/** The URL of an election cannot be used. The message holds no part of the URL that may be secret. */
export class ElectionUrlError extends MothershipError {
  readonly code = "MS_ELECTION_URL";
  constructor(reason: string) {
    super(`The election URL ${reason}`);
    this.name = "ElectionUrlError";
  }
}

/** The URL allows a connection without encryption, and nobody said that this is meant. */
export class InsecureElectionError extends MothershipError {
  readonly code = "MS_ELECTION_INSECURE";
  readonly sslmode: string;
  constructor(sslmode: string) {
    super(
      `The election URL has sslmode=${sslmode}, with which the connection may be unencrypted; write sslmode=require or stricter, or set MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE=true`,
    );
    this.name = "InsecureElectionError";
    this.sslmode = sslmode;
  }
}

/** The database could not be reached, or refused, or a connection to it broke. There is no `cause`: a driver's error may hold secrets. */
export class ElectionDatabaseError extends MothershipError {
  readonly code = "MS_ELECTION_DATABASE";
  /** Host, port and database. */
  readonly target: string;
  /** Code of the server's error, where it sent one. */
  readonly sqlState: string | undefined;
  /** Another try may succeed: the network or the server was not there, as opposed to a refusal. */
  readonly transient: boolean;

  constructor(
    target: string,
    reason: string,
    { sqlState, transient = false }: { sqlState?: string | undefined; transient?: boolean } = {},
  ) {
    super(`PostgreSQL at ${target}: ${reason}`);
    this.name = "ElectionDatabaseError";
    this.target = target;
    this.sqlState = sqlState;
    this.transient = transient;
  }
}

/** Between this server and the database is a pooler that gives out a session per transaction: locks and signals would be lost in it. */
export class PooledConnectionError extends MothershipError {
  readonly code = "MS_ELECTION_POOLED";
  constructor(target: string, evidence: string) {
    super(
      `PostgreSQL at ${target} is behind a connection pooler that shares sessions (${evidence}); an election needs a session of its own, so give it a direct URL or one in session mode`,
    );
    this.name = "PooledConnectionError";
  }
}

/** The role lacks rights on the election's table. */
export class ElectionForbiddenError extends MothershipError {
  readonly code = "MS_ELECTION_FORBIDDEN";
  /** Statements which an owner of the database can run to put it right. */
  readonly grants: readonly string[];
  constructor(target: string, grants: readonly string[]) {
    super(`PostgreSQL at ${target}: the role lacks rights for the election; run as an owner: ${grants.join(" ")}`);
    this.name = "ElectionForbiddenError";
    this.grants = grants;
  }
}

/** The command of a static election failed, so nobody knows whether this server is the flagship. */
export class ElectionCommandError extends MothershipError {
  readonly code = "MS_ELECTION_COMMAND";
  constructor(command: string, reason: string) {
    super(`The election command "${command}" ${reason}`);
    this.name = "ElectionCommandError";
  }
}

/** No role was found in time. */
export class ElectionTimeoutError extends MothershipError {
  readonly code = "MS_ELECTION_TIMEOUT";
  constructor(ms: number, reason: string) {
    super(`No role within the election timeout of ${ms / 1000} s: ${reason}`);
    this.name = "ElectionTimeoutError";
  }
}

/** The flagship was not done in time. */
export class PrelaunchTimeoutError extends MothershipError {
  readonly code = "MS_PRELAUNCH_TIMEOUT";
  constructor(ms: number, reason: string) {
    super(`The flagship was not ready within the prelaunch timeout of ${ms / 1000} s: ${reason}`);
    this.name = "PrelaunchTimeoutError";
  }
}

/** The flagship failed or was lost, so no server of this launch may start. */
export class FlagshipAbortedError extends MothershipError {
  readonly code = "MS_FLAGSHIP_ABORTED";
  readonly launch: string;
  /** What the flagship said, or how it was lost. */
  readonly reason: string;
  constructor(launch: string, reason: string) {
    super(`The flagship aborted launch "${launch}": ${reason}`);
    this.name = "FlagshipAbortedError";
    this.launch = launch;
    this.reason = reason;
  }
}

/** This server was the flagship and is no longer, because its session with the database is gone. */
export class OfficeLostError extends MothershipError {
  readonly code = "MS_FLAGSHIP_OFFICE_LOST";
  constructor(launch: string, reason: string) {
    super(`This server is no longer the flagship of launch "${launch}": ${reason}`);
    this.name = "OfficeLostError";
  }
}

/** A flagship was asked to wait or an escort to announce: a mistake in the calling program. */
export class TenureRoleError extends MothershipError {
  readonly code = "MS_TENURE_ROLE";
  constructor(operation: string, role: string) {
    super(`${operation} is not for a server whose role is ${role}`);
    this.name = "TenureRoleError";
  }
}
