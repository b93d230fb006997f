//! The resolved tree: every name is an id, every sugar about names is gone, types are not yet decided.
//!
//! What could not be resolved has been reported and is `None` or [`ExprKind::Poison`]; checking keeps silent about it.

use featc_ir::{
    Aggregate, BinaryOp, ColumnForm, ColumnId, EntityId, FeatureId, Function, Lookup, RoleId, SourceId, Type, ViewId,
    Window,
};
use featc_syntax::ast;
use featc_syntax::diag::Span;

/// All files of a module, merged, in the order of the text.
#[derive(Debug, Clone)]
pub struct File {
    pub module: String,
    pub entities: Vec<Entity>,
    pub sources: Vec<Source>,
    pub transforms: Vec<Transform>,
    /// Positions in `transforms`, parents before children.
    pub transform_order: Vec<usize>,
    pub views: Vec<View>,
    pub requests: Vec<Request>,
    pub services: Vec<Service>,
    /// False when syntax left something out or a name was not resolved, so that no program can come of it.
    pub complete: bool,
}

/// Where and under which name a thing is declared.
#[derive(Debug, Clone)]
pub struct Declared {
    pub name: String,
    /// The name in the declaration.
    pub at: Span,
    pub doc: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Entity {
    pub declared: Declared,
    pub keys: Vec<Column>,
}

/// A column of a source or a key of an entity.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub at: Span,
    /// `None` when the type is unknown, which has been reported.
    pub ty: Option<Type>,
    pub ty_at: Span,
    /// The place of the `?`.
    pub nullable: Option<Span>,
    /// Of a column of a source: where files have it, and as what.
    pub form: ColumnForm,
}

/// A reference to a column of the row at hand.
#[derive(Debug, Clone, Copy)]
pub struct ColumnRef {
    pub id: ColumnId,
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Source {
    pub declared: Declared,
    pub columns: Vec<Column>,
    /// Empty only if broken.
    pub unique: Vec<ColumnId>,
    pub time: Option<ColumnRef>,
    pub arrival: Option<Arrival>,
    pub delay_us: u64,
    pub lateness: Option<Lateness>,
    pub skew_us: Option<u64>,
    pub begins_us: Option<i64>,
    pub zone: Option<String>,
    pub keep_nan: bool,
    pub batch: Option<featc_ir::FileSet>,
    pub stream: Option<featc_ir::FileSet>,
    /// The key of the table whose versions are its rows, if they are.
    pub table_key: Option<Vec<ColumnId>>,
    /// Of such a table, until when a version is valid.
    pub valid_to: Option<ColumnId>,
}

#[derive(Debug, Clone, Copy)]
pub enum Arrival {
    Column(ColumnRef),
    AfterTime {
        offset_us: u64,
    },
    Static,
    /// There is a clause, and it has been reported.
    Broken,
}

#[derive(Debug, Clone, Copy)]
pub struct Lateness {
    /// `None` is `unbounded`.
    pub bound_us: Option<u64>,
    pub at: Span,
}

/// What a `from` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    Source(SourceId),
    /// A position in [`File::transforms`].
    Transform(usize),
}

#[derive(Debug, Clone)]
pub struct Transform {
    pub declared: Declared,
    /// `None` when it leads nowhere or in a circle, which has been reported.
    pub from: Option<Rows>,
    /// Its own steps, over the rows of `from` and the lets before.
    pub steps: Vec<Step>,
    /// Over all columns.
    pub at: Option<Expr>,
    /// How much later than the source's time `at` may lie, in microseconds, and where that is written.
    pub within: Option<(u64, Span)>,
}

#[derive(Debug, Clone)]
pub enum Step {
    Where(Expr),
    Let { name: String, value: Expr },
}

#[derive(Debug, Clone)]
pub struct View {
    pub declared: Declared,
    pub owner: Option<String>,
    pub tags: Vec<String>,
    pub entity: Option<(EntityId, Span)>,
    pub from: Option<Rows>,
    /// One per key of the entity; empty if broken.
    pub key: Vec<ColumnRef>,
    /// In microseconds, and where it is written.
    pub ttl: Option<(u64, Span)>,
    /// One per declaration; [`FeatureId`]s count their expansions through all of them.
    pub features: Vec<Feature>,
    /// Positions in `features`, inputs before what reads them.
    pub feature_order: Vec<usize>,
}

/// A declared feature: one expression, one or more windows.
#[derive(Debug, Clone)]
pub struct Feature {
    pub declared: Declared,
    pub value: Expr,
    pub kind: FeatureKind,
    pub cap: Option<ast::Cap>,
    pub default: Option<Expr>,
}

#[derive(Debug, Clone)]
pub enum FeatureKind {
    Aggregate {
        expansions: Vec<Expansion>,
    },
    Derived,
    /// Reported.
    Broken {
        /// How many features it would have made.
        width: usize,
    },
}

