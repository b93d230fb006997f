//! E01xx: names.

use super::did_you_mean;
use super::functions::NO_CLOCK;
use featc_syntax::diag::{Code, Diagnostic, Span};

/// What kind of thing a name stands for, in the words of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Entity,
    Source,
    Transform,
    View,
    Service,
}

impl Kind {
    /// `entity`, …
    pub fn word(self) -> &'static str {
        match self {
            Kind::Entity => "entity",
            Kind::Source => "source",
            Kind::Transform => "transform",
            Kind::View => "view",
            Kind::Service => "service",
        }
    }
}

/// E0101: two items of one namespace share a name.
#[derive(Debug)]
pub struct DuplicateItem<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub at: Span,
    pub first: Span,
    pub first_kind: Kind,
}

impl DuplicateItem<'_> {
    pub fn report(self) -> Diagnostic {
        let (kind, name) = (self.kind.word(), self.name);
        Diagnostic::at(
            Code::DuplicateItem,
            format!("{kind} `{name}` is declared twice"),
            self.at,
            "second declaration",
        )
        .with_label(
            self.first,
            format!("first declared here, as a {}", self.first_kind.word()).replace("a entity", "an entity"),
        )
        .with_help(format!("give this {kind} a name of its own"))
    }
}

/// What E0101 says of two files of a folder.
#[derive(Debug)]
pub struct SeveralPrograms {
    /// Further names that both files declare.
    pub more: usize,
}

impl SeveralPrograms {
    pub fn added(self, duplicate: Diagnostic) -> Diagnostic {
        let more = match self.more {
            0 => String::new(),
            1 => "; one more name is in both files".to_owned(),
            more => format!("; {more} more names are in both files"),
        };
        duplicate
            .with_note(format!("the `.feat` files of a folder are one program{more}"))
            .with_help(
                "if these are two programs, name one file instead of the folder, or give each a folder of its own",
            )
    }
}

/// E0102: a column, key or `let` name appears twice in one row.
#[derive(Debug)]
pub struct DuplicateColumn<'a> {
    pub name: &'a str,
    pub at: Span,
    pub first: Span,
}

impl DuplicateColumn<'_> {
    pub fn report(self) -> Diagnostic {
        let name = self.name;
        Diagnostic::at(
            Code::DuplicateColumn,
            format!("the row has a column `{name}` already"),
            self.at,
            "declared again",
        )
        .with_label(self.first, "first declared here")
        .with_help("choose another name: columns are never redefined")
    }
}

/// E0103: two features of a view share a name, possibly after a list of windows was expanded.
#[derive(Debug)]
pub struct DuplicateFeature<'a> {
    /// Both come from the windows of one feature.
    pub same: bool,
    pub view: &'a str,
    pub name: &'a str,
    pub at: Span,
    pub first: Span,
}

impl DuplicateFeature<'_> {
    pub fn report(self) -> Diagnostic {
        let (view, name) = (self.view, self.name);
        if self.same {
            return Diagnostic::at(
                Code::DuplicateFeature,
                format!("view `{view}` has two features `{name}`"),
                self.at,
                "the same window again",
            )
            .with_label(self.first, "listed here first")
            .with_help("remove one of the two windows");
        }
        Diagnostic::at(
            Code::DuplicateFeature,
            format!("view `{view}` has two features `{name}`"),
            self.at,
            "makes it again",
        )
        .with_label(self.first, "made here first")
        .with_note("a list of windows makes one feature per window, named with `_` and the window as written")
        .with_help("rename one of them")
    }
}

/// E0104: a service lists a field twice.
#[derive(Debug)]
pub struct DuplicateField<'a> {
    pub service: &'a str,
    pub field: &'a str,
    pub at: Span,
    pub first: Span,
}

impl DuplicateField<'_> {
    pub fn report(self) -> Diagnostic {
        let (service, field) = (self.service, self.field);
        Diagnostic::at(
            Code::DuplicateField,
            format!("service `{service}` lists `{field}` twice"),
            self.at,
            "brings it again",
        )
        .with_label(self.first, "listed here first")
        .with_help("remove one of the two, or narrow the pattern")
    }
}

/// What a source lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Columns,
    Unique,
    Time,
    /// Of a source that is `static`.
    TimeOfStatic,
    /// `unique all` of a source whose only column is its arrival.
    Identity,
}

