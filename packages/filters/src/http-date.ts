const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const fixed = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) GMT$/;
const rfc850 = /^[A-Z][a-z]{5,8}, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) GMT$/;
const asctime = /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) (?<year>\d{4})$/;

/** Seconds since the epoch of a date in one of the three forms of RFC 9110, 5.6.7; undefined for anything else, which is to be ignored. */
export function parseHttpDate(text: string): number | undefined {
  const value = text.trim();
  const groups = (fixed.exec(value) ?? rfc850.exec(value) ?? asctime.exec(value))?.groups;
  if (!groups) return undefined;
  const month = months.indexOf(groups["month"]!);
  const [day, h, m, s] = [groups["day"], groups["h"], groups["m"], groups["s"]].map(Number) as [number, number, number, number];
  let year = Number(groups["year"]);
  // Two digits are of this century, up to the last year that has passed of the one before (70 to 99).
  if (groups["year"]!.length === 2) year += year >= 70 ? 1900 : 2000;
  if (month === -1 || day < 1 || day > 31 || h > 23 || m > 59 || s > 60) return undefined;
  return Date.UTC(year, month, day, h, m, s) / 1000;
}

/** The form in which dates are sent. */
export function formatHttpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString();
}
