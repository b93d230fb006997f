//! A limit on the size of files, as an error of the write and not as the death of the process.
//!
//! Under `ulimit -f` the system sends SIGXFSZ to a process whose file grows too large, which ends it without a word. With
//! a handler the write fails instead (EFBIG), and what is half-written is removed.

use tokio::signal::unix::{SignalKind, signal};

/// SIGXFSZ on Linux and macOS.
const FILE_SIZE: i32 = 25;

/// Makes writes beyond the limit fail. Nothing is done where there is no limit.
///
/// Call it before there are other threads, and after the process has started itself anew: a new program forgets it.
pub fn file_size_is_an_error() {
    if !is_limited() || !has_room_for_files() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    if let Ok(runtime) = runtime {
        // The handler stays when the stream of signals is dropped.
        runtime.block_on(async { drop(signal(SignalKind::from_raw(FILE_SIZE))) });
    }
}

/// Whether the size of files is limited; where the system does not say, it may be.
fn is_limited() -> bool {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max file size"));
    line.is_none_or(|line| line.split_whitespace().nth(3) != Some("unlimited"))
}

/// Whether some files can be opened: handlers of signals need a few.
fn has_room_for_files() -> bool {
    const NEEDED: usize = 8;
    let open = (0..NEEDED).map(|_| std::fs::File::open("/dev/null"));
    open.collect::<Result<Vec<_>, _>>().is_ok()
}