/// E0105: a source without a clause that every source needs.
#[derive(Debug)]
pub struct MissingClause<'a> {
    pub source: &'a str,
    pub what: Missing,
    pub at: Span,
}

impl MissingClause<'_> {
    pub fn report(self) -> Diagnostic {
        let (what, help) = match self.what {
            Missing::Columns => (
                "columns",
                "list them, for example `columns (card: string, amount: int64, at: timestamp)`",
            ),
            Missing::Unique => (
                "identity",
                "say which columns identify an event, for example `unique event_id`, or `unique all`",
            ),
            Missing::Time => ("event time", "say which column it is, for example `time event_at`"),
            Missing::TimeOfStatic => (
                "event time",
                "a static source needs one too, from which on a row holds: write a column of one old instant into the file, \
                 such as `2000-01-01T00:00:00Z`, and name it, for example `time since`",
            ),
            Missing::Identity => ("identity", "declare at least one column beside the arrival"),
        };
        Diagnostic::at(
            Code::MissingClause,
            format!("source `{}` has no {what}", self.source),
            self.at,
            if self.what == Missing::Identity {
                "takes every column but the arrival"
            } else {
                "declared here"
            },
        )
        .with_help(help)
    }
}

/// E0106: a `from` that names neither a source nor a transform.
#[derive(Debug)]
pub struct UnknownRows<'a> {
    pub name: &'a str,
    pub at: Span,
    pub nearest: Option<&'a str>,
}

impl UnknownRows<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("unknown source or transform `{}`", self.name);
        let diagnostic = Diagnostic::at(
            Code::UnknownRows,
            message,
            self.at,
            "no source and no transform has this name",
        );
        did_you_mean(
            diagnostic,
            self.at,
            self.nearest,
            "declare it with `source` or `transform`",
        )
    }
}

/// What reads a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// A `from`, and what the view itself reads.
    From { rows: &'a str },
    /// An expression, with a feature of the view.
    Expression { feature: &'a str },
}

/// E0117: a view, or an expression, that reads a view.
#[derive(Debug)]
pub struct ViewReadsView<'a> {
    pub view: &'a str,
    pub reader: Reader<'a>,
    pub at: Span,
}

impl ViewReadsView<'_> {
    pub fn report(self) -> Diagnostic {
        let (view, at) = (self.view, self.at);
        match self.reader {
            Reader::From { rows } => {
                let message = format!("`{view}` is a view: rows come from a source or a transform");
                let help = format!("read what `{view}` reads: write `{rows}`");
                Diagnostic::at(Code::ViewReadsView, message, at, "a view has no rows").with_edit(help, at, rows)
            }
            Reader::Expression { feature } => {
                let message = format!("`{feature}` is of view `{view}`: views do not read each other");
                let help = format!(
                    "declare the feature in this view too, if it is of the same entity; or list both views in a service, and combine `{view}__{feature}` where its answers are used"
                );
                Diagnostic::at(Code::ViewReadsView, message, at, "of another view").with_help(help)
            }
        }
    }
}

/// What stands before a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// What the name belongs to anyway.
    Own,
    /// A source or transform that the row does not come from.
    OtherRows,
    /// Anything else.
    Unknown,
}

/// E0118: a name with a dot.
#[derive(Debug)]
pub struct NameWithDot<'a> {
    /// As written.
    pub whole: &'a str,
    pub first: &'a str,
    pub last: &'a str,
    pub before: Before,
    pub at: Span,
}

impl NameWithDot<'_> {
    pub fn report(self) -> Diagnostic {
        let Self {
            whole, first, last, at, ..
        } = self;
        let message = format!("`{whole}`: names have no dots");
        let diagnostic = |label: &str| Diagnostic::at(Code::NameWithDot, message.clone(), at, label);
        match self.before {
            Before::Own => diagnostic("what it belongs to is known").with_edit(format!("write `{last}`"), at, last),
            Before::OtherRows => diagnostic("of rows that are not read here").with_help(format!(
                "joins are not in this release: join `{first}` in the file, or make a view of it and list both views in a service"
            )),
            Before::Unknown if part_of_calendar(last).is_some() => {
                let call = format!("{}({first})", part_of_calendar(last).unwrap_or_default());
                diagnostic("a function, not a field").with_edit(format!("write `{call}`"), at, call)
            }
            Before::Unknown => diagnostic("nested columns are not in this release")
                .with_help(format!("write it into the file as a column of its own, for example `{first}_{last}`")),
        }
    }
}

