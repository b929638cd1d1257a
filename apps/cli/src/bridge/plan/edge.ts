import type { Address } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";

/**
 * All that the request path knows, as plain data that can be sent to a thread or another process:
 * nothing on that path reads the manifest or talks to the supervisor.
 */
export interface EdgePlan {
  readonly listeners: readonly ListenerPlan[];
  /** In the order in which they are tried. */
  readonly routes: readonly RoutePlan[];
  readonly upstreams: readonly UpstreamPlan[];
  readonly staticDirectories: readonly { readonly path: string; readonly prefix: string; readonly bind?: string }[];
}

export interface ListenerPlan {
  readonly name: string;
  readonly address: Address;
  /** Take clients from PROXY protocol headers, where there are any. */
  readonly proxyProtocol?: "auto";
}

export interface RoutePlan {
  readonly bind: string;
  readonly pattern: string;
  readonly stripPrefix?: string;
  /** Name of the upstream that answers. */
  readonly upstream: string;
}

export interface UpstreamPlan {
  readonly name: string;
  readonly address: Address;
}

/** The request path that a manifest asks for. */
export function planEdge({ mothership, ships }: Manifest): EdgePlan {
  const reachable = ships.filter((ship) => ship.bind !== undefined && ship.routes.length > 0);
  return {
    listeners: mothership.binds.map(({ name, address, proxyProtocol }) => ({
      name,
      address,
      ...(proxyProtocol && { proxyProtocol: "auto" as const }),
    })),
    routes: reachable.flatMap(({ name, routes }) =>
      routes.map(({ bind, pattern, stripPrefix }) => ({
        bind,
        pattern,
        upstream: name,
        ...(stripPrefix === undefined ? {} : { stripPrefix }),
      })),
    ),
    upstreams: reachable.flatMap(({ name, bind }) => (bind ? [{ name, address: bind }] : [])),
    staticDirectories: mothership.staticDirs.map(({ path, prefix, bind }) => ({ path, prefix, ...(bind === undefined ? {} : { bind }) })),
  };
}
