import type { LogRecord } from "../bridge/json-logger.ts";
import { took } from "./start-progress.ts";

/** What happens to processes and to requests for them, as a person would say it. The log says the same for machines, in fields. */
const sentences: Readonly<Record<string, (fields: LogRecord["fields"]) => string>> = {
  "A process ended": ({ signal, code }) => (typeof signal === "string" ? `was ended by ${signal}` : `ended with code ${String(code)}`),
  "A process is started again": ({ delayMs, failures }) =>
    `is started again in ${took(Number(delayMs))}${Number(failures) > 1 ? `, after ${String(failures)} failures` : ""}`,
  "A process crashes again and again": () => "crashes again and again",
  "A process has stopped crashing": () => "has stopped crashing",
  "A process could not be started": ({ reason }) => `could not be started: ${String(reason)}`,
  "A process is restarted because its liveness check fails": ({ reason }) => `is restarted: ${String(reason)}`,
  "A process did not start": ({ reason }) => `did not start: ${String(reason)}`,
  "Lines of output were lost": ({ count, sink, reason }) => `: ${some(count, "line")} for ${String(sink)} lost: ${String(reason)}`,
  "Requests to a ship fail, so its health is looked at": ({ reason }) => `is looked at: ${String(reason)}`,
  "A request could not be forwarded": ({ status, reason, detail, requestId, suppressed }) =>
    `: request ${String(requestId)} was answered ${String(status)} ${String(reason)}${detail === undefined ? "" : `: ${String(detail)}`}${suppressed === undefined ? "" : ` (and ${some(suppressed, "other")} before)`}`,
};

/** The record in a person's words, where there are any for it. */
export function inWords(record: LogRecord): LogRecord {
  const { ship, upstream = ship } = record.fields;
  const sentence = Object.hasOwn(sentences, record.message) ? sentences[record.message] : undefined;
  if (!sentence || typeof upstream !== "string") return record;
  const said = sentence(record.fields);
  return { ...record, message: `${upstream}${said.startsWith(":") ? "" : " "}${said}`, fields: {} };
}

function some(count: unknown, what: string): string {
  return `${String(count)} ${what}${count === 1 ? "" : "s"}`;
}
