//! How far back of a question events count.

use featc_ir::plan::FoldSpec;

/// The longest of windows and lookbacks, in microseconds: an event with τ ≤ t − reach plays no role at `t` or later.
/// `None`: every event plays one for ever. What a graph keeps is no less.
pub(crate) fn reach_us(spec: &FoldSpec) -> Option<u64> {
    let windows = spec.windows.iter().map(|window| window.bounds().reach_us());
    let reaches = windows.chain(spec.presence.iter().copied());
    reaches
        .into_iter()
        .try_fold(0, |longest: u64, reach| Some(longest.max(reach?)))
}

/// Up to where events may be released when every question to come is asked at `t_us` or later.
pub(crate) fn floor_us(reach_us: Option<u64>, t_us: i64) -> Option<i64> {
    t_us.checked_sub_unsigned(reach_us?)
}
