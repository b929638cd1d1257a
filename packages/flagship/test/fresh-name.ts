import { randomBytes } from "node:crypto";

/** A name that no other test uses. */
export function freshName(prefix = "fleet"): string {
  return `${prefix}-${randomBytes(6).toString("hex")}`;
}
