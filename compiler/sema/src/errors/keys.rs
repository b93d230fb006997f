//! E04xx: keys, aggregates, views.

use featc_ir::Type;
use featc_ir::aggregate::Row;
use featc_syntax::diag::{Code, Diagnostic, Span};

/// E0401: a key column whose type is not exactly the entity's.
#[derive(Debug)]
pub struct KeyTypeDiffers<'a> {
    pub column: &'a str,
    pub column_ty: Type,
    pub entity: &'a str,
    pub key: &'a str,
    pub key_ty: Type,
    pub at: Span,
    pub key_at: Span,
}

impl KeyTypeDiffers<'_> {
    pub fn report(self) -> Diagnostic {
        let Self {
            column,
            column_ty,
            entity,
            key,
            key_ty,
            ..
        } = self;
        let message = format!("key column `{column}` is {column_ty}, key `{key}` of entity `{entity}` is {key_ty}");
        Diagnostic::at(
            Code::KeyTypeDiffers,
            message,
            self.at,
            format!("brings `{column}`: {column_ty}"),
        )
        .with_label(self.key_at, format!("wants {key_ty}"))
        .with_help(format!(
            "make both the same, or convert in a transform: `let {key}_key = cast({column} as {key_ty})`, then `by ({key}_key)`"
        ))
    }
}

/// E0402: a key of a type that cannot identify anything.
#[derive(Debug)]
pub struct KeyTypeRefused<'a> {
    pub key: &'a str,
    pub ty: Type,
    pub at: Span,
}

impl KeyTypeRefused<'_> {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::KeyTypeRefused,
            format!("key `{}` is {}", self.key, self.ty),
            self.at,
            "cannot be a key",
        )
        .with_help("keys are bool, int64, string, date, timestamp or decimal")
    }
}

/// E0403: `by` with too few or too many columns.
#[derive(Debug)]
pub struct KeyCountDiffers<'a> {
    pub entity: &'a str,
    pub keys: &'a [String],
    pub found: usize,
    pub at: Span,
    pub entity_at: Span,
}

impl KeyCountDiffers<'_> {
    pub fn report(self) -> Diagnostic {
        let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let (found, wanted) = (plural(self.found, "column"), plural(self.keys.len(), "key"));
        let message = format!("`by` names {found}, entity `{}` has {wanted}", self.entity);
        Diagnostic::at(Code::KeyCountDiffers, message, self.at, "one column per key, in order")
            .with_label(self.entity_at, format!("keys: {}", self.keys.join(", ")))
            .with_help(format!("name the columns that hold {}", super::list(self.keys)))
    }
}

/// E0404: an entity key marked as nullable.
#[derive(Debug)]
pub struct NullableKey<'a> {
    pub key: &'a str,
    pub at: Span,
}

impl NullableKey<'_> {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::NullableKey,
            format!("key `{}` may not be null", self.key),
            self.at,
            "no null identifies an entity",
        )
        .with_edit(
            "remove the `?`: events with a null key are left out of the view",
            self.at,
            "",
        )
    }
}

/// E0405: an entity without keys.
#[derive(Debug)]
pub struct EntityWithoutKey<'a> {
    pub entity: &'a str,
    pub at: Span,
}

impl EntityWithoutKey<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("entity `{}` has no key", self.entity);
        Diagnostic::at(
            Code::EntityWithoutKey,
            message,
            self.at,
            "what tells two of them apart?",
        )
        .with_help(format!("write `entity {} (id: string)`", self.entity))
    }
}

/// E0406: one name, two types, in the keys that a question to a service must bring.
#[derive(Debug)]
pub struct ServiceKeyConflict<'a> {
    pub service: &'a str,
    pub column: &'a str,
    pub ty: Type,
    pub at: Span,
    pub first: Type,
    pub first_at: Span,
}

impl ServiceKeyConflict<'_> {
    pub fn report(self) -> Diagnostic {
        let Self {
            service,
            column,
            ty,
            first,
            ..
        } = self;
        let message = format!("service `{service}` needs `{column}` both as {first} and as {ty}");
        let diagnostic = Diagnostic::at(Code::ServiceKeyConflict, message, self.at, format!("needs {ty}"));
        let diagnostic = if self.first_at == self.at {
            diagnostic
        } else {
            diagnostic.with_label(self.first_at, format!("needs {first}"))
        };
        diagnostic
            .with_note("a question brings each key once, by its name")
            .with_help("split the service, or rename one of the two keys")
    }
}

/// E0407: an aggregate in a row-level expression.
#[derive(Debug)]
pub struct AggregateOutsideView<'a> {
    pub aggregate: &'a str,
    /// How many it has.
    pub arguments: usize,
    pub at: Span,
}

