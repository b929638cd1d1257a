import { folderMark, type LiteralEntry } from "./js-literal.ts";
import { plainOf } from "./literal-of.ts";
import { isNull, type Pm2Fields } from "./pm2-fields.ts";

/** The variables of an app: `port`, then `env`, then those of the environment that is asked for. Says which environments are left out. */
export function pm2Environment(
  fields: Pm2Fields,
  { environment, here }: { readonly environment: string | undefined; readonly here: string },
): Record<string, string> {
  const variables: Record<string, string> = {};
  const port = fields.text("port");
  const own = fields.find("env");
  if (own) readInto(variables, own, fields, here);
  // pm2 sets it over what stands in env.
  if (port !== undefined) variables["PORT"] = port;
  for (const entry of fields.unseen().filter(({ key }) => /^env_\S/.test(key))) {
    fields.find(entry.key);
    if (entry.key === `env_${environment}`) readInto(variables, entry, fields, here);
    else if (entry.key === "env_file")
      fields.note([entry.key], '"env_file" is not carried over', "name the file in env_file of the manifest");
    else fields.note([entry.key], `"${entry.key}" is not carried over`, `import with --env ${entry.key.slice(4)} to have it on top of env`);
  }
  return variables;
}

function readInto(variables: Record<string, string>, { key, value }: LiteralEntry, fields: Pm2Fields, here: string): void {
  if (value.kind !== "table") {
    if (!isNull(value)) fields.note([key], `"${key}" is no table of variables and is left out`);
    return;
  }
  for (const { key: name, value: one } of value.entries) {
    if (isNull(one)) fields.note([key], `the variable ${name} has no value and is left out`);
    else if (name === "" || /[=\0]/.test(name)) fields.note([key], "a variable whose name has = in it is left out");
    else {
      const text = one.kind === "scalar" ? String(one.value) : JSON.stringify(plainOf(one));
      if (text.includes(folderMark))
        fields.note(
          [key],
          `the variable ${name} holds the folder of the file as it is on this machine`,
          "a manifest knows no such variable; write the path that holds where the fleet runs",
        );
      variables[name] = text.replaceAll(folderMark, here);
    }
  }
}
