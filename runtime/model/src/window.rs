//! `W(t)`: which events count at an instant (semantics §2), said as predicates on single instants.
//!
//! Everything is computed in `i128`: no subtraction leaves the range.

use crate::calendar::{self, grid, period};
use featc_ir::{Excluding, Lateness, Source, Window, WindowKind};

/// `event_us ∈ W(t_us)`: `(t − length, t]` or `(−∞, t]`, without `t` itself when `excluding now`; with an offset the same
/// at `t − offset`. Of a window of events: where they are looked for; which are the last ones is decided with them at hand.
/// Whether an event is the question's own (`excluding self`) is decided on identities, not here.
pub fn contains(window: &Window, event_us: i64, t_us: i64) -> bool {
    let (event, t) = (i128::from(event_us), i128::from(t_us));
    let inside = match window.kind {
        WindowKind::Last { length_us } => t - i128::from(length_us) < event && event <= t,
        WindowKind::Lifetime => event <= t,
        WindowKind::Offset { length_us, offset_us } => {
            let end = t - i128::from(offset_us);
            event <= end && length_us.is_none_or(|length_us| end - i128::from(length_us) < event)
        }
        WindowKind::Events { max_us, .. } => event <= t && max_us.is_none_or(|max_us| t - i128::from(max_us) < event),
        WindowKind::Since { max_us } => t - i128::from(max_us) < event && event <= t,
        WindowKind::Grid {
            length_us,
            every_us,
            after_us,
            zone,
        } => {
            let (first, end) = grid(zone, every_us, length_us, t - i128::from(after_us));
            first <= event && event < end
        }
        WindowKind::This { unit, zone } => period(unit, zone, 0, t) <= event && event <= t,
        WindowKind::Past { count, unit, zone } => {
            period(unit, zone, count, t) <= event && event < period(unit, zone, 0, t)
        }
    };
    let excluded = match window.excluding {
        Excluding::Now => event == t,
        Excluding::Nothing | Excluding::SelfEvent => false,
    };
    inside && !excluded
}

/// Whether an event from before `begins_us` may lie in the window, when events are moved to after the source's time by up to
/// `moved_us`. A window that reaches back for ever means "since the source begins" and is never truncated. What is excluded
/// plays no role.
pub fn reaches_before(window: &Window, begins_us: i64, moved_us: u64, t_us: i64) -> bool {
    earliest_us(window, t_us).is_some_and(|earliest| earliest < i128::from(begins_us) + i128::from(moved_us))
}

/// The earliest instant that a window holds at `t`; `None`: there is none.
fn earliest_us(window: &Window, t_us: i64) -> Option<i128> {
    let t = i128::from(t_us);
    match window.kind {
        WindowKind::Last { .. } | WindowKind::Lifetime | WindowKind::Offset { .. } => Some(t - reach_us(window)? + 1),
        WindowKind::Events { .. } | WindowKind::Since { .. } => Some(t - reach_us(window)? + 1),
        WindowKind::Grid {
            length_us,
            every_us,
            after_us,
            zone,
        } => Some(grid(zone, every_us, length_us, t - i128::from(after_us)).0),
        WindowKind::This { unit, zone } => Some(period(unit, zone, 0, t)),
        WindowKind::Past { count, unit, zone } => Some(period(unit, zone, count, t)),
    }
}

/// How far back from `t` an event may lie, at most; `None`: for ever.
fn reach_us(window: &Window) -> Option<i128> {
    match window.kind {
        WindowKind::Last { length_us } => Some(i128::from(length_us)),
        WindowKind::Lifetime => None,
        WindowKind::Offset { length_us, offset_us } => {
            length_us.map(|length_us| i128::from(length_us) + i128::from(offset_us))
        }
        WindowKind::Events { max_us, .. } => max_us.map(i128::from),
        WindowKind::Since { max_us } => Some(i128::from(max_us)),
        WindowKind::Grid {
            length_us,
            every_us,
            after_us,
            zone,
        } => Some(i128::from(length_us) + i128::from(every_us) + i128::from(after_us) + calendar::put_back_us(zone)),
        WindowKind::This { unit, zone } => Some(calendar::reach_us(unit, zone, 0)),
        WindowKind::Past { count, unit, zone } => Some(calendar::reach_us(unit, zone, count)),
    }
}

