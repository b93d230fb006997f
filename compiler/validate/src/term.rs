//! Terms over names: what a feature means, with nothing in it that depends on positions.

use featc_ir::{ColumnForm, ColumnId, Expr, ExprKind, Lookup};
use serde::{Serialize, Serializer};
use std::fmt;

/// A head and what stands below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    pub head: String,
    pub items: Vec<Term>,
}

impl Term {
    pub fn leaf(head: impl ToString) -> Term {
        Term::node(head, Vec::new())
    }

    pub fn node(head: impl ToString, items: Vec<Term>) -> Term {
        Term {
            head: head.to_string(),
            items,
        }
    }

    /// A list of names.
    pub fn names<S: ToString>(head: &str, names: impl IntoIterator<Item = S>) -> Term {
        Term::node(head, names.into_iter().map(Term::leaf).collect())
    }

    /// A number of microseconds, or that there is none.
    pub fn us(head: &str, us: Option<impl ToString>) -> Term {
        let text = us.map_or_else(|| "none".to_owned(), |us| format!("{}us", us.to_string()));
        Term::names(head, [text])
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.items.is_empty() {
            return f.write_str(&self.head);
        }
        write!(f, "({}", self.head)?;
        for item in &self.items {
            write!(f, " {item}")?;
        }
        f.write_str(")")
    }
}

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An expression, with every type in it; `name` says what a column is called, if it is there.
///
/// # Errors
/// A column that is not there.
pub fn expression(expr: &Expr, name: &dyn Fn(ColumnId) -> Option<String>) -> Result<Term, String> {
    let head = match &expr.kind {
        ExprKind::Column(id) => {
            let column = name(*id).ok_or_else(|| format!("column {} is not there", id.0))?;
            return Ok(Term::leaf(column));
        }
        ExprKind::Literal(literal) => format!("{literal:?}"),
        ExprKind::Unary(op, _) => format!("{op:?}"),
        ExprKind::Binary(op, ..) => format!("{op:?}"),
        ExprKind::Case { branches, otherwise } => {
            format!(
                "Case/{}{}",
                branches.len(),
                if otherwise.is_some() { "/else" } else { "" }
            )
        }
        ExprKind::Coalesce(_) => "Coalesce".to_owned(),
        ExprKind::Cast(_) => "Cast".to_owned(),
        ExprKind::Call(function, _) => format!("{function:?}"),
        ExprKind::Lookup(lookup, _) => looked_up(lookup)?,
    };
    let below = operands(expr).into_iter().map(|operand| expression(operand, name));
    Ok(Term::node(
        format!("{head}:{}", expr.ty),
        below.collect::<Result<_, _>>()?,
    ))
}

/// Where files have a column, and as what; nothing where that is its name and its type.
pub fn form(form: &ColumnForm) -> String {
    match form {
        ColumnForm {
            field: None,
            read_as: None,
        } => String::new(),
        other => format!(":{other:?}"),
    }
}

/// A lookup, by names: the table, its columns, its key, what tells its versions apart, and what is taken of them.
fn looked_up(lookup: &Lookup) -> Result<String, String> {
    let table = &lookup.table;
    let name = |id: ColumnId| {
        let column = table.columns.get(id.index());
        let column = column.ok_or_else(|| format!("column {} of table {} is not there", id.0, table.name));
        column.map(|column| column.name.clone())
    };
    let columns = table.columns.iter().map(|column| {
        let null = if column.nullable { "?" } else { "" };
        format!("{}:{}{null}{}", column.name, column.ty, form(&column.form))
    });
    let key: Result<Vec<String>, String> = table.key.iter().map(|id| name(*id)).collect();
    let versions = match table.versions {
        None => "static".to_owned(),
        Some(versions) => {
            let to = versions.valid_to.map(name).transpose()?;
            let (from, known) = (name(versions.valid_from)?, name(versions.arrival)?);
            format!("from {from} to {to:?} known {known}")
        }
    };
    Ok(format!(
        "Lookup[{} ({}) by ({}) {versions} zone {:?} nan {} files {:?} of {} within {:?}]",
        table.name,
        columns.collect::<Vec<_>>().join(" "),
        key?.join(" "),
        table.zone,
        table.keep_nan,
        table.files,
        name(lookup.column)?,
        lookup.within_us,
    ))
}

/// What an expression is made of, in order.
fn operands(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) => vec![],
        ExprKind::Unary(_, operand) | ExprKind::Cast(operand) => vec![operand],
        ExprKind::Binary(_, left, right) => vec![left, right],
        ExprKind::Case { branches, otherwise } => {
            let branches = branches.iter().flat_map(|(when, then)| [when, then]);
            branches.chain(otherwise.as_deref()).collect()
        }
        ExprKind::Coalesce(items) | ExprKind::Call(_, items) | ExprKind::Lookup(_, items) => items.iter().collect(),
    }
}

/// The columns that an expression looks at, into a set.
pub fn columns_of(expr: &Expr, found: &mut std::collections::BTreeSet<ColumnId>) {
    if let ExprKind::Column(id) = expr.kind {
        found.insert(id);
    }
    operands(expr)
        .into_iter()
        .for_each(|operand| columns_of(operand, found));
}

/// Where two terms differ: the path to it, and what stands there in either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub path: String,
    pub plan: String,
    pub program: String,
}

/// Every place where two terms differ, the smallest terms that do.
pub fn differences(plan: &Term, program: &Term) -> Vec<Difference> {
    fn walk(plan: &Term, program: &Term, path: &str, found: &mut Vec<Difference>) {
        if plan == program {
            return;
        }
        if plan.head != program.head || plan.items.len() != program.items.len() || plan.items.is_empty() {
            found.push(Difference {
                path: path.to_owned(),
                plan: plan.to_string(),
                program: program.to_string(),
            });
            return;
        }
        let path = match path {
            "" => plan.head.clone(),
            path => format!("{path} {}", plan.head),
        };
        let items = plan.items.iter().zip(&program.items);
        items.for_each(|(plan, program)| walk(plan, program, &path, found));
    }
    let mut found = Vec::new();
    walk(plan, program, "", &mut found);
    found
}
