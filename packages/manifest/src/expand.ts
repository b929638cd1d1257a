/** The environment that `$NAME` is looked up in. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Expansion {
  readonly value: string;
  /** References without a value, with their index in the text. A variable that is set but empty counts as missing. */
  readonly missing: readonly { readonly name: string; readonly index: number; readonly empty: boolean }[];
}

/**
 * Replaces `$NAME` and `${NAME}` by the variable's value, and `$$` by a dollar sign.
 * A dollar sign before anything else stays. What a variable holds is not expanded again.
 */
export function expand(text: string, env: Environment): Expansion {
  const missing: { name: string; index: number; empty: boolean }[] = [];
  const value = text.replaceAll(
    /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g,
    (_, bare: string | undefined, braced: string | undefined, index: number) => {
      const name = bare ?? braced;
      if (name === undefined) return "$";
      const found = Object.hasOwn(env, name) ? env[name] : undefined;
      if (!found) missing.push({ name, index, empty: found === "" });
      return found ?? "";
    },
  );
  return { value, missing };
}
