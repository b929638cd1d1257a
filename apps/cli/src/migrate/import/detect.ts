/** The tools whose files can be read. */
export const importFormats = ["procfile", "pm2", "supervisord"] as const;
export type ImportFormat = (typeof importFormats)[number];

/** Whose file it is, by its name and, where that does not tell, by what is in it. Undefined: nobody's that is known. */
export function detectFormat(name: string, text: string): ImportFormat | undefined {
  if (/^procfile/i.test(name) || /\.procfile$/i.test(name)) return "procfile";
  if (/\.(?:[cm]?js|json5?|ya?ml)$/i.test(name)) return /\b(?:apps|script)\b/.test(text) ? "pm2" : undefined;
  if (/^\s*\[(?:program:|group:|supervisord\]|supervisorctl\]|include\]|eventlistener:|fcgi-program:)/m.test(text)) return "supervisord";
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:#|$)/.test(line));
  return lines.length > 0 && lines.every((line) => /^[\w-]+:\s*\S/.test(line)) ? "procfile" : undefined;
}