impl AggregateOutsideView<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("aggregate `{}` outside of a feature", self.aggregate);
        Diagnostic::at(
            Code::AggregateOutsideView,
            message,
            self.at,
            "a transform sees one row at a time",
        )
        .with_help(match (self.aggregate, self.arguments) {
            ("max", 2..) => "the greatest of several values of a row is `greatest(a, b)`",
            ("min", 2..) => "the least of several values of a row is `least(a, b)`",
            _ => "aggregate in a feature of a view, with `over`",
        })
    }
}

/// E0408: an aggregate inside another.
#[derive(Debug)]
pub struct NestedAggregate<'a> {
    pub inner: &'a str,
    pub at: Span,
    pub outer: &'a str,
    pub outer_at: Span,
}

impl NestedAggregate<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("aggregate `{}` inside aggregate `{}`", self.inner, self.outer);
        Diagnostic::at(Code::NestedAggregate, message, self.at, "inside")
            .with_label(self.outer_at, "outside")
            .with_help("combine the two in a derived feature, or aggregate a column")
    }
}

/// E0409: an aggregate of a type that it does not take.
#[derive(Debug)]
pub struct WrongAggregateArgument<'a> {
    pub aggregate: &'a Row,
    /// As written, if it is short.
    pub argument: &'a str,
    pub types: &'a [Type],
    pub at: Span,
}

impl WrongAggregateArgument<'_> {
    pub fn report(self) -> Diagnostic {
        let name = self.aggregate.name;
        let of_numbers = self.types.len() == 1 && (self.aggregate.result)(&[Type::Float64]).is_some();
        let help = match self.types {
            [Type::Duration] if of_numbers => {
                format!("aggregate a number: `{name}(seconds(…))`, `{name}(minutes(…))`, `{name}(hours(…))`")
            }
            [Type::Bool] if name == "mean" => {
                format!(
                    "the share of events for which it is true is `mean(if({}, 1, 0))`",
                    self.argument
                )
            }
            [Type::Bool] if of_numbers => "count the rows for which it is true: `count(where …)`".to_owned(),
            _ => format!("`{name}` takes {}", self.aggregate.takes),
        };
        let types: Vec<String> = self.types.iter().map(Type::to_string).collect();
        let of = types.join(" and ");
        Diagnostic::at(Code::WrongAggregateArgument, format!("`{name}` of {of}"), self.at, of).with_help(help)
    }
}

/// E0421: a count of the values of a condition, which are false as well as true.
#[derive(Debug)]
pub struct CountOfCondition<'a> {
    /// The argument as it is written.
    pub argument: &'a str,
    pub at: Span,
    /// The `where` that it has, and where it ends.
    pub filter: Option<(&'a str, Span)>,
    /// Where the name stands, if the window is a number of events: a `where` would choose them.
    pub of_events: Option<Span>,
}

impl CountOfCondition<'_> {
    pub fn report(self) -> Diagnostic {
        let argument = self.argument;
        let message = "`count` of a condition counts where it is false, too".to_owned();
        let is_name = argument.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let whole = if is_name {
            argument.to_owned()
        } else {
            format!("({argument})")
        };
        let diagnostic = Diagnostic::at(
            Code::CountOfCondition,
            message,
            self.at,
            "true or false: both are counted",
        );
        if let Some(name) = self.of_events {
            let sum = format!("sum(if({argument}, 1, 0)");
            let help = format!("to count those of the last events for which it is true, write `{sum})`");
            return diagnostic.with_edit(help, name.to(self.at), sum);
        }
        let diagnostic = diagnostic.with_note(format!(
            "to count events for which it is true or false, write `count(where {whole} is not null)`"
        ));
        let (condition, span) = match self.filter {
            None => (format!("where {argument}"), self.at),
            Some((filter, at)) => (format!("where {whole} and ({filter})"), self.at.to(at)),
        };
        let help = format!("to count events for which it is true, write `count({condition})`");
        diagnostic.with_edit(help, span, condition)
    }
}

/// E0410: a feature that both aggregates and reads another feature.
#[derive(Debug)]
pub struct MixedFeature<'a> {
    pub feature: &'a str,
    pub reads: &'a str,
    pub at: Span,
}

impl MixedFeature<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!(
            "feature `{}` aggregates and reads feature `{}`",
            self.feature, self.reads
        );
        Diagnostic::at(Code::MixedFeature, message, self.at, "a feature, beside an aggregate")
            .with_help("make two features: one that aggregates with `over`, one without `over` that combines")
    }
}

/// E0411: a column read outside of an aggregate.
#[derive(Debug)]
pub struct ColumnOutsideAggregate<'a> {
    pub column: &'a str,
    pub at: Span,
    pub beside: Beside,
}

