//! W01xx to W04xx: what is allowed but probably not meant.

use featc_ir::window::format_duration;
use featc_syntax::diag::{Code, Diagnostic, Span};

/// W0101: a transform that nothing reads.
#[derive(Debug)]
pub struct UnusedTransform<'a> {
    pub name: &'a str,
    pub at: Span,
}

impl UnusedTransform<'_> {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::UnusedTransform,
            format!("nothing reads transform `{}`", self.name),
            self.at,
            "declared here",
        )
        .with_help("remove it, or read it in a view")
    }
}

/// W0102: a view without an owner.
#[derive(Debug)]
pub struct NoOwner<'a> {
    pub view: &'a str,
    pub at: Span,
}

impl NoOwner<'_> {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::NoOwner,
            format!("view `{}` has no owner", self.view),
            self.at,
            "whom to ask about its features?",
        )
        .with_help("add a line such as `owner \"payments\"`")
    }
}

/// W0103: features without a doc line.
#[derive(Debug)]
pub struct UndocumentedFeatures<'a> {
    pub view: &'a str,
    pub features: &'a [String],
    pub at: Span,
}

impl UndocumentedFeatures<'_> {
    pub fn report(self) -> Diagnostic {
        const SHOWN: usize = 8;
        let shown = super::list(&self.features[..self.features.len().min(SHOWN)]);
        let names = match self.features.len().checked_sub(SHOWN) {
            None | Some(0) => shown,
            Some(more) => format!("{shown}, and {more} more"),
        };
        Diagnostic::at(
            Code::UndocumentedFeatures,
            format!("features of view `{}` without a doc line", self.view),
            self.at,
            "the first of them",
        )
        .with_note(format!("without a doc line: {names}"))
        .with_help("write a line `/// …` before each")
    }
}

/// W0301: an expression reads an instant that may lie after the event time.
#[derive(Debug)]
pub struct ReadsAhead<'a> {
    pub column: &'a str,
    pub time: &'a str,
    pub at: Span,
    pub column_at: Span,
    /// Whether a transform reads it; otherwise a view does.
    pub in_transform: bool,
}

impl ReadsAhead<'_> {
    pub fn report(self) -> Diagnostic {
        let (column, time) = (self.column, self.time);
        let place = if self.in_transform {
            "behind `from`"
        } else {
            "in a transform before the view"
        };
        Diagnostic::at(
            Code::ReadsAhead,
            format!("`{column}` may be later than the event"),
            self.at,
            "not yet known at the event's time?",
        )
        .with_label(self.column_at, "another instant of the same row")
        .with_note(format!(
            "the event counts from `{time}` on, as if everything in its row were known then"
        ))
        .with_help(format!(
            "say {place} when the row is known and how much later that may be: `at {column} within 2d`; or `at {time}` if \
             `{column}` is never later"
        ))
    }
}

/// W0302: an `at` that may lie before the source's time.
#[derive(Debug)]
pub struct MayMoveBack<'a> {
    /// The expression as written.
    pub text: &'a str,
    pub time: &'a str,
    pub at: Span,
}

impl MayMoveBack<'_> {
    pub fn report(self) -> Diagnostic {
        let (text, time) = (self.text, self.time);
        Diagnostic::at(
            Code::MayMoveBack,
            format!("`{text}` may lie before `{time}`, the source's time"),
            self.at,
            "rows where it does are rejected",
        )
        .with_note("an event cannot count before it happens")
        .with_help(format!(
            "say how much later it may lie, for example `at {text} within 2d`: then rows outside of that are rejected as \
             meant; or keep them out with a step `where {text} >= {time}`"
        ))
    }
}

/// W0401: two features of a view that mean the same.
#[derive(Debug)]
pub struct TwinFeatures<'a> {
    pub name: &'a str,
    pub twin: &'a str,
    pub at: Span,
    pub twin_at: Span,
}

impl TwinFeatures<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("feature `{}` means the same as `{}`", self.name, self.twin);
        Diagnostic::at(Code::TwinFeatures, message, self.at, "always equal")
            .with_label(self.twin_at, "its twin")
            .with_help("remove one of them")
    }
}

/// W0303: a view whose source is always further behind than the view's `ttl`.
#[derive(Debug)]
pub struct AlwaysStale<'a> {
    pub view: &'a str,
    pub source: &'a str,
    pub ttl_us: u64,
    pub delay_us: u64,
    pub at: Span,
    pub source_at: Span,
}

impl AlwaysStale<'_> {
    pub fn report(self) -> Diagnostic {
        let words = |us: u64| format_duration(i64::try_from(us).unwrap_or(i64::MAX));
        let (ttl, delay) = (words(self.ttl_us), words(self.delay_us));
        Diagnostic::at(
            Code::AlwaysStale,
            format!("every answer of view `{}` is stale, and so null", self.view),
            self.at,
            format!("shorter than the delay {delay}"),
        )
        .with_label(self.source_at, format!("`{}` is always {delay} behind", self.source))
        .with_help(format!(
            "write a `ttl` of at least {delay}, or a `delay` of at most {ttl}: a `ttl` is about the delay, not about how \
             old events are"
        ))
    }
}

/// W0304: a part of the calendar of an instant, in UTC, of a source that says a zone.
#[derive(Debug)]
pub struct CalendarInUtc<'a> {
    pub function: &'a str,
    /// The argument as it is written.
    pub text: &'a str,
    pub zone: &'a str,
    pub at: Span,
}

impl CalendarInUtc<'_> {
    pub fn report(self) -> Diagnostic {
        let (function, text) = (self.function, self.text);
        Diagnostic::at(
            Code::CalendarInUtc,
            format!("`{function}` is in UTC, and the source's zone is `{}`", self.zone),
            self.at,
            "in UTC",
        )
        .with_note("`zone` says how instants are read that have no offset; it moves no function of the calendar")
        .with_help(format!(
            "write the local value into the file as a column of its own; or move the instant by a fixed offset: \
             `{function}({text} + 1h)`, and `{function}({text} + 0h)` if UTC is meant"
        ))
    }
}

/// W0402: a `where` that chooses the last events, in a feature that seems to ask it of them.
#[derive(Debug)]
pub struct ChosenByCondition<'a> {
    /// As written.
    pub condition: &'a str,
    pub events: u32,
    /// Whether aggregates of the feature have different ones.
    pub differ: bool,
    pub at: Span,
}

impl ChosenByCondition<'_> {
    pub fn report(self) -> Diagnostic {
        let Self { condition, events, .. } = self;
        let message = if self.differ {
            format!("`where` chooses the events of `over {events} events`: the aggregates are about different events")
        } else {
            format!(
                "`where` chooses the events of `over {events} events`: from {events} on the count is always {events}"
            )
        };
        Diagnostic::at(
            Code::ChosenByCondition,
            message,
            self.at,
            format!("the last {events} events for which this is true"),
        )
        .with_help(format!(
            "to ask it of the last {events} events, write `mean(if({condition}, 1, 0))` for the share and \
             `sum(if({condition}, 1, 0))` for the number"
        ))
    }
}
