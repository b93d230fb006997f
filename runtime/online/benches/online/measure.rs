//! Latencies, memory, and the processor time of threads, where the system tells.

use std::collections::BTreeMap;

/// Latencies, and what stands at some part of them.
#[derive(Default)]
pub struct Latencies(pub Vec<u64>);

impl Latencies {
    pub fn told(&mut self) -> String {
        self.0.sort_unstable();
        let at = |part: f64| {
            let last = self.0.len().saturating_sub(1);
            let place = (last as f64 * part).round() as usize;
            self.0.get(place).copied().unwrap_or_default() as f64 / 1e3
        };
        format!(
            "{} of them, p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs, most {:.1} µs",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        )
    }
}

/// Bytes that the process has in memory.
pub fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4096
}

/// The processor time of this thread, in nanoseconds.
pub fn own() -> u64 {
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    ran.split(' ')
        .next()
        .and_then(|ran| ran.parse().ok())
        .unwrap_or_default()
}

/// The processor time of the threads that are there, by number, with their names; in nanoseconds.
pub fn processor() -> BTreeMap<String, (String, u64)> {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let thread = |thread: std::fs::DirEntry| {
        let ran = read(thread.path().join("schedstat"));
        let ran = ran.split(' ').next().and_then(|ran| ran.parse().ok());
        let name = read(thread.path().join("comm")).trim().to_owned();
        let number = thread.file_name().to_string_lossy().into_owned();
        (number, (name, ran.unwrap_or_default()))
    };
    threads.map(thread).collect()
}

/// What threads have used since `before`, by name, in seconds.
pub fn used_since(before: &BTreeMap<String, (String, u64)>) -> BTreeMap<String, f64> {
    let mut used: BTreeMap<String, f64> = BTreeMap::new();
    for (number, (name, ran)) in processor() {
        let known = before.get(&number).map_or(0, |(_, ran)| *ran);
        *used.entry(name).or_default() += (ran - known) as f64 / 1e9;
    }
    used
}
