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

mod methods;

use crate::diag::Span;

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

/// A doc comment: the text behind `///`, one line per comment line.
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
    Service(Service),
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

/// `entity route (origin: string, carrier: string)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub doc: Option<Doc>,
    pub name: Name,
    /// In the order of the key; may be empty.
    pub keys: Vec<Column>,
    pub span: Span,
}

/// `fare: decimal(12, 2)?`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: Name,
    pub ty: TypeName,
    /// The place of the `?`. (The grammar allows it in entity keys too; checking refuses it there.)
    pub nullable: Option<Span>,
    pub span: Span,
}

/// A type as it is written; whether it exists is not decided here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    pub name: Name,
    /// The numbers in parentheses: `decimal(12, 2)`.
    pub arguments: Vec<Integer>,
    pub span: Span,
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
    /// Microseconds, never negative.
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

/// `source departures { … }`. Which clauses are required is checked later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub doc: Option<Doc>,
    pub name: Name,
    pub columns: Option<Columns>,
    pub unique: Option<Unique>,
    pub time: Option<TimeClause>,
    pub arrival: Option<Arrival>,
    /// The place of `static`.
    pub static_rows: Option<Span>,
    /// `delay 5s`
    pub delay: Option<DurationClause>,
    pub lateness: Option<Lateness>,
    /// `skew 5m`
    pub skew: Option<DurationClause>,
    pub begins: Option<Begins>,
    pub zone: Option<TextClause>,
    /// The place of `keep nan`.
    pub keep_nan: Option<Span>,
    pub batch: Option<Files>,
    pub stream: Option<Files>,
    /// Clauses not understood, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// `columns (a: int64, b: string?)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    pub columns: Vec<Column>,
    pub span: Span,
}

/// `unique a`, `unique (a, b)` or `unique all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    pub kind: UniqueKind,
    pub span: Span,
}

/// What identifies an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UniqueKind {
    All,
    /// Never empty.
    Columns(Vec<Name>),
}

/// `time event_at`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeClause {
    pub column: Name,
    pub span: Span,
}

/// `arrival known_at` or `arrival time + 5m`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub kind: ArrivalKind,
    pub span: Span,
}

/// When an event is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArrivalKind {
    Column(Name),
    AfterTime(Duration),
}

/// `delay 5s`, `skew 5m`, `ttl 2h`, `within 2d`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationClause {
    pub value: Duration,
    pub span: Span,
}

/// `lateness 24h` or `lateness unbounded`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lateness {
    /// `None` is `unbounded`.
    pub bound: Option<Duration>,
    pub span: Span,
}

/// `begins @2013-01-01T00:00:00Z`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begins {
    pub at: Timestamp,
    pub span: Span,
}

/// `zone "America/New_York"`, `owner "ops"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextClause {
    pub value: Text,
    pub span: Span,
}

/// `batch parquet "data/*.parquet"`, `stream csv "a.csv", "b.csv"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The word of a format.
    pub format: Name,
    /// Never empty.
    pub paths: Vec<Text>,
    /// Of a Delta table: `version 12`.
    pub version: Option<Integer>,
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

/// `view carrier_delay of carrier from landed by (carrier) { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub doc: Option<Doc>,
    pub name: Name,
    pub entity: Name,
    /// A source or a transform.
    pub from: Name,
    pub by: Option<By>,
    pub owner: Option<TextClause>,
    pub tags: Option<Tags>,
    pub ttl: Option<DurationClause>,
    /// In order.
    pub features: Vec<Feature>,
    /// Statements not understood, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// `by (carrier)`: key columns, one per key of the entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Never empty.
    pub columns: Vec<Name>,
    pub span: Span,
}

/// `tags [delay, demo]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    pub names: Vec<Name>,
    pub span: Span,
}

/// `feature late_share = count(where late) / count() over 7d default 0.0`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    pub doc: Option<Doc>,
    /// As written. With a list of windows the features are named by [`Feature::name_over`].
    pub name: Name,
    pub value: Expr,
    /// Without it the feature is derived from other features of the view.
    pub over: Option<Over>,
    pub cap: Option<Cap>,
    pub default: Option<DefaultClause>,
    pub span: Span,
}

