//! How far back of a question events count.

/// Up to where events may be released when every question to come is asked at `t_us` or later.
pub(crate) fn floor_us(reach_us: Option<u64>, t_us: i64) -> Option<i64> {
    t_us.checked_sub_unsigned(reach_us?)
}
