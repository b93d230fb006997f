//! E01xx: names.

use super::did_you_mean;
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

/// E0111: a call of something that is neither a function nor an aggregate.
#[derive(Debug)]
pub struct UnknownFunction<'a> {
    pub name: &'a str,
    /// The only argument, if that is a name.
    pub argument: Option<&'a str>,
    pub at: Span,
    pub nearest: Option<&'a str>,
}

impl UnknownFunction<'_> {
    pub fn report(self) -> Diagnostic {
        let diagnostic = |message: String| {
            Diagnostic::at(
                Code::UnknownFunction,
                message,
                self.at,
                "no function and no aggregate has this name",
            )
        };
        let name = self.name;
        let lower = name.to_ascii_lowercase();
        if CLOCKS.contains(&lower.as_str()) {
            return diagnostic(format!("`{name}`: there is no clock in a program")).with_help(NO_CLOCK);
        }
        if let Some((_, ty)) = TYPES.iter().find(|(known, _)| *known == lower) {
            let argument = self.argument.unwrap_or("x");
            return diagnostic(format!("`{name}` is a type, not a function"))
                .with_help(format!("write `cast({argument} as {ty})`"));
        }
        if lower == "log" {
            return diagnostic("unknown function `log`".to_owned())
                .with_help("write `ln(x)` for the natural logarithm, `log10(x)` for that to base ten");
        }
        if ABSENT.contains(&lower.as_str()) {
            return diagnostic(format!("`{name}` is not in this release"))
                .with_help("see the list of functions in docs/language.md");
        }
        did_you_mean(
            diagnostic(format!("unknown function `{name}`")),
            self.at,
            self.nearest,
            "see the list of functions in docs/language.md",
        )
    }
}

/// What other languages call the present.
const CLOCKS: [&str; 9] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "sysdate",
    "getdate",
    "today",
    "utcnow",
];

const NO_CLOCK: &str = "a feature is asked for an instant; the time since the last event is `time_since_last()`";

/// Types that other languages call as functions, and what they are here.
const TYPES: [(&str, &str); 13] = [
    ("bool", "bool"),
    ("boolean", "bool"),
    ("int", "int64"),
    ("integer", "int64"),
    ("bigint", "int64"),
    ("int64", "int64"),
    ("float", "float64"),
    ("double", "float64"),
    ("float64", "float64"),
    ("decimal", "decimal(18, 2)"),
    ("string", "string"),
    ("str", "string"),
    ("timestamp", "timestamp"),
];

/// Known functions of other languages that nothing here replaces: the nearest name would mean something else.
const ABSENT: [&str; 92] = [
    "any_value",
    "approx_percentile",
    "approx_quantile",
    "arg_max",
    "arg_min",
    "array_agg",
    "asin",
    "acos",
    "atan",
    "atan2",
    "bool_and",
    "bool_or",
    "cbrt",
    "corr",
    "cos",
    "covar_pop",
    "covar_samp",
    "cume_dist",
    "date_add",
    "date_diff",
    "date_part",
    "date_sub",
    "dateadd",
    "datediff",
    "decode",
    "dense_rank",
    "entropy",
    "every",
    "ewma",
    "ema",
    "extract",
    "group_concat",
    "hash",
    "histogram",
    "initcap",
    "instr",
    "json_extract",
    "kurtosis",
    "lag",
    "lead",
    "left",
    "listagg",
    "log2",
    "lpad",
    "ltrim",
    "mad",
    "map_agg",
    "max_by",
    "md5",
    "median",
    "min_by",
    "mod",
    "mode",
    "nth_value",
    "ntile",
    "percent_rank",
    "percentile",
    "percentile_cont",
    "percentile_disc",
    "position",
    "product",
    "quantile",
    "quarter",
    "rand",
    "random",
    "range",
    "rank",
    "regexp_extract",
    "regexp_like",
    "regexp_matches",
    "regexp_replace",
    "repeat",
    "reverse",
    "right",
    "row_number",
    "rpad",
    "rtrim",
    "sha256",
    "sign",
    "sin",
    "skewness",
    "split",
    "split_part",
    "strftime",
    "string_agg",
    "strpos",
    "tan",
    "to_char",
    "to_date",
    "to_timestamp",
    "week",
    "zscore",
];

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
