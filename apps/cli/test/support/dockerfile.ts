const instructions = new Set(
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(" "),
);

/** What is wrong with the form of a Dockerfile, as far as that can be told without docker: instructions, continued lines, lists. */
export function dockerfileProblems(text: string): string[] {
  const problems: string[] = [];
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  for (const line of lines) {
    const [instruction = "", ...rest] = line.trim().split(/\s+/);
    const words = rest.join(" ");
    if (!instructions.has(instruction)) problems.push(`no instruction: ${line}`);
    if (words === "") problems.push(`nothing behind ${instruction}`);
    const list = /^(?:CMD |ENTRYPOINT |RUN |HEALTHCHECK (?:--\S+ )*CMD )(\[.*)$/.exec(line.trim())?.[1];
    if (list !== undefined && !isListOfTexts(list)) problems.push(`no list of texts: ${line}`);
    if (/^(ADD|COPY)$/.test(instruction) && rest.filter((word) => !word.startsWith("--")).length < 2) problems.push(`no target: ${line}`);
    if (line.endsWith("\\")) problems.push(`goes on behind the end: ${line}`);
  }
  if (!/^(?:ARG|FROM) /.test(lines[0] ?? "")) problems.push("does not begin with FROM");
  return problems;
}

function isListOfTexts(text: string): boolean {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((item) => typeof item === "string");
  } catch {
    return false;
  }
}