/// `over [1h, 7d] excluding now`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    pub windows: Windows,
    pub excluding: Option<Excluding>,
    pub span: Span,
}

/// One window, or a list that makes one feature per window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Windows {
    One(Window),
    /// Never empty; `[1h]` is a list.
    List(Vec<Window>),
}

/// A window as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    Lifetime(Span),
    Last(Duration),
    /// `7d offset 7d`, `lifetime offset 7d`
    Offset {
        /// `None` is `lifetime`.
        length: Option<Duration>,
        offset: Duration,
        span: Span,
    },
    /// `10 events`, `10 events max 90d`
    Events {
        count: Integer,
        max: Option<Duration>,
        span: Span,
    },
}

/// `excluding now`, `excluding self`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluding {
    pub kind: ExcludingKind,
    pub span: Span,
}

/// What a window leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExcludingKind {
    Now,
    SelfEvent,
}

/// `cap 1000`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    pub value: Integer,
    pub span: Span,
}

/// `default 0.0`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultClause {
    /// A literal, or a negated literal.
    pub value: Expr,
    pub span: Span,
}

/// `service eta_v1 { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub doc: Option<Doc>,
    pub name: Name,
    /// In order.
    pub entries: Vec<ServiceEntry>,
    /// Entries not understood, reported.
    pub broken: Vec<Broken>,
    pub span: Span,
}

/// `carrier_delay.{mean_delay_*, trend}`, `route_delay.*`, `tail.flights`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEntry {
    pub view: Name,
    /// Never empty.
    pub patterns: Vec<Pattern>,
    pub span: Span,
}

/// A feature name in which `*` stands for any characters, none included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pub text: String,
    pub span: Span,
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    pub kind: ExprKind,
    /// With its parentheses, if it has them.
    pub span: Span,
    /// Whether it was written in parentheses; only the formatter asks.
    pub parenthesised: bool,
}

/// The forms of expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    Literal(Literal),
    /// A column, a `let`, or (in a derived feature) a feature.
    Name(Name),
    /// `spend.total`: two or more names with dots between them. No phase gives it a meaning.
    Dotted(Vec<Name>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `x is null`, `x is not null`
    IsNull {
        operand: Box<Expr>,
        negated: bool,
    },
    /// `x in (a, b)`, `x not in (a, b)`
    In {
        operand: Box<Expr>,
        negated: bool,
        /// Never empty.
        items: Vec<Expr>,
    },
    /// A function or an aggregate, `coalesce` and `if` included.
    Call(Call),
    /// `cast(x as float64)`
    Cast {
        operand: Box<Expr>,
        ty: TypeName,
    },
    /// `case when c then x else y end`
    Case {
        /// Never empty.
        branches: Vec<Branch>,
        otherwise: Option<Box<Expr>>,
    },
}

/// A constant as written. Numbers adapt to their neighbours, so they stay digits here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Null,
    Bool(bool),
    /// Decimal digits only; any number of them.
    Integer(String),
    /// Digits with a point, an exponent or both: `1.5`, `1e-3`.
    Number(String),
    /// Escapes resolved.
    String(String),
    /// Microseconds, never negative, and the text.
    Duration {
        us: i64,
        text: String,
    },
    /// Microseconds since the epoch, and the text with its `@`.
    Timestamp {
        us: i64,
        text: String,
    },
    /// Days since the epoch, and the text with its `@`.
    Date {
        days: i32,
        text: String,
    },
}

/// Operators before their operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnaryOp {
    Not,
    Negate,
}

/// Operators between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Quotient,
    Remainder,
}

/// `f(a, b)`, `count(where late)`, `last(dest ignoring nulls)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub function: Name,
    pub arguments: Vec<Expr>,
    /// `where late`: aggregates only.
    pub filter: Option<Box<Expr>>,
    /// The place of `ignoring nulls`: aggregates only.
    pub ignoring_nulls: Option<Span>,
}

/// `when c then x`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub when: Expr,
    pub then: Expr,
}
