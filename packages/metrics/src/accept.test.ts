import { expect, test } from "vitest";
import { preferredFormat } from "./accept.ts";

test.each([
  ["prometheus", undefined],
  ["prometheus", ""],
  ["prometheus", "*/*"],
  ["prometheus", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"],
  ["prometheus", "text/plain"],
  ["openmetrics", "application/openmetrics-text"],
  ["openmetrics", "Application/OpenMetrics-Text; Version = 1.0.0"],
  ["prometheus", "application/openmetrics-text;version=0.0.1"],
  ["prometheus", "application/openmetrics-text;version=1.0.0;q=0"],
  ["prometheus", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.6"],
  ["openmetrics", "application/openmetrics-text,text/plain"],
  ["prometheus", "text/plain,application/openmetrics-text"],
  ["prometheus", "application/openmetrics-text;q=nonsense"],
  // What Prometheus sends, version 2 and version 3.
  [
    "openmetrics",
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
  ],
  [
    "openmetrics",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
  ],
  [
    "prometheus",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
  ],
])("answers in %s to %j", (format, accept) => {
  expect(preferredFormat(accept)).toBe(format);
});
