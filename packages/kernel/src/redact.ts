/**
 * The text with the password of every URL in it replaced by `***`. The user name stays, for it says which account was meant.
 * What follows the last `@` before the host ends the password, so that a password holding an unescaped `@` does not leak its tail.
 */
export function redact(text: string): string {
  return text.includes("://") ? text.replaceAll(/([a-z][a-z\d+.-]*:\/\/[^\s/?#:@"']*):[^\s/?#"']*@/gi, "$1:***@") : text;
}
