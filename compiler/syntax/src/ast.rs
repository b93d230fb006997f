//! The syntax tree: what the text says, before any name is looked up.
//!
//! Every node has the byte range it came from and owns its text. The tree holds no parser types, no trivia (comments are
//! a list beside it) and no precedence questions. What the parser decides already, and later phases may rely on:
//!
//! - a clause that may be written once is there at most once (a repetition is reported and dropped);
//! - durations, timestamps, dates and escapes are valid and already turned into numbers and characters;
//! - comparisons do not chain; the depth of an expression is at most [`Expr::DEPTH_MAX`].
//!
//! Broken items and statements leave a [`Broken`] behind, so that later phases can keep silent about the names that
//! would have been declared there.

mod expr;
mod methods;
mod source;
mod table;
mod template;
mod test;
mod view;

pub use expr::*;
pub use source::*;
pub use table::*;
pub use template::*;
pub use test::*;
pub use view::*;

use crate::diag::Span;
use std::fmt;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// `None` when the file has no `module` line, which has been reported.
    pub module: Option<Module>,
    /// In the order of the text.
    pub items: Vec<Item>,
    /// Every comment, doc comments included, in the order of the text. Doc comments that belong to a node are also
    /// in its `doc`.
    pub comments: Vec<Comment>,
    /// The whole text.
    pub span: Span,
    /// Whether no syntax error was found (warnings do not count).
    pub is_complete: bool,
}

/// `module flights`, with dots in the name allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    pub doc: Option<Doc>,
    /// Parts joined by dots.
    pub name: Name,
    pub span: Span,
}

/// An identifier where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A doc comment: the text after `///`, one line per comment line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    pub text: String,
    pub span: Span,
}

/// A comment, from its slashes to the end of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// With the slashes, without trailing white space.
    pub text: String,
    /// `///`
    pub is_doc: bool,
    /// Whether only white space stands before it on its line.
    pub own_line: bool,
    pub span: Span,
}

/// A declaration at the top level.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "files have few items, and boxes would be in every reader's way"
)]
pub enum Item {
    Entity(Entity),
    Source(Source),
    Transform(Transform),
    View(View),
    Request(Request),
    Service(Service),
    Test(Test),
    Table(Table),
    Param(Param),
    Template(Template),
    /// Not understood and reported.
    Broken(Broken),
}

/// What is left of a declaration that was not understood and has been reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The word it began with, for example `view` or `feature`.
    pub keyword: Option<String>,
    /// The name it would have declared.
    pub name: Option<Name>,
    pub span: Span,
}

impl Broken {
    /// What stands for features whose names are not known.
    pub fn nameless(span: Span) -> Broken {
        Broken {
            keyword: None,
            name: None,
            span,
        }
    }
}

/// `entity route (origin: string, carrier: string)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub doc: Option<Doc>,
    pub name: Name,
    /// In the order of the key; may be empty.
    pub keys: Vec<Column>,
    pub span: Span,
}

/// `fare: decimal(12, 2)?`, `left: timestamp from "departure.at" as epoch_millis`. (The grammar allows what stands after the
/// type in entity keys too; checking refuses it there.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: Name,
    pub ty: TypeName,
    /// The place of the `?`.
    pub nullable: Option<Span>,
    /// `from "Trip ID"`: what files call it.
    pub field: Option<Text>,
    pub read_as: Option<ReadAs>,
    pub span: Span,
}

/// `as epoch_millis`, `as "%d.%m.%Y %H:%M" in "Europe/Amsterdam"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAs {
    pub form: Form,
    pub zone: Option<Text>,
    pub span: Span,
}

/// The form of values in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A word; whether it exists is not decided here.
    Word(Name),
    Format(Text),
}

/// A type as it is written; whether it exists is not decided here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    pub name: Name,
    /// The numbers in parentheses: `decimal(12, 2)`.
    pub arguments: Vec<Integer>,
    /// What stands between `<` and `>`: the items of a list, which have no name, or the fields of a struct.
    pub inside: Vec<TypeField>,
    pub span: Span,
}

/// `string` of `list<string>`, `name: string?` of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeField {
    pub name: Option<Name>,
    pub ty: TypeName,
    /// The place of the `?`.
    pub nullable: Option<Span>,
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name.text;
        let inside: Vec<String> = self.inside.iter().map(TypeField::to_string).collect();
        let arguments: Vec<String> = self
            .arguments
            .iter()
            .map(|argument| argument.value.to_string())
            .collect();
        match (&inside[..], &arguments[..]) {
            ([], []) => write!(f, "{name}"),
            ([], arguments) => write!(f, "{name}({})", arguments.join(", ")),
            (inside, _) => write!(f, "{name}<{}>", inside.join(", ")),
        }
    }
}

impl fmt::Display for TypeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{}: ", name.text)?;
        }
        write!(f, "{}{}", self.ty, if self.nullable.is_some() { "?" } else { "" })
    }
}

/// A whole number in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integer {
    pub value: u64,
    pub span: Span,
}

/// A length of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duration {
    /// Microseconds, never negative; 0 where the length is a [hole](holes).
    pub us: i64,
    /// As written: `1h30m`. It is the suffix of feature names made by a list of windows.
    pub text: String,
    pub span: Span,
}

/// An instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// Microseconds since the epoch.
    pub us: i64,
    /// As written, with the `@`.
    pub text: String,
    pub span: Span,
}

/// A string literal with its escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub value: String,
    pub span: Span,
}

/// `transform landed from departures at landed_at within 1d { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transform {
    pub doc: Option<Doc>,
    pub name: Name,
    /// A source or another transform.
    pub from: Name,
    /// The event time of the rows.
    pub at: Option<Expr>,
    /// `within 2d`: how much later than the source's time `at` may lie. Never there without `at`.
    pub within: Option<DurationClause>,
    /// In order.
    pub steps: Vec<Step>,
    /// Steps not understood, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// One line of a transform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Where(Where),
    Let(Let),
}

/// `where not cancelled`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Where {
    pub condition: Expr,
    pub span: Span,
}

/// `let late = arr_delay > 15`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Let {
    pub name: Name,
    pub value: Expr,
    pub span: Span,
}

/// `request basket (items: int64, amount: decimal(12, 2))`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub doc: Option<Doc>,
    pub name: Name,
    /// In order; may be empty.
    pub fields: Vec<Column>,
    pub span: Span,
}

/// `service eta_v1 { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub doc: Option<Doc>,
    pub name: Name,
    /// In order.
    pub roles: Vec<Role>,
    /// In order.
    pub entries: Vec<ServiceEntry>,
    /// Those of its own, in order. (The grammar allows what stands after the value of a view's feature here too; resolving
    /// refuses it.)
    pub features: Vec<Feature>,
    /// Entries not understood, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// `role dest = weather by (dest)`: a view under another name, asked by other columns of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub name: Name,
    pub view: Name,
    pub by: Option<By>,
    pub span: Span,
}

/// `carrier_delay.{mean_delay_*, trend}`, `route_delay.* fallback gate`, `tail.flights as flown`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEntry {
    /// A view, or a role of the service.
    pub view: Name,
    /// Never empty.
    pub patterns: Vec<Pattern>,
    /// What the column is called, in place of both names.
    pub alias: Option<Name>,
    /// As written.
    pub fallback: Option<Fallback>,
    pub span: Span,
}

/// What becomes of an answer in which a feature has none of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The value that stands in for it: the default, or null.
    Impute,
    /// The whole answer is an error.
    Gate,
}

/// A feature name in which `*` stands for any characters, none included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pub text: String,
    pub span: Span,
}
