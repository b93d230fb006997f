//! How many heaps the C library keeps, and what a server takes from the system by itself.
//!
//! glibc lets threads allocate from up to eight heaps (arenas) per core, and what was freed in one is not used by others.
//! Events are decoded by some threads and answered by others, so much of the memory of a run was free and could not be
//! used. One heap per core is as fast, and takes less: see docs/benchmarks.md, "One heap per core". A server has large
//! buffers for moments, of pushes and checkpoints, between small ones that stay for hours; taken from a heap they leave
//! holes that the next one does not fit into ("An hour at half of the maximum" there). So its large buffers are no part of
//! a heap, and go back when they are freed. glibc reads both from the environment as a process starts; so the command
//! starts itself again, once, in the same process.

use crate::args::Command as Asked;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const HEAPS: &str = "MALLOC_ARENA_MAX";
const LARGE: &str = "MALLOC_MMAP_THRESHOLD_";
/// From how many bytes on a buffer of a server is large.
const LARGE_BYTES: usize = 256 << 10;

/// Starts this command again with one heap per core, if it takes memory, unless the environment says already how many.
pub(crate) fn settle(asked: &Asked) {
    let is_server = matches!(asked, Asked::Serve(_));
    let takes_memory = is_server || matches!(asked, Asked::Train(_) | Asked::Backfill(_) | Asked::Verify(_));
    let said = [HEAPS, "GLIBC_TUNABLES"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some());
    if said || !takes_memory || cfg!(not(all(target_os = "linux", target_env = "gnu"))) {
        return;
    }
    let mut words = std::env::args_os();
    let (Some(name), Ok(program)) = (words.next(), std::env::current_exe()) else {
        return;
    };
    // Where a loader was started with this command it is the loader that runs.
    let is_itself = program.file_name() == Path::new(&name).file_name()
        || Path::new(&name).canonicalize().is_ok_and(|named| named == program);
    if !is_itself {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut again = Command::new(program);
    again.arg0(name).args(words).env(HEAPS, cores.max(2).to_string());
    if is_server && std::env::var_os(LARGE).is_none() {
        again.env(LARGE, LARGE_BYTES.to_string());
    }
    // It only comes back if it failed; then all goes on as it is.
    let _ = again.exec();
}
