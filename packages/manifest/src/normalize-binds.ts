import type { AddressUse } from "./draft.ts";
import { type IssueList, shown } from "./issue.ts";
import { defaults } from "./limits.ts";
import { isNetwork } from "./networks.ts";
import type { NormalizeContext } from "./normalize.ts";
import { requestLimits } from "./normalize-edge.ts";
import { filePath } from "./normalize-process.ts";
import { readAddress, uniqueTexts } from "./normalize-values.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawBind, RawMothership } from "./raw.ts";
import type { Bind, Certificate } from "./types.ts";

/** `[mothership.bind]`. Those whose address cannot be read are left out, with an issue. */
export function normalizeBinds(
  settings: Loose<RawMothership>,
  context: NormalizeContext,
): readonly { readonly bind: Bind; readonly use: AddressUse }[] {
  const { issues } = context;
  // Sorted by place, for an object puts names that are numbers first.
  const offset = (name: string): number => issues.positions.nearest(["mothership", "bind", name]).key;
  const entries = Object.entries(settings.bind ?? {}).sort(([a], [b]) => offset(a) - offset(b));
  return entries.flatMap(([name, written]) => {
    if (written === undefined) return [];
    const short = typeof written === "string";
    const table = short ? { addr: written } : written;
    const own = ["mothership", "bind", name];
    const path = short ? own : [...own, "addr"];
    const rest = restOf(table, own, context);
    const address = readAddress(table.addr, path, issues);
    if (!address) return [];
    checkTlsKeys(table, own, issues);
    if (rest.mode !== undefined && address.kind !== "unix")
      issues.add([...own, "mode"], `bind "${name}" is no Unix socket, so it has no "mode"`, { at: "key" });
    return [{ bind: { name, address, ...rest }, use: { owner: `bind "${name}"`, address, path } }];
  });
}

function restOf(table: Loose<RawBind>, path: Path, { issues, folder }: NormalizeContext): Omit<Bind, "name" | "address"> {
  const header = table.proxy_protocol ?? defaults.proxyProtocol;
  return {
    proxyProtocol: typeof header === "object" ? { from: networks(header.from, [...path, "proxy_protocol", "from"], issues) } : header,
    trustedProxies: networks(table.trusted_proxies, [...path, "trusted_proxies"], issues),
    certificates: certificatesOf(table, path, folder, issues),
    ...(table.mode !== undefined && { mode: Number.parseInt(table.mode, 8) }),
    http2: table.http2 ?? defaults.bind.http2,
    minTlsVersion: table.min_tls_version ?? defaults.bind.minTlsVersion,
    maxConnections: table.max_connections ?? defaults.bind.maxConnections,
    limits: requestLimits(table, path, issues),
  };
}

/** What is about TLS alone stands beside a certificate, or does nothing. */
function checkTlsKeys(table: Loose<RawBind>, path: Path, issues: IssueList): void {
  if ("cert" in table || "certs" in table || "key" in table) return;
  for (const key of ["http2", "min_tls_version"] as const)
    if (key in table)
      issues.add([...path, key], `"${key}" is about TLS, and this bind has no certificate`, {
        at: "key",
        hint: 'add cert = "cert.pem" and key = "key.pem"',
      });
}

function networks(written: readonly (string | undefined)[] | undefined, path: Path, issues: IssueList): readonly string[] {
  for (const [index, network] of (written ?? []).entries())
    if (network !== undefined && !isNetwork(network))
      issues.add([...path, index], `${shown(network)} is not a network`, { expected: '"10.0.0.0/8", "fd00::/8", or one address' });
  return uniqueTexts(written ?? []);
}

function certificatesOf(table: Loose<RawBind>, path: Path, folder: string, issues: IssueList): readonly Certificate[] {
  const pair = (one: Loose<{ cert: string; key: string }>): Certificate => ({
    cert: filePath(one.cert ?? "", folder),
    key: filePath(one.key ?? "", folder),
  });
  for (const [one, other] of [
    ["cert", "key"],
    ["key", "cert"],
  ] as const)
    if (one in table && !(other in table))
      issues.add([...path, one], `"${one}" needs "${other}": a certificate and its private key belong together`, { at: "key" });
  if ("cert" in table && "certs" in table)
    issues.add([...path, "certs"], '"certs" is in place of "cert" and "key", not beside them', { at: "key" });
  if ("certs" in table && table.certs?.length === 0) issues.add([...path, "certs"], '"certs" is an empty list, and needs a certificate');
  const single = table.cert !== undefined && table.key !== undefined ? [pair({ cert: table.cert, key: table.key })] : [];
  return [...single, ...(table.certs ?? []).flatMap((one) => (one === undefined ? [] : [pair(one)]))];
}
