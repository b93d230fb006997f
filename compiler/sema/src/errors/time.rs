//! E03xx: time, windows, lateness.

use featc_ir::Type;
use featc_ir::window::format_duration;
use featc_syntax::diag::{Code, Diagnostic, Span};

/// E0301: an event time or arrival that is not a timestamp.
#[derive(Debug)]
pub struct NotATimestamp {
    /// `time`, `arrival`, `at`
    pub clause: &'static str,
    pub ty: Type,
    pub at: Span,
    pub declared: Option<Span>,
}

impl NotATimestamp {
    pub fn report(self) -> Diagnostic {
        let message = format!("`{}` needs a timestamp, this is {}", self.clause, self.ty);
        let mut diagnostic = Diagnostic::at(Code::NotATimestamp, message, self.at, format!("{}", self.ty));
        if let Some(declared) = self.declared {
            diagnostic = diagnostic.with_label(declared, "declared here");
        }
        diagnostic.with_help(match (self.clause, self.ty) {
            ("at", Type::Date) => "write `cast(… as timestamp)`",
            ("at", Type::Int64) => "write `cast(… as timestamp)` if it counts microseconds since 1970",
            (_, Type::Date | Type::Int64 | Type::String | Type::Float64) => {
                "name a column that is declared as `timestamp`; where the file has none, write one into it, such as `2025-01-31T12:00:00Z`: this release converts no column to an event time"
            }
            _ => "name a column that is declared as `timestamp`",
        })
    }
}

/// E0302: a bound on lateness without knowing when events arrive.
#[derive(Debug)]
pub struct LatenessWithoutArrival<'a> {
    pub source: &'a str,
    pub at: Span,
}

impl LatenessWithoutArrival<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("source `{}` bounds lateness but has no arrival", self.source);
        Diagnostic::at(
            Code::LatenessWithoutArrival,
            message,
            self.at,
            "late compared with what?",
        )
        .with_help("say when events are known, for example `arrival ingested_at` or `arrival time + 5m`")
    }
}

/// E0303: a lifetime window over a source that does not say how late events may be.
#[derive(Debug)]
pub struct LifetimeWithoutLateness<'a> {
    /// `lifetime window`, or what else reaches back for ever.
    pub window: &'a str,
    pub source: &'a str,
    pub at: Span,
    pub source_at: Span,
}

impl LifetimeWithoutLateness<'_> {
    pub fn report(self) -> Diagnostic {
        let (window, source) = (self.window, self.source);
        let message = format!("{window} over source `{source}`, which has no lateness");
        Diagnostic::at(
            Code::LifetimeWithoutLateness,
            message,
            self.at,
            "identities would be kept for ever",
        )
        .with_label(self.source_at, "the source is declared here")
        .with_help(
            "write `lateness 24h` in the source, or `lateness unbounded` if that is meant; if its rows never change, write \
             `static` and no `arrival`",
        )
    }
}

/// E0307: an expression or key that reads the arrival.
#[derive(Debug)]
pub struct ReadsArrival<'a> {
    pub column: &'a str,
    pub at: Span,
    pub column_at: Span,
}

impl ReadsArrival<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("`{}` is the arrival, which is no part of the event", self.column);
        Diagnostic::at(
            Code::ReadsArrival,
            message,
            self.at,
            "two copies of one event may differ here",
        )
        .with_label(self.column_at, "declared here")
        .with_help("read another column; when an event was known is decided by the truth that is asked")
    }
}

/// E0308: an arrival that is also the event time or part of the identity.
#[derive(Debug)]
pub struct ArrivalIsIdentity<'a> {
    pub column: &'a str,
    /// `time`, `unique`
    pub clause: &'static str,
    pub at: Span,
}

impl ArrivalIsIdentity<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("`{}` is the arrival and stands in `{}` too", self.column, self.clause);
        let help = match self.clause {
            "time" => "if nothing says when a row was known, name a lag that is sure to be enough: `arrival time + 5m`",
            _ => "take the arrival out of `unique`: copies of an event may arrive at different times",
        };
        Diagnostic::at(Code::ArrivalIsIdentity, message, self.at, "arrival").with_help(help)
    }
}

/// E0420: a source whose rows never change, and a clause about when they come in.
#[derive(Debug)]
pub struct StaticAndComing<'a> {
    pub source: &'a str,
    /// `arrival`, `delay`, `lateness`, `skew`
    pub clause: &'static str,
    pub at: Span,
    pub static_at: Span,
}

impl StaticAndComing<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("source `{}` is static and has `{}`", self.source, self.clause);
        Diagnostic::at(Code::StaticAndComing, message, self.at, "says when rows come in")
            .with_label(self.static_at, "says that they were always there")
            .with_help(format!(
                "remove `static` if rows come in or change with time, else remove `{}`",
                self.clause
            ))
    }
}

/// E0309: a zone that the time zone database does not have.
#[derive(Debug)]
pub struct UnknownZone<'a> {
    pub zone: &'a str,
    pub at: Span,
    pub nearest: Option<&'a str>,
}

