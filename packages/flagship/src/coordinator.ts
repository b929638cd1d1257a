import type { AbortOptions } from "@mothership/kernel";

/** flagship: does the one-time work. escort: waits until that is done. */
export type Role = "flagship" | "escort";

/**
 * What a server holds from its election until it disposes of it.
 *
 * A flagship does its work, watching `signal`, and then announces how it ended; an escort waits. The first announcement
 * counts and later ones do nothing. A flagship that is disposed of without one has aborted the launch.
 */
export interface Tenure extends AsyncDisposable {
  /** Changes at most once: from escort to flagship, when `waitUntilReady` gives "promoted". */
  readonly role: Role;
  /**
   * Fires when the office is lost while its work goes on; the reason is a `MS_FLAGSHIP_OFFICE_LOST`. Another server may
   * soon do the work again, so everything has to be stopped. Never fires for an escort, nor after an announcement.
   */
  readonly signal: AbortSignal;
  /**
   * The work is done and all may launch. Only for the flagship.
   *
   * @throws MS_FLAGSHIP_OFFICE_LOST when the office was lost before this was on record: the launch has failed.
   */
  announceReady(): Promise<void>;
  /**
   * The work has failed and nobody may launch; every escort is told `reason`, without the passwords of URLs in it and cut
   * to 500 characters. Call it when the work has stopped. Only for the flagship. Does not reject when the coordinator's own
   * service cannot be reached: the escorts find out by themselves then.
   */
  announceAbort(reason: string): Promise<void>;
  /**
   * "ready": the flagship is done, launch. "promoted": the flagship was lost and this server has taken its place; do the work.
   * One wait at a time. Only for an escort.
   *
   * @throws MS_FLAGSHIP_ABORTED when the flagship failed or was lost; MS_PRELAUNCH_TIMEOUT; the signal's reason.
   */
  waitUntilReady(options?: AbortOptions): Promise<"ready" | "promoted">;
}

/** Decides which of several servers does the one-time work of a launch. */
export interface Coordinator {
  /** Rejects with the signal's reason when it fires, and then holds nothing. The caller disposes of the tenure. */
  elect(options?: AbortOptions): Promise<Tenure>;
}