/// The function for what other languages write as a field of an instant.
fn part_of_calendar(field: &str) -> Option<&'static str> {
    Some(match field {
        "year" => "year",
        "month" => "month",
        "day" => "day_of_month",
        "hour" => "hour",
        "minute" => "minute",
        "date" => "date",
        "weekday" | "dayofweek" | "day_of_week" => "day_of_week",
        "dayofyear" | "day_of_year" => "day_of_year",
        _ => return None,
    })
}

/// E0107: a view of an entity that is not declared.
#[derive(Debug)]
pub struct UnknownEntity<'a> {
    pub name: &'a str,
    pub at: Span,
    pub nearest: Option<&'a str>,
}

impl UnknownEntity<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("unknown entity `{}`", self.name);
        let diagnostic = Diagnostic::at(Code::UnknownEntity, message, self.at, "no entity has this name");
        let help = format!("declare it, for example `entity {} (id: string)`", self.name);
        did_you_mean(diagnostic, self.at, self.nearest, &help)
    }
}

/// E0108: a service that lists a view that is not declared.
#[derive(Debug)]
pub struct UnknownView<'a> {
    pub name: &'a str,
    pub at: Span,
    pub nearest: Option<&'a str>,
}

impl UnknownView<'_> {
    pub fn report(self) -> Diagnostic {
        let diagnostic = Diagnostic::at(
            Code::UnknownView,
            format!("unknown view `{}`", self.name),
            self.at,
            "no view has this name",
        );
        did_you_mean(
            diagnostic,
            self.at,
            self.nearest,
            "write the name of a view of this module",
        )
    }
}

/// E0109: a feature that the view does not have.
#[derive(Debug)]
pub struct UnknownFeature<'a> {
    pub view: &'a str,
    pub name: &'a str,
    pub at: Span,
    pub nearest: Option<&'a str>,
    pub view_at: Span,
}

impl UnknownFeature<'_> {
    pub fn report(self) -> Diagnostic {
        if let Some(diagnostic) = not_a_name(self.name, self.at) {
            return diagnostic;
        }
        if matches!(self.name, "timestamp" | "now" | "today") {
            let message = format!(
                "`{}`: the instant of the question is not in expressions of this release",
                self.name
            );
            return Diagnostic::at(Code::UnknownFeature, message, self.at, "no feature")
                .with_help("compute with it where the answers are used; `time_since_last()` measures from it");
        }
        let label = format!("no such feature in view `{}`", self.view);
        let diagnostic = Diagnostic::at(
            Code::UnknownFeature,
            format!("unknown feature `{}`", self.name),
            self.at,
            label,
        )
        .with_label(self.view_at, "the view is declared here");
        did_you_mean(
            diagnostic,
            self.at,
            self.nearest,
            "write the name of a feature of this view",
        )
    }
}

/// E0110: a column that the row does not have.
#[derive(Debug)]
pub struct UnknownColumn<'a> {
    pub rows: &'a str,
    pub name: &'a str,
    pub at: Span,
    pub nearest: Option<&'a str>,
    /// Where the rows are declared.
    pub rows_at: Span,
}

impl UnknownColumn<'_> {
    pub fn report(self) -> Diagnostic {
        if let Some(diagnostic) = not_a_name(self.name, self.at) {
            return diagnostic;
        }
        let label = format!("no such column in `{}`", self.rows);
        let diagnostic = Diagnostic::at(
            Code::UnknownColumn,
            format!("unknown column `{}`", self.name),
            self.at,
            label,
        )
        .with_label(self.rows_at, "the row is declared here");
        did_you_mean(
            diagnostic,
            self.at,
            self.nearest,
            "write a column of the source, or a `let` that stands before",
        )
    }
}

