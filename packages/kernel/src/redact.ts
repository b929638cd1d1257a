/**
 * The text with the password of every URL in it, and the value of every query parameter that is named like a secret (`?password=`,
 * `&access_token=`), replaced by `***`. The user name stays, for it says which account was meant.
 * What follows the last `@` before the host ends the password, so that a password holding an unescaped `@` does not leak its tail.
 */
export function redact(text: string): string {
  const masked = text.includes("://") ? text.replaceAll(/([a-z][a-z\d+.-]*:\/\/[^\s/?#:@"']*):[^\s/?#"']*@/gi, "$1:***@") : text;
  if (!masked.includes("=")) return masked;
  return masked.replaceAll(secretParameter, "$1=***");
}

const named = "pass(?:w|phrase)|pwd|secret|token|(?:api|access|private)[_-]?key|auth(?!or)|credential|signature|session";
/** Names have a bounded length, so that the time is linear in the text. */
const secretParameter = new RegExp(
  `([?&;](?:(?:code|key|sig|sid|jwt)|[\\w.[\\]%-]{0,64}?(?:${named})[\\w.[\\]%-]{0,64}))=[^\\s&#"'<>]*`,
  "gi",
);
