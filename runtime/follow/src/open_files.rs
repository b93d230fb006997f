//! How many files may be open: half of what the process may have is for files that are followed, the rest for connections,
//! the log and checkpoints.

use rlimit::Resource;
use std::io;

/// Of a process that may have any number of files open.
const MOST: u64 = 1 << 16;
/// What the system says of a process, and of itself, that has no more room for open files.
const NO_MORE: [i32; 2] = [24, 23];

/// How many files the process may have open: `ulimit -n`.
pub fn limit() -> u64 {
    Resource::NOFILE.get().map_or(MOST, |(soft, _)| soft.min(MOST))
}

/// Lets the process have as many files open as the system allows it: `ulimit -Hn` in place of `ulimit -n`.
pub fn raise_limit() {
    // Where it is refused, the limit stays as it is, and is kept to.
    let _refused = rlimit::increase_nofile_limit(MOST);
}

/// How many files of text each of so many sources keeps open.
pub(crate) fn of_each(sources: usize) -> usize {
    let half = usize::try_from(limit() / 2).unwrap_or(usize::MAX);
    (half / sources.max(1)).max(4)
}

/// What to say of a file that cannot be opened, and what to do.
pub(crate) fn unopened(name: &str, error: &io::Error) -> (String, &'static str) {
    match error.raw_os_error() {
        Some(number) if NO_MORE.contains(&number) => (
            format!(
                "no more files can be opened: there may be {} at a time (`ulimit -n`)",
                limit()
            ),
            "start the server with a higher `ulimit -n`: what could not be opened is tried again",
        ),
        _ => (format!("`{name}`: {}", featr::plain(error)), "mend the file"),
    }
}