/// A name that is a literal in capitals, or a clock: nothing of the kind can be declared to help.
fn not_a_name(name: &str, at: Span) -> Option<Diagnostic> {
    let lower = name.to_ascii_lowercase();
    if matches!(lower.as_str(), "true" | "false" | "null") {
        let message = format!("unknown column `{name}`");
        let diagnostic = Diagnostic::at(
            Code::UnknownColumn,
            message,
            at,
            "keywords are written in small letters",
        );
        return Some(diagnostic.with_edit(format!("write `{lower}`"), at, lower));
    }
    if matches!(name, "None" | "NULL" | "nil" | "NaN" | "NA") {
        let message = format!("unknown column `{name}`");
        return Some(
            Diagnostic::at(Code::UnknownColumn, message, at, "no such column")
                .with_help("what is absent is `null`: test it by `x is null` or `x is not null`"),
        );
    }
    matches!(
        lower.as_str(),
        "current_timestamp" | "current_date" | "current_time" | "localtimestamp"
    )
    .then(|| {
        let message = format!("unknown column `{name}`: there is no clock in a program");
        Diagnostic::at(Code::UnknownColumn, message, at, "no such column").with_help(NO_CLOCK)
    })
}

/// E0112: a type that does not exist.
#[derive(Debug)]
pub struct UnknownType<'a> {
    pub name: &'a str,
    pub at: Span,
    pub nearest: Option<&'a str>,
}

impl UnknownType<'_> {
    pub fn report(self) -> Diagnostic {
        let diagnostic = Diagnostic::at(
            Code::UnknownType,
            format!("unknown type `{}`", self.name),
            self.at,
            "no such type",
        );
        let absent = match self.name.to_ascii_lowercase().as_str() {
            "list" | "array" | "set" => Some("write one row per element into the file"),
            "struct" | "record" | "object" | "map" | "json" | "variant" => {
                Some("write the fields as columns of their own into the file")
            }
            "bytes" | "binary" | "blob" | "bytea" => Some("write it as a string into the file, for example in base 64"),
            _ => None,
        };
        if let Some(help) = absent {
            let message = format!("type `{}` is not in this release", self.name);
            return Diagnostic::at(Code::UnknownType, message, self.at, "no such type").with_help(help);
        }
        let help = "the types are bool, int64, float64, decimal(p, s), string, timestamp, date and duration";
        did_you_mean(diagnostic, self.at, self.nearest, help)
    }
}

/// E0113: transforms that come from each other.
#[derive(Debug)]
pub struct CircularTransform<'a> {
    pub name: &'a str,
    pub at: Span,
    /// The circle, beginning and ending with `name`.
    pub path: &'a [String],
}

impl CircularTransform<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("transform `{}` comes from itself", self.name);
        Diagnostic::at(Code::CircularTransform, message, self.at, "part of a circle")
            .with_note(format!("the circle: {}", self.path.join(" from ")))
            .with_help("let one of them read a source")
    }
}

/// E0114: features that are derived from each other.
#[derive(Debug)]
pub struct CircularFeature<'a> {
    pub name: &'a str,
    pub at: Span,
    /// The circle, beginning and ending with `name`.
    pub path: &'a [String],
}

impl CircularFeature<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("feature `{}` is derived from itself", self.name);
        Diagnostic::at(Code::CircularFeature, message, self.at, "part of a circle")
            .with_note(format!("the circle: {}", self.path.join(" reads ")))
            .with_help("compute one of them from events, with `over`")
    }
}

/// E0115: a service without fields.
#[derive(Debug)]
pub struct EmptyService<'a> {
    pub name: &'a str,
    pub at: Span,
}

impl EmptyService<'_> {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::EmptyService,
            format!("service `{}` lists nothing", self.name),
            self.at,
            "declared here",
        )
        .with_help("list features, for example `card_spend.*`")
    }
}

/// E0116: a pattern that fits no feature of its view.
#[derive(Debug)]
pub struct PatternMatchesNothing<'a> {
    pub view: &'a str,
    pub pattern: &'a str,
    pub at: Span,
    pub view_at: Span,
}

impl PatternMatchesNothing<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("pattern `{}` matches nothing", self.pattern);
        Diagnostic::at(
            Code::PatternMatchesNothing,
            message,
            self.at,
            format!("fits no feature of view `{}`", self.view),
        )
        .with_label(self.view_at, "the view is declared here")
        .with_help("correct the pattern or remove it")
    }
}