/// What a column outside of an aggregate stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Features or aggregates: the column of the question itself is meant, most likely.
    Values,
    /// Nothing of the kind, and the feature has a window.
    Window,
    /// Nothing.
    Nothing,
}

impl ColumnOutsideAggregate<'_> {
    pub fn report(self) -> Diagnostic {
        let column = self.column;
        Diagnostic::at(
            Code::ColumnOutsideAggregate,
            format!("column `{column}` outside of an aggregate"),
            self.at,
            "of which event?",
        )
        .with_help(match self.beside {
            Beside::Values => format!(
                "values of the question itself are not in this release: combine its `{column}` with the features where they are used; an aggregate such as `max({column})` is of all events of its window that are known"
            ),
            Beside::Window => format!("write an aggregate, for example `last({column})` for that of the last event"),
            Beside::Nothing => {
                format!("write an aggregate and a window, for example `last({column}) over 7d` for that of the last event")
            }
        })
    }
}

/// E0412: a feature that reads nothing.
#[derive(Debug)]
pub struct FeatureReadsNothing<'a> {
    pub feature: &'a str,
    pub at: Span,
}

impl FeatureReadsNothing<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("feature `{}` reads neither events nor features", self.feature);
        Diagnostic::at(
            Code::FeatureReadsNothing,
            message,
            self.at,
            "the same for every question",
        )
        .with_help("aggregate with `over`, or read another feature of the view")
    }
}

/// E0413: a cap where nothing is capped.
#[derive(Debug)]
pub struct CapWithoutCountDistinct<'a> {
    pub feature: &'a str,
    pub at: Span,
}

impl CapWithoutCountDistinct<'_> {
    pub fn report(self) -> Diagnostic {
        let message = format!("`cap` in feature `{}`, which has no count_distinct", self.feature);
        Diagnostic::at(Code::CapWithoutCountDistinct, message, self.at, "caps nothing").with_help("remove the clause")
    }
}

/// E0414: a cap out of range.
#[derive(Debug)]
pub struct InvalidCap {
    pub value: u64,
    pub at: Span,
}

impl InvalidCap {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::InvalidCap,
            format!("cap of {}", self.value),
            self.at,
            "out of range",
        )
        .with_help("write a number from 1 to 4294967295")
    }
}

/// Where a modifier of aggregates was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    /// `where` in the call of a function.
    Where,
    /// `ignoring nulls` in the call of a function.
    IgnoringNulls,
    /// `ignoring nulls` in an aggregate that skips nulls anyway or takes no argument.
    Superfluous,
}

/// E0415: `where` or `ignoring nulls` where they mean nothing.
#[derive(Debug)]
pub struct MisplacedModifier<'a> {
    pub name: &'a str,
    pub modifier: Modifier,
    pub at: Span,
}

impl MisplacedModifier<'_> {
    pub fn report(self) -> Diagnostic {
        let name = self.name;
        let (word, label, help) = match self.modifier {
            Modifier::Where => (
                "where",
                "only aggregates choose rows",
                "write `if(condition, x, null)`, or move it into an aggregate",
            ),
            Modifier::IgnoringNulls => (
                "ignoring nulls",
                "only `first`, `last` and their lists take it",
                "remove it",
            ),
            Modifier::Superfluous => (
                "ignoring nulls",
                "only `first`, `last` and their lists take it",
                "remove it: this aggregate never counts nulls",
            ),
        };
        Diagnostic::at(Code::MisplacedModifier, format!("`{word}` in `{name}`"), self.at, label).with_help(help)
    }
}

/// E0416: rows without a column for a key of the entity.
#[derive(Debug)]
pub struct MissingKeyColumn<'a> {
    pub view: &'a str,
    pub entity: &'a str,
    pub key: &'a str,
    pub rows: &'a str,
    pub at: Span,
    pub key_at: Span,
}

impl MissingKeyColumn<'_> {
    pub fn report(self) -> Diagnostic {
        let Self {
            view,
            entity,
            key,
            rows,
            ..
        } = self;
        let message = format!("view `{view}` finds no column `{key}` in `{rows}`");
        Diagnostic::at(
            Code::MissingKeyColumn,
            message,
            self.at,
            format!("no column holds key `{key}` of `{entity}`"),
        )
        .with_label(self.key_at, "the key is declared here")
        .with_help("name the columns that hold the key: `by (…)` behind `from`")
    }
}

/// E0417: a view without features.
#[derive(Debug)]
pub struct EmptyView<'a> {
    pub view: &'a str,
    pub at: Span,
}

impl EmptyView<'_> {
    pub fn report(self) -> Diagnostic {
        Diagnostic::at(
            Code::EmptyView,
            format!("view `{}` has no feature", self.view),
            self.at,
            "computes nothing",
        )
        .with_help("add a feature, for example `feature events = count() over 1d`")
    }
}
