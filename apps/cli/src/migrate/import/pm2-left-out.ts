import type { LiteralEntry } from "./js-literal.ts";
import type { Pm2Fields } from "./pm2-fields.ts";

/** Settings of pm2 without a counterpart, and what to do instead. */
const advice: Readonly<Record<string, string>> = {
  watch: "mothership does not watch files; use the watcher of the program or of Node (node --watch)",
  cron_restart: "let cron or a systemd timer run: mothership restart NAME",
  cron: "let cron or a systemd timer run: mothership restart NAME",
  restart_delay: "restarts wait 250 ms, doubled with each failure up to 30 s, and that cannot be set",
  exp_backoff_restart_delay: "restarts wait 250 ms, doubled with each failure up to 30 s, and that cannot be set",
  wait_ready:
    'give it bind and healthcheck; or let it write a newline to the descriptor in MS_NOTIFY_FD, with startup = { type = "notify" }',
  shutdown_with_message: "let it stop on a signal, see stop_signal, or write a stop_command",
  log_date_format: "log files hold lines as they were printed; the output of mothership itself carries times",
  time: "log files hold lines as they were printed; the output of mothership itself carries times",
  log_type: "the output of mothership itself is JSON where it is no terminal",
  pid_file: "mothership status --json has the pids",
  pid: "mothership status --json has the pids",
  source_map_support: "write --enable-source-maps in front of the script in args",
  filter_env: "processes inherit the environment of mothership; start that with a smaller one",
  post_update: "run it in the deployment, or as a prelaunch job",
  append_env_to_name: "write the name that it should have",
  deploy: "deployments are no business of mothership; keep the script that runs them",
  node_env: "write it in env",
};

/** Behind these, nothing is lost: they belong to pm2's own services, or to Windows. */
const ofPm2 =
  /^(vizion|pmx|automation|trace|disable_trace|v8|event_loop_inspector|deep_monitoring|io|force|windows_?hide|kill_retry_time|write|username|install_url|instance_id|execute_command|disable_source_map_support|merge_logs|combine_logs|error_in_child)$/;

/** Says what was not carried over: everything that nobody has asked for. Settings that are off are no loss. */
export function noteWhatIsLeft(fields: Pm2Fields): void {
  const watches = fields.unseen().some((entry) => entry.key === "watch" && !isOff(entry));
  for (const entry of fields.unseen()) {
    const { key } = entry;
    if (isOff(entry) || ofPm2.test(key)) continue;
    if (/^(ignore_?watch|watch_?delay|watch_?options)$/i.test(key)) {
      if (watches) fields.note([key], `"${key}" is not carried over`, "it goes with watch");
      continue;
    }
    const known = advice[key] ?? advice[key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
    fields.note(
      [key, key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)],
      `"${key}" is not carried over`,
      known ?? "no setting of pm2 that is known here has this name",
    );
  }
}

function isOff({ value }: LiteralEntry): boolean {
  return value.kind === "scalar" && (value.value === false || value.value === null || value.value === 0 || value.value === "");
}
