import { plainName } from "./export-input.ts";
import { type YamlValue, yamlText } from "./yaml-text.ts";

type Part = { readonly [key: string]: YamlValue | undefined };

/** Several objects in one file. */
export function documents(parts: readonly Part[], comments: readonly string[]): string {
  return parts.map((part, at) => yamlText(part, at === 0 ? comments : [])).join("---\n");
}

export function configMap(name: string, data: Readonly<Record<string, string>>): Part {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

/** `pod` is what stands under `spec` of a pod. The name must be one of DNS. */
export function deployment(name: string, replicas: number, pod: Part): Part {
  const labels = { "app.kubernetes.io/name": name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
  };
}

/** Work that ends. */
export function job(name: string, tries: number, pod: Part): Part {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels: { "app.kubernetes.io/name": name } },
    spec: {
      backoffLimit: tries,
      template: { metadata: { labels: { "app.kubernetes.io/name": name } }, spec: { ...pod, restartPolicy: "Never" } },
    },
  };
}

/** What reaches the pods of the Deployment of the same name. */
export function service(name: string, ports: readonly { readonly name: string; readonly port: number }[]): Part {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: {
      selector: { "app.kubernetes.io/name": name },
      ports: ports.map((one) => ({ name: plainName(one.name, 15) ?? `p${one.port}`, port: one.port, targetPort: one.port })),
    },
  };
}

/** Runs this and not what the image says. */
export function container(name: string, image: string, command: readonly string[]): Part {
  return { name, image, command: command.map(escaped) };
}

/** All entries of a Secret as variables. */
export function secretOf(name: string): YamlValue {
  return [{ secretRef: { name } }];
}

/** As Kubernetes writes memory, rounded up: less would be a tighter limit than the manifest has. */
export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)}Mi`;
}

/** Kubernetes puts variables in for `$(NAME)`. */
export function escaped(text: string): string {
  return text.replaceAll("$(", "$$$$(");
}
