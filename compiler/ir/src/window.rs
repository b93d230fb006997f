//! Windows: which events count at an instant `t`.
//!
//! A window is *bounds* in time, both monotone in `t`, or a *selection* from the events that lie within bounds: the last
//! so many of them. Nothing outside of this file knows lengths: whoever wants to know what a window holds asks
//! [`Window::bounds`] and [`Window::count`].

use serde::{Deserialize, Serialize};
use std::fmt;

/// A window, exact to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    pub kind: WindowKind,
    pub excluding: Excluding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// `(t − length, t]`, in microseconds; the length is positive.
    Last { length_us: i64 },
    /// Everything accepted up to and including `t`.
    Lifetime,
    /// What the window would be without an offset, at `t − offset`: `(t − offset − length, t − offset]`, or everything up
    /// to `t − offset`. Both are positive.
    Offset { length_us: Option<i64>, offset_us: i64 },
    /// The last `count` events by (τ, id, digest) in `(t − max, t]`, or up to `t`. Which events stand for the choice is
    /// decided by whoever asks: those that are visible and not excluded, and for which the `where` of the aggregate is
    /// true or an error. Both are positive.
    Events { count: u32, max_us: Option<i64> },
}

/// Bounds of event times at an instant `t`: `after(t) < τ ≤ until(t)`. Both are monotone in `t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounds {
    /// How long before `t` they end.
    offset_us: u64,
    /// Whether the last instant is left out.
    open: bool,
    /// How far back from `t` they reach; `None`: for ever. It comes last, so that bounds that end alike are neighbours.
    back_us: Option<u64>,
}

/// Sorts how far something reaches back, in microseconds; `None`, for ever, is furthest.
pub fn by_reach(reach_us: Option<u64>) -> (bool, u64) {
    (reach_us.is_none(), reach_us.unwrap_or(0))
}

impl Bounds {
    /// `(t − length, t]`, or everything up to `t`.
    pub fn lookback(length_us: Option<u64>) -> Bounds {
        Bounds {
            offset_us: 0,
            open: false,
            back_us: length_us,
        }
    }

    /// Events need `τ > after`. `None`: there is no bound (also where it would lie before all instants).
    #[inline]
    pub fn after(&self, t_us: i64) -> Option<i64> {
        self.back_us.and_then(|back| t_us.checked_sub_unsigned(back))
    }

    /// Events need `τ ≤ until`. `None`: no instant is so early.
    #[inline]
    pub fn until(&self, t_us: i64) -> Option<i64> {
        let until = t_us.checked_sub_unsigned(self.offset_us)?;
        if self.open { until.checked_sub(1) } else { Some(until) }
    }

    /// Whether an event time lies in them.
    pub fn contain(&self, event_us: i64, t_us: i64) -> bool {
        // Law: windows_are_between (proofs/theory/Laws.v)
        // Law: lifetime_is_until (proofs/theory/Laws.v)
        self.until(t_us).is_some_and(|until| event_us <= until) && self.after(t_us).is_none_or(|after| event_us > after)
    }

    /// How far they reach back from `t`, in microseconds; `None`: for ever.
    pub fn reach_us(&self) -> Option<u64> {
        self.back_us
    }

    /// Sorts by how far they reach back: for ever is furthest.
    pub fn by_reach(&self) -> (bool, u64) {
        by_reach(self.back_us)
    }

    /// Whether they hold `t` itself.
    pub fn hold_now(&self) -> bool {
        self.offset_us == 0 && !self.open
    }

    /// Whether others end where these do, at every `t`.
    pub fn end_as(&self, other: &Bounds) -> bool {
        (self.offset_us, self.open) == (other.offset_us, other.open)
    }

    /// All that end as these do, at every `t`.
    #[must_use]
    pub fn ending(&self) -> Bounds {
        Bounds { back_us: None, ..*self }
    }

    /// Whether others reach back at least as far, at every `t`.
    pub fn start_within(&self, other: &Bounds) -> bool {
        match (self.back_us, other.back_us) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(others)) => own <= others,
        }
    }
}

/// What is taken out of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excluding {
    Nothing,
    /// Events with event time = `t`.
    Now,
    /// The events whose `unique` columns equal the question's columns of the same names
    /// (a question with a null among them excludes nothing).
    SelfEvent,
}

impl WindowKind {
    /// The bounds, whatever is excluded.
    pub fn bounds(self) -> Bounds {
        match self {
            WindowKind::Last { length_us } => Bounds::lookback(Some(length_us.unsigned_abs())),
            WindowKind::Lifetime => Bounds::lookback(None),
            WindowKind::Offset { length_us, offset_us } => Bounds {
                offset_us: offset_us.unsigned_abs(),
                open: false,
                // Two positive numbers of 63 bits.
                back_us: length_us.map(|length| length.unsigned_abs() + offset_us.unsigned_abs()),
            },
            WindowKind::Events { max_us, .. } => Bounds::lookback(max_us.map(i64::unsigned_abs)),
        }
    }

    /// Whether its numbers are in range.
    pub fn is_valid(self) -> bool {
        let is_positive = |us: Option<i64>| us.is_none_or(|us| us > 0);
        match self {
            WindowKind::Last { length_us } => length_us > 0,
            WindowKind::Lifetime => true,
            WindowKind::Offset { length_us, offset_us } => is_positive(length_us) && offset_us > 0,
            WindowKind::Events { count, max_us } => count > 0 && is_positive(max_us),
        }
    }
}

impl Window {
    /// The bounds in time. What identities exclude ([`Excluding::SelfEvent`]), and how many events are chosen
    /// ([`Window::count`]), is not decided by them.
    pub fn bounds(&self) -> Bounds {
        let bounds = self.kind.bounds();
        Bounds {
            open: self.excluding == Excluding::Now && bounds.offset_us == 0,
            ..bounds
        }
    }

    /// How many events within the bounds it holds at most, the last ones; `None`: all of them.
    pub fn count(&self) -> Option<u32> {
        match self.kind {
            WindowKind::Events { count, .. } => Some(count),
            WindowKind::Last { .. } | WindowKind::Lifetime | WindowKind::Offset { .. } => None,
        }
    }
}

/// Prints a length in the largest unit that divides it: `90m`, `7d`, `250ms`.
pub fn format_duration(us: i64) -> String {
    const UNITS: [(i64, &str); 6] = [
        (86_400_000_000, "d"),
        (3_600_000_000, "h"),
        (60_000_000, "m"),
        (1_000_000, "s"),
        (1_000, "ms"),
        (1, "us"),
    ];
    if us == 0 {
        return "0s".to_owned();
    }
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| us % unit == 0).unwrap_or((1, "us"));
    format!("{}{name}", us / unit)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            WindowKind::Last { length_us } => write!(f, "over {}", format_duration(length_us))?,
            WindowKind::Lifetime => f.write_str("over lifetime")?,
            WindowKind::Offset { length_us, offset_us } => {
                let length = length_us.map_or("lifetime".to_owned(), format_duration);
                write!(f, "over {length} offset {}", format_duration(offset_us))?;
            }
            WindowKind::Events { count, max_us } => {
                write!(f, "over {count} events")?;
                if let Some(max_us) = max_us {
                    write!(f, " max {}", format_duration(max_us))?;
                }
            }
        }
        match self.excluding {
            Excluding::Nothing => Ok(()),
            Excluding::Now => f.write_str(" excluding now"),
            Excluding::SelfEvent => f.write_str(" excluding self"),
        }
    }
}
