import type { LogRecord } from "../bridge/json-logger.ts";
import { took } from "./start-progress.ts";

/** What happens to processes, as a person would say it. The log says the same for machines, in fields. */
const sentences: Readonly<Record<string, (fields: LogRecord["fields"]) => string>> = {
  "A process ended": ({ signal, code }) => (typeof signal === "string" ? `was ended by ${signal}` : `ended with code ${String(code)}`),
  "A process is started again": ({ delayMs, failures }) =>
    `is started again in ${took(Number(delayMs))}${Number(failures) > 1 ? `, after ${String(failures)} failures` : ""}`,
  "A process crashes again and again": () => "crashes again and again",
  "A process has stopped crashing": () => "has stopped crashing",
  "A process could not be started": ({ reason }) => `could not be started: ${String(reason)}`,
};

/** The record in a person's words, where there are any for it. */
export function inWords(record: LogRecord): LogRecord {
  const { ship } = record.fields;
  const sentence = Object.hasOwn(sentences, record.message) ? sentences[record.message] : undefined;
  if (!sentence || typeof ship !== "string") return record;
  return { ...record, message: `${ship} ${sentence(record.fields)}`, fields: {} };
}
