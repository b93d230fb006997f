//! How many heaps the C library keeps.
//!
//! glibc lets threads allocate from up to eight heaps (arenas) per core, and what was freed in one is not used by others.
//! Events are decoded by some threads and answered by others, so much of the memory of a run was free and could not be
//! used. One heap per core is as fast, and takes less: see docs/benchmarks.md, "One heap per core". glibc reads the number
//! from the environment as a process starts; so the command starts itself again, once, in the same process.

use std::os::unix::process::CommandExt;
use std::process::Command;

const VARIABLE: &str = "MALLOC_ARENA_MAX";

/// Starts this command again with one heap per core, unless the environment says already how many.
pub(crate) fn per_core() {
    let said = [VARIABLE, "GLIBC_TUNABLES"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some());
    if said || cfg!(not(all(target_os = "linux", target_env = "gnu"))) {
        return;
    }
    let mut words = std::env::args_os();
    let (Some(name), Ok(program)) = (words.next(), std::env::current_exe()) else {
        return;
    };
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    // It only comes back if it failed; then all goes on as it is.
    let _ = Command::new(program)
        .arg0(name)
        .args(words)
        .env(VARIABLE, cores.max(2).to_string())
        .exec();
}
