import { type Address, formatAddress } from "@mothership/kernel";
import type { Manifest, Route } from "@mothership/manifest";

/** Who answers what, by bind: the data behind the drawing, and what `chart --json` prints. */
export interface Chart {
  readonly binds: readonly {
    readonly name: string;
    readonly address: string;
    /** How many threads listen there, where more than one may. */
    readonly threads?: "auto" | number;
    readonly static: readonly { readonly prefix: string; readonly path: string }[];
    /** In the order in which they are tried. */
    readonly routes: readonly ChartRoute[];
  }[];
  /** Members of the fleet that no route leads to. */
  readonly unrouted: readonly { readonly name: string; readonly kind: "ship" | "bay"; readonly group: string; readonly what: string }[];
}

export interface ChartRoute extends Omit<Route, "bind"> {
  readonly to: string;
  readonly kind: "ship" | "bay";
  readonly group: string;
  /** Where it listens; for a bay, "docked". */
  readonly address: string;
  /** WebSocket clients of a bay whose fleet runs. */
  readonly clients?: number;
}

/** `clients`: of the bays of a fleet that runs, by name. */
export function chartOf(manifest: Manifest, clients: ReadonlyMap<string, number> = new Map()): Chart {
  const ships = manifest.ships.map((ship) => ({ ...ship, address: ship.bind ? formatAddress(ship.bind) : "" }));
  const bays = manifest.bays.map((bay) => ({ ...bay, group: bay.type, oneshot: false, address: "docked" }));
  const members = [...ships, ...bays].sort((a, b) => a.order - b.order);
  return {
    binds: manifest.mothership.binds.map(({ name, address }) => ({
      name,
      address: written(address),
      ...(address.kind === "tcp" && manifest.mothership.edgeThreads !== 1 && { threads: manifest.mothership.edgeThreads }),
      static: manifest.mothership.staticDirs
        .filter((directory) => directory.bind === undefined || directory.bind === name)
        .sort((a, b) => b.prefix.length - a.prefix.length)
        .map((directory) => ({ prefix: directory.prefix, path: directory.written })),
      routes: members.flatMap((member) =>
        member.routes
          .filter((route) => route.bind === name)
          .map(({ bind: _, ...route }) => ({
            ...route,
            ...{ to: member.name, kind: member.kind, group: member.group, address: member.address },
            ...(member.kind === "bay" && clients.has(member.name) ? { clients: clients.get(member.name)! } : {}),
          })),
      ),
    })),
    unrouted: members
      .filter((member) => member.routes.length === 0)
      .map(({ name, kind, group, oneshot, address }) => ({ name, kind, group, what: oneshot ? "one-shot job" : address || "no port" })),
  };
}

function written(address: Address): string {
  return formatAddress(address).replace("tcp://", "");
}

/** The chart as a drawing of at most `columns` characters a line, ten or more of them. Long patterns and names are cut with an ellipsis. */
export function drawChart(chart: Chart, columns = Infinity): string {
  const lines = chart.binds.flatMap((bind) => {
    const rows = [
      ...bind.static.map(({ prefix, path }) => ({ left: `${prefix.replace(/\/$/, "")}/*`, right: `files in ${path}` })),
      ...bind.routes.map((route) => ({
        left: routeText(route),
        right: targetText(route),
      })),
    ];
    const left = Math.min(Math.max(0, ...rows.map((row) => row.left.length)), Math.floor((columns - 8) / 2));
    const drawn = rows.map((row, at) => `${at === rows.length - 1 ? "└" : "├"}── ${cut(row.left, left).padEnd(left)} → ${row.right}`);
    return [
      `${bind.name}  ${bind.address}${threadsText(bind.threads)}`,
      ...(drawn.length > 0 ? drawn : ["└── nothing: no route and no static folder leads from here"]),
      "",
    ];
  });
  const name = Math.max(0, ...chart.unrouted.map((one) => one.name.length));
  const rest = chart.unrouted.map((one) => `    ${one.kind} ${one.name.padEnd(name)}  (${one.group}) ${one.what}`);
  const all = [...lines, ...(rest.length > 0 ? ["without a route", ...rest, ""] : [])];
  return all
    .map((line) => `${cut(line, columns)}\n`)
    .join("")
    .replace(/\n+$/, "\n");
}

function threadsText(threads: "auto" | number | undefined): string {
  if (threads === undefined) return "";
  return threads === "auto" ? "  (a thread for each processor)" : `  (${threads} threads)`;
}

function clientsText(clients: number | undefined): string {
  return clients === undefined ? "" : `, ${clients} ${clients === 1 ? "client" : "clients"}`;
}

function routeText({ pattern, stripPrefix, uaFilter, ja4h }: ChartRoute): string {
  return [
    pattern,
    ...(stripPrefix ? [`(strip ${stripPrefix})`] : []),
    ...(uaFilter ? [`[${uaFilter}]`] : []),
    ...(ja4h ? [`[ja4h ${ja4h}]`] : []),
  ].join(" ");
}

function targetText({ answer, kind, to, group, address, clients }: ChartRoute): string {
  if (answer?.action === "block") return `${answer.status} (${kind} ${to})`;
  if (answer?.action === "redirect") return `${answer.status} to ${answer.location} (${kind} ${to})`;
  return `${kind} ${to} (${group}) ${address.replace("tcp://", "")}${clientsText(clients)}`.trim();
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