impl UnknownZone<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("unknown time zone `{}`", self.zone);
        let diagnostic = Diagnostic::at(Code::UnknownZone, message, self.at, "not in the time zone database");
        match self.nearest {
            Some(near) => {
                let whole = format!("\"{near}\"");
                diagnostic.with_edit(format!("did you mean `{whole}`?"), self.at, whole)
            }
            None => {
                diagnostic.with_help("write a name of the IANA database, for example `\"Europe/Paris\"` or `\"UTC\"`")
            }
        }
    }
}

/// E0310: an `at` that lies before the source's time in every row.
#[derive(Debug)]
pub struct MovedBack<'a> {
    /// The expression as written.
    pub text: &'a str,
    pub time: &'a str,
    pub at: Span,
}

impl MovedBack<'_> {
    pub fn report(self) -> Diagnostic {
        let (text, time) = (self.text, self.time);
        let message = format!("`{text}` always lies before `{time}`, the source's time");
        Diagnostic::at(Code::MovedBack, message, self.at, "an event cannot count before it happens")
            .with_help("remove `at …`: events then count from the source's time on; what happened earlier than that is a matter of the source's `time` clause")
    }
}

/// E0311: an `at` without a bound over a source that says when it begins.
#[derive(Debug)]
pub struct UnboundedMove<'a> {
    /// The expression as written.
    pub text: &'a str,
    pub source: &'a str,
    pub at: Span,
    pub source_at: Span,
}

impl UnboundedMove<'_> {
    pub fn report(self) -> Diagnostic {
        let text = self.text;
        let message = format!(
            "source `{}` has `begins`, and nothing says how much later than its time `{text}` may lie",
            self.source
        );
        Diagnostic::at(
            Code::UnboundedMove,
            message,
            self.at,
            "by how much does it move events?",
        )
        .with_label(self.source_at, "the source is declared here")
        .with_note("an event from before `begins` may be missing in any window that it could be moved into")
        .with_help(format!(
            "say how far at most, for example `at {text} within 2d`; rows that are moved further are rejected"
        ))
    }
}

/// E0312: an `at` that lies later than the source's time by more than its `within` allows, in every row.
#[derive(Debug)]
pub struct MovedTooFar<'a> {
    /// The expression as written.
    pub text: &'a str,
    pub least_us: i64,
    /// Of the `within`.
    pub at: Span,
}

impl MovedTooFar<'_> {
    pub fn report(self) -> Diagnostic {
        let least = format_duration(self.least_us);
        let message = format!("`{}` always lies at least {least} after the source's time", self.text);
        let whole = format!("within {least}");
        Diagnostic::at(Code::MovedTooFar, message, self.at, "every row would be rejected").with_edit(
            format!("write `{whole}` or more"),
            self.at,
            whole,
        )
    }
}

/// E0304: a length of time that must be positive.
#[derive(Debug)]
pub struct ZeroLength {
    /// `window`, `offset`, `max`, `ttl`
    pub what: &'static str,
    pub at: Span,
}

impl ZeroLength {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::ZeroLength,
            format!("{} of no length", self.what),
            self.at,
            "must be longer than nothing",
        )
        .with_help("write a positive duration, for example `1h`")
    }
}

/// E0313: a window of no events, or of more than can be counted.
#[derive(Debug)]
pub struct EventsOutOfRange {
    pub value: u64,
    pub at: Span,
}

impl EventsOutOfRange {
    pub fn report(self) -> Diagnostic {
        let message = format!("window of {} events", self.value);
        Diagnostic::at(Code::EventsOutOfRange, message, self.at, "out of range").with_help(
            "write a number from 1 to 4294967295; all events since the source begins are `over lifetime`, and all of the last 30 days `over 30d`",
        )
    }
}

/// E0314: `excluding now` from a window that ends before now.
#[derive(Debug)]
pub struct NothingToExclude<'a> {
    pub at: Span,
    /// As written.
    pub offset: &'a str,
    pub offset_at: Span,
}

impl NothingToExclude<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("`excluding now` from a window that ends {} earlier", self.offset);
        Diagnostic::at(Code::NothingToExclude, message, self.at, "takes nothing out")
            .with_label(self.offset_at, "the window ends so long before the question")
            .with_edit("remove it", self.at, "")
    }
}

/// E0305: an aggregate without a window.
#[derive(Debug)]
pub struct MissingWindow<'a> {
    pub feature: &'a str,
    pub at: Span,
    pub aggregate: &'a str,
}

impl MissingWindow<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("feature `{}` aggregates without a window", self.feature);
        Diagnostic::at(
            Code::MissingWindow,
            message,
            self.at,
            format!("`{}` over which events?", self.aggregate),
        )
        .with_help("end the feature with a window, for example `over 7d` or `over lifetime`")
    }
}

/// E0306: a window without an aggregate.
#[derive(Debug)]
pub struct WindowWithoutAggregate<'a> {
    pub feature: &'a str,
    pub at: Span,
}

impl WindowWithoutAggregate<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("feature `{}` has a window but aggregates nothing", self.feature);
        Diagnostic::at(
            Code::WindowWithoutAggregate,
            message,
            self.at,
            "nothing is folded over it",
        )
        .with_help("remove `over`: a derived feature uses the windows of the features that it reads")
    }
}
