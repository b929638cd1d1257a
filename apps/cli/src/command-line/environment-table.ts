/** Variables of the environment that the program looks at, with what they do; for help and the man page. */
export const environment: readonly (readonly [name: string, about: string])[] = [
  ["MOTHERSHIP_LOG", "debug, info, warn or error: how much run says (default: info)"],
  ["MS_SOCKET_DIR", "folder of the control socket and of the sockets of bays"],
  ["MS_LAUNCH_ID", "name of the release, by which servers know that its prelaunch jobs are done (also MS_RELEASE)"],
  ["MOTHERSHIP_INIT", "1: as process 1 of a container, there is an init above it already"],
  ["MOTHERSHIP_DEBUG", "1: shows where in the program a mistake of its own came from"],
  ["NO_COLOR", "anything: no colours"],
];
