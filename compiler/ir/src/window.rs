//! Windows: which events count at an instant `t`.

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

impl Window {
    /// The first instant that is *not* in the window on the left: events need `τ > after_us`.
    /// `None` when the window reaches back for ever (also when the subtraction leaves the number range).
    pub fn after_us(&self, t_us: i64) -> Option<i64> {
        match self.kind {
            WindowKind::Last { length_us } => t_us.checked_sub(length_us),
            WindowKind::Lifetime => None,
        }
    }

    /// Whether an event time lies in the window asked at `t_us`. `SelfEvent` is decided on identities, not here.
    pub fn contains(&self, event_us: i64, t_us: i64) -> bool {
        // Law: windows_are_between (proofs/theory/Laws.v)
        // Law: lifetime_is_until (proofs/theory/Laws.v)
        let right = match self.excluding {
            Excluding::Now => event_us < t_us,
            Excluding::Nothing | Excluding::SelfEvent => event_us <= t_us,
        };
        right && self.after_us(t_us).is_none_or(|after| event_us > after)
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
        }
        match self.excluding {
            Excluding::Nothing => Ok(()),
            Excluding::Now => f.write_str(" excluding now"),
            Excluding::SelfEvent => f.write_str(" excluding self"),
        }
    }
}