/// How long the online state must be kept for a question asked up to one hour late: the window, and the lateness of
/// the source, and that hour. `None`: for ever.
pub fn retention_us(window: &Window, source: &Source) -> Option<i128> {
    const READ_SKEW_US: i128 = 3_600_000_000;
    let lateness = match source.lateness {
        Lateness::Unbounded => 0,
        Lateness::Within { bound_us } => i128::from(bound_us),
    };
    Some(reach_us(window)? + lateness + READ_SKEW_US)
}

/// Whether an event time lies in `(t − retention, t]`: an event there keeps an entity from being `missing`.
pub fn is_retained(retention_us: Option<i128>, event_us: i64, t_us: i64) -> bool {
    let (event, t) = (i128::from(event_us), i128::from(t_us));
    event <= t && retention_us.is_none_or(|retention| t - retention < event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_ir::Zone;

    const DAY: Window = Window {
        kind: WindowKind::Last { length_us: 10 },
        excluding: Excluding::Nothing,
    };

    #[test]
    fn the_left_edge_is_out_and_the_right_edge_is_in() {
        let times: Vec<i64> = (88..=102).filter(|time| contains(&DAY, *time, 100)).collect();
        assert_eq!(times, (91..=100).collect::<Vec<_>>());
    }

    #[test]
    fn excluding_now_takes_out_the_right_edge_only() {
        let window = Window {
            excluding: Excluding::Now,
            ..DAY
        };
        assert!(contains(&window, 99, 100) && !contains(&window, 100, 100));
        let lifetime = Window {
            kind: WindowKind::Lifetime,
            excluding: Excluding::Now,
        };
        assert!(contains(&lifetime, i64::MIN, 100) && !contains(&lifetime, 100, 100));
    }

    #[test]
    fn the_ends_of_time_do_not_wrap() {
        assert!(contains(&DAY, i64::MIN, i64::MIN));
        assert!(contains(&DAY, i64::MIN, i64::MIN + 9));
        assert!(!contains(&DAY, i64::MIN, i64::MIN + 10));
        let long = Window {
            kind: WindowKind::Last { length_us: i64::MAX },
            excluding: Excluding::Nothing,
        };
        assert!(contains(&long, i64::MIN, -2) && !contains(&long, i64::MIN, -1));
    }

    #[test]
    fn the_definition_equals_the_contract_of_the_ir() {
        for kind in [
            WindowKind::Last { length_us: 3 },
            WindowKind::Last { length_us: i64::MAX },
            WindowKind::Lifetime,
            WindowKind::Offset {
                length_us: Some(3),
                offset_us: 2,
            },
            WindowKind::Offset {
                length_us: Some(i64::MAX),
                offset_us: i64::MAX,
            },
            WindowKind::Offset {
                length_us: None,
                offset_us: 4,
            },
            WindowKind::Events {
                count: 1,
                max_us: Some(4),
            },
            WindowKind::Events { count: 1, max_us: None },
            WindowKind::Since { max_us: 4 },
            WindowKind::Grid {
                length_us: 3,
                every_us: 5,
                after_us: 0,
                zone: Zone::UTC,
            },
            WindowKind::Grid {
                length_us: i64::MAX,
                every_us: 7 * 86_400_000_000,
                after_us: 2,
                zone: Zone::UTC,
            },
        ] {
            for excluding in [Excluding::Nothing, Excluding::Now, Excluding::SelfEvent] {
                let window = Window { kind, excluding };
                for t in [i64::MIN, i64::MIN + 2, -2, 0, 7, i64::MAX] {
                    for e in [i64::MIN, i64::MIN + 1, -6, -5, -3, 0, 3, 4, 5, 7, 8, i64::MAX] {
                        assert_eq!(
                            contains(&window, e, t),
                            window.bounds().contain(e, t),
                            "{window} {e} {t}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn truncated_begins_one_microsecond_before_the_source_does() {
        // (90, 100] reaches back to 91.
        assert!(!reaches_before(&DAY, 91, 0, 100));
        assert!(reaches_before(&DAY, 92, 0, 100));
        // An event at 90 may be moved to 91, not to 92.
        assert!(reaches_before(&DAY, 91, 1, 100));
        assert!(!reaches_before(&DAY, 90, 1, 100));
        assert!(!reaches_before(
            &Window {
                kind: WindowKind::Lifetime,
                excluding: Excluding::Nothing
            },
            1_000,
            0,
            100
        ));
    }
}
