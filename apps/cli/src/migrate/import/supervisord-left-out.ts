import type { SupervisordFields } from "./supervisord-fields.ts";
import { readBoolean } from "./supervisord-values.ts";

/** Settings of a program without a counterpart, and what to do instead. */
const programAdvice: Readonly<Record<string, string>> = {
  umask: "set it where mothership is started, or run the program through sh -c",
  serverurl: "the control socket of mothership takes its place",
  stdout_capture_maxbytes: "mothership has no events in output",
  stderr_capture_maxbytes: "mothership has no events in output",
  stdout_events_enabled: "mothership has no event listeners; let something read the output of mothership",
  stderr_events_enabled: "mothership has no event listeners; let something read the output of mothership",
  stdout_syslog: "send the output of mothership to syslog",
  stderr_syslog: "send the output of mothership to syslog",
  stdout_logfile_maxbytes: "there is no such file",
  stdout_logfile_backups: "there is no such file",
  stderr_logfile_maxbytes: "output and errors go to one file",
  stderr_logfile_backups: "output and errors go to one file",
};

/** What mothership does anyhow, and how these settings of a program ask for it. */
const isDone: Readonly<Record<string, (value: string) => boolean>> = {
  stopasgroup: () => true,
  killasgroup: (value) => readBoolean(value) === true,
  redirect_stderr: () => true,
  stdout_events_enabled: (value) => readBoolean(value) === false,
  stderr_events_enabled: (value) => readBoolean(value) === false,
  stdout_syslog: (value) => readBoolean(value) === false,
  stderr_syslog: (value) => readBoolean(value) === false,
  stdout_capture_maxbytes: (value) => /^0[a-z]*$/i.test(value),
  stderr_capture_maxbytes: (value) => /^0[a-z]*$/i.test(value),
};

/** Says what of a program was not carried over. */
export function noteProgramRest(fields: SupervisordFields, logsToFile: boolean): void {
  for (const { key, value } of fields.unseen()) {
    if (isDone[key]?.(value) === true) continue;
    // About the files in which supervisord keeps output that mothership prints itself.
    if (!logsToFile && /_logfile_(maxbytes|backups)$/.test(key)) continue;
    fields.note(key, `"${key}" is not carried over`, programAdvice[key] ?? "no setting of supervisord that is known here has this name");
  }
}

const replaced = "the control socket takes its place: mothership status, start, stop, restart, logs";

/** Says what of a section that is no program was not carried over. */
export function noteSection(fields: SupervisordFields): void {
  const { name } = fields.section;
  if (name.startsWith("eventlistener:"))
    fields.note(undefined, "event listeners are not carried over", "what happens is in the output of mothership, as JSON");
  else if (name.startsWith("fcgi-program:"))
    fields.note(
      undefined,
      "FastCGI programs are not carried over",
      "let the program listen by itself; php-fpm does, behind an HTTP server",
    );
  else if (name === "inet_http_server") fields.note(undefined, "the web server of supervisord is not carried over", replaced);
  else if (/^(unix_http_server|supervisorctl|rpcinterface:supervisor)$/.test(name)) return;
  else if (name.startsWith("rpcinterface:") || name.startsWith("ctlplugin:")) fields.note(undefined, "plug-ins are not carried over");
  else fields.note(undefined, "no section of supervisord that is known here has this name; it is left out");
}

/** Settings of `[supervisord]` that are about its own files and process: mothership has no such files. */
const own =
  /^(logfile|logfile_maxbytes|logfile_backups|loglevel|pidfile|identifier|childlogdir|strip_ansi|nocleanup|silent|minfds|minprocs)$/;

/** Says what of `[supervisord]` was not carried over. */
export function noteDaemon(fields: SupervisordFields): void {
  for (const { key, value } of fields.unseen()) {
    if (key === "nodaemon") {
      if (readBoolean(value) !== true)
        fields.note(key, "mothership stays in the foreground", "let systemd run it: mothership export systemd");
    } else if (key === "user" && value !== "root")
      fields.note(key, '"user" is not carried over', "start mothership as that user, or give each program a user");
    else if (key === "umask") fields.note(key, '"umask" is not carried over', "set it where mothership is started");
    else if (/^min(fds|procs)$/.test(key))
      fields.note(key, `"${key}" is not carried over`, "set the limit where mothership is started; mothership export systemd writes one");
    else if (key !== "user" && key !== "directory" && !own.test(key)) fields.note(key, `"${key}" is not carried over`);
    else if (key === "directory") fields.note(key, '"directory" is not carried over', "write cwd in [base.ship]");
  }
}
