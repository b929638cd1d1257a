#!/usr/bin/env node
"use strict";
// Old syntax on purpose: whatever Node this starts on must be able to say that it is too old.
var least = 24;
var major = Number(process.versions.node.split(".")[0]);
if (major < least) {
  process.stderr.write(
    "mothership needs Node " +
      least +
      " or newer, and this is Node " +
      process.versions.node +
      "; install a newer one, or put it first on the PATH\n",
  );
  process.exit(69);
}
// Compiled code is kept between runs, which halves the start of short commands. Where the folder is not writable, nothing happens.
require("node:module").enableCompileCache();
import("../dist/main.js").then(function (program) {
  return program.run();
});
