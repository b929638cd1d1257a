import { normalize } from "node:path";
import { type Address, formatAddress } from "@mothership/kernel";
import type { AddressUse } from "./draft.ts";
import type { IssueList } from "./issue.ts";

/** No two listeners on one address, whether they are binds, ships or the metrics port. */
export function checkAddresses(uses: readonly AddressUse[], issues: IssueList): void {
  const byPlace = new Map<string, AddressUse[]>();
  const inOrder = uses
    .map((use) => ({ use, offset: issues.positions.nearest(use.path).start }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ use }) => use);
  for (const use of inOrder) {
    const place = use.address.kind === "unix" ? normalize(use.address.path) : String(use.address.port);
    const others = byPlace.get(place) ?? [];
    const taken = others.find((other) => overlap(other.address, use.address));
    if (taken)
      issues.add(
        use.path,
        `${use.owner} cannot listen on ${formatAddress(use.address)}: ${taken.owner} is on ${formatAddress(taken.address)}`,
        {
          hint: `the other one is in line ${issues.positions.lineColumn(issues.positions.nearest(taken.path).start).line}`,
        },
      );
    else byPlace.set(place, [...others, use]);
  }
}

/** For two addresses with the same port or path. */
function overlap(a: Address, b: Address): boolean {
  if (a.kind === "unix" || b.kind === "unix") return a.kind === b.kind;
  const [one, other] = [plainHost(a.host), plainHost(b.host)];
  return one === other || isEvery(one) || isEvery(other);
}

function plainHost(host: string): string {
  const lower = host.toLowerCase();
  return lower === "localhost" ? "127.0.0.1" : lower;
}

/** Listening on these takes the port on all addresses of the machine; `::` takes IPv4 too. */
function isEvery(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