/// A feature over one window.
#[derive(Debug, Clone)]
pub struct Expansion {
    pub name: String,
    pub window: Window,
    /// Whether it is of whole days, or longer periods, and no zone is written.
    pub is_in_utc: bool,
    /// Of which event the window begins with the last one.
    pub since: Option<Expr>,
    pub at: Span,
}

/// What a question may bring beside keys.
#[derive(Debug, Clone)]
pub struct Request {
    pub declared: Declared,
    pub fields: Vec<Column>,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub declared: Declared,
    pub roles: Vec<Role>,
    pub fields: Vec<Field>,
    /// Those of its own, each reading none but those before it.
    pub features: Vec<ServiceFeature>,
}

/// A view under another name.
#[derive(Debug, Clone)]
pub struct Role {
    pub declared: Declared,
    pub view: ViewId,
    /// The columns of the question after `by`, with their places, in the order of the keys; `None`: those of the entity.
    pub by: Option<Vec<(String, Span)>>,
}

/// A feature that a service computes of its question and of the answers of views.
#[derive(Debug, Clone)]
pub struct ServiceFeature {
    pub declared: Declared,
    pub value: Expr,
    pub default: Option<Expr>,
}

/// What a feature of a service reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// The instant of the question.
    At,
    /// Of a request, by position.
    Field { request: usize, field: usize },
    /// Of a view, or of a role of one.
    Feature(ViewId, FeatureId, Option<RoleId>),
    /// A feature of the same service, by position.
    Own(usize),
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub view: ViewId,
    pub feature: FeatureId,
    pub role: Option<RoleId>,
    /// Whether an answer without one of this feature's own is an error.
    pub gate: bool,
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum ExprKind {
    /// Something reported.
    Poison,
    Column(ColumnId),
    /// Of the same view.
    Feature(FeatureId),
    /// In a feature of a service.
    Read(Read),
    Literal(ast::Literal),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    IsNull {
        operand: Box<Expr>,
        negated: bool,
    },
    Binary {
        op: BinaryOp,
        op_at: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    In {
        operand: Box<Expr>,
        negated: bool,
        items: Vec<Expr>,
    },
    /// `case` and `if`.
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Coalesce(Vec<Expr>),
    Cast(Box<Expr>, Option<Type>),
    Call {
        function: Function,
        arguments: Vec<Expr>,
    },
    Aggregate(Box<Call>),
    Lookup {
        lookup: Box<Lookup>,
        keys: Vec<Expr>,
    },
}

/// An aggregate over the rows of the view.
#[derive(Debug, Clone)]
pub struct Call {
    pub aggregate: Aggregate,
    pub name_at: Span,
    /// As many as it may have.
    pub arguments: Vec<Expr>,
    pub filter: Option<Expr>,
}

impl Feature {
    /// Its value, and the conditions by which windows begin.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let expansions = match &self.kind {
            FeatureKind::Aggregate { expansions } => expansions.as_slice(),
            FeatureKind::Derived | FeatureKind::Broken { .. } => &[],
        };
        let since = expansions.iter().filter_map(|expansion| expansion.since.as_ref());
        std::iter::once(&self.value).chain(since)
    }

    /// How many features of the program it makes.
    pub fn width(&self) -> usize {
        match &self.kind {
            FeatureKind::Aggregate { expansions } => expansions.len(),
            FeatureKind::Derived => 1,
            FeatureKind::Broken { width } => *width,
        }
    }
}

impl Expr {
    /// An expression about which nothing more is to be said.
    pub fn poison(span: Span) -> Expr {
        Expr {
            kind: ExprKind::Poison,
            span,
        }
    }

    /// The direct subexpressions, left to right; of an aggregate its arguments and filter.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Poison
            | ExprKind::Column(_)
            | ExprKind::Feature(_)
            | ExprKind::Read(_)
            | ExprKind::Literal(_) => vec![],
            ExprKind::Not(operand)
            | ExprKind::Negate(operand)
            | ExprKind::IsNull { operand, .. }
            | ExprKind::Cast(operand, _) => vec![operand],
            ExprKind::Binary { left, right, .. } => vec![left, right],
            ExprKind::In { operand, items, .. } => std::iter::once(&**operand).chain(items).collect(),
            ExprKind::Case { branches, otherwise } => branches
                .iter()
                .flat_map(|(when, then)| [when, then])
                .chain(otherwise.as_deref())
                .collect(),
            ExprKind::Coalesce(items)
            | ExprKind::Call { arguments: items, .. }
            | ExprKind::Lookup { keys: items, .. } => items.iter().collect(),
            ExprKind::Aggregate(call) => call.arguments.iter().chain(&call.filter).collect(),
        }
    }

    /// Calls `visit` for the expression and everything below it, outside in, left to right.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}
