//! Lookups: the tables that they find rows in, and what these hold.

use super::{Expr, ExprKind, Literal};
use crate::columns::{FileSet, Key, SourceColumn};
use crate::id::ColumnId;
use crate::types::Type;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::xxh3_128;

/// A table: rows by key. It is read as a whole before anything is computed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<SourceColumn>,
    /// Never empty; none of them is nullable.
    pub key: Vec<ColumnId>,
    /// What tells the versions of a key apart; `None`: the table is static and has one row per key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Versions>,
    /// Time zone of timestamps that carry no offset; without it such values are refused.
    pub zone: Option<String>,
    /// Whether NaN stays NaN; otherwise it decodes to null.
    pub keep_nan: bool,
    pub files: Option<FileSet>,
}

/// The columns that say from when on a version holds, until when, and since when it is known: timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Versions {
    pub valid_from: ColumnId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<ColumnId>,
    pub arrival: ColumnId,
}

/// `lookup planes(tailnum).seats within 30d`. Its operands are the key, and over a table with versions an instant after it.
///
/// Denotes, over the rows of the table whose key equals the operands: of a static table the column of the one row; of
/// versions the column of the greatest one by (valid from, arrival, row) among those with valid from ≤ τ and arrival ≤ τ,
/// unless its valid from lies before τ − within, or its valid to at or before τ. Where there is none it is null, and so it
/// is where an operand is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lookup {
    pub table: Table,
    /// What is looked up.
    pub column: ColumnId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_us: Option<u64>,
    /// What the table holds, once it is read. No plan of a build has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<TableRows>,
}

/// What a table holds: of each key the rows in the order of (valid from, arrival, row). Cheap to clone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "TableRowsWire", try_from = "TableRowsWire")]
pub struct TableRows(Arc<Contents>);

#[derive(Debug, Clone)]
struct Contents {
    rows: Vec<Vec<Literal>>,
    key: Vec<ColumnId>,
    by_key: HashMap<Vec<Literal>, Vec<u32>>,
    hash: OnceLock<String>,
}

/// [`TableRows`] on the wire.
#[derive(Serialize, Deserialize)]
struct TableRowsWire {
    key: Vec<ColumnId>,
    rows: Vec<Vec<Literal>>,
}

impl From<TableRows> for TableRowsWire {
    fn from(rows: TableRows) -> TableRowsWire {
        // A reader takes the rows of a key in the order in which they stand.
        let in_order =
            |row: &Vec<Literal>| -> Vec<Literal> { rows.0.key.iter().map(|id| row[id.index()].clone()).collect() };
        let mut met = BTreeSet::new();
        let keys = rows.0.rows.iter().map(in_order);
        let keys = keys.filter(|key| met.insert(xxh3_128(&serde_json::to_vec(key).unwrap_or_default())));
        TableRowsWire {
            key: rows.0.key.clone(),
            rows: keys
                .flat_map(|key| rows.of_key(&key).map(<[Literal]>::to_vec).collect::<Vec<_>>())
                .collect(),
        }
    }
}

impl TryFrom<TableRowsWire> for TableRows {
    type Error = String;

    fn try_from(wire: TableRowsWire) -> Result<TableRows, String> {
        let whole = wire
            .rows
            .iter()
            .all(|row| wire.key.iter().all(|id| id.index() < row.len()));
        match whole {
            true => Ok(TableRows::new(wire.key, wire.rows)),
            false => Err("a row of a table without its key".to_owned()),
        }
    }
}

impl TableRows {
    /// Of rows that have a value for each column of the table; `key` are positions in them.
    pub fn new(key: Vec<ColumnId>, rows: Vec<Vec<Literal>>) -> TableRows {
        let mut by_key: HashMap<Vec<Literal>, Vec<u32>> = HashMap::new();
        for (place, row) in (0u32..).zip(&rows) {
            let own = key.iter().map(|id| row[id.index()].clone()).collect();
            by_key.entry(own).or_default().push(place);
        }
        TableRows(Arc::new(Contents {
            rows,
            key,
            by_key,
            hash: OnceLock::new(),
        }))
    }

    /// Puts in a row where `order` says among those of its key; whether it was not there. What others hold stays as it is.
    pub fn insert(&mut self, row: Vec<Literal>, order: impl Fn(&[Literal], &[Literal]) -> Ordering) -> bool {
        let all = Arc::make_mut(&mut self.0);
        let own = all.key.iter().map(|id| row[id.index()].clone()).collect();
        let places = all.by_key.entry(own).or_default();
        let Err(at) = places.binary_search_by(|place| order(&all.rows[*place as usize], &row)) else {
            return false;
        };
        places.insert(at, all.rows.len() as u32);
        all.rows.push(row);
        all.hash = OnceLock::new();
        true
    }

    /// The keys, in any order.
    pub fn keys(&self) -> impl Iterator<Item = &[Literal]> {
        self.0.by_key.keys().map(Vec::as_slice)
    }

    /// All rows.
    pub fn rows(&self) -> &[Vec<Literal>] {
        &self.0.rows
    }

    /// The rows of a key, in order.
    pub fn of_key(&self, key: &[Literal]) -> impl DoubleEndedIterator<Item = &[Literal]> {
        self.of_key_while(key, |_| true)
    }

    /// The rows of a key, in order, up to the first that is not `before`; after it there is none that is.
    #[inline]
    pub fn of_key_while(
        &self,
        key: &[Literal],
        before: impl Fn(&[Literal]) -> bool,
    ) -> impl DoubleEndedIterator<Item = &[Literal]> {
        let places = self.0.by_key.get(key).map_or(&[][..], Vec::as_slice);
        let row = |place: &u32| self.0.rows[*place as usize].as_slice();
        let until = places.partition_point(|place| before(row(place)));
        places[..until].iter().map(row)
    }

    /// A hash of the set of rows, in hexadecimal.
    pub fn hash(&self) -> &str {
        self.0.hash.get_or_init(|| rows_hash(&self.0.rows))
    }
}

impl std::fmt::Debug for TableRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TableRows({} rows, {})", self.0.rows.len(), self.hash())
    }
}

impl PartialEq for TableRows {
    fn eq(&self, other: &TableRows) -> bool {
        self.hash() == other.hash()
    }
}

impl Eq for TableRows {}

impl Hash for TableRows {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash().hash(state);
    }
}

impl Table {
    /// The key, with names and types.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        let columns = self.key.iter().filter_map(|id| self.columns.get(id.index()));
        columns.map(|column| Key {
            name: column.name.clone(),
            ty: column.ty,
        })
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let column = |id: &ColumnId| self.columns.get(id.index());
        let is_instant = |id: ColumnId| column(&id).is_some_and(|found| found.ty == Type::Timestamp && !found.nullable);
        let mut keys = self.key.iter().map(column);
        let (key, different) = (
            keys.all(|key| key.is_some_and(|key| key.ty.may_be_key() && !key.nullable)),
            self.key.iter().collect::<BTreeSet<_>>().len() == self.key.len(),
        );
        let versions = self.versions.is_none_or(|versions| {
            let to = versions.valid_to.and_then(|id| column(&id));
            is_instant(versions.valid_from)
                && is_instant(versions.arrival)
                && versions.arrival != versions.valid_from
                && to.is_some() == versions.valid_to.is_some()
                && to.is_none_or(|to| to.ty == Type::Timestamp)
        });
        let forms = self.columns.iter().all(|column| column.form.fits(column.ty));
        match (key && different && !self.key.is_empty(), versions, forms) {
            (false, ..) => Some("its key"),
            (_, false, _) => Some("what tells its versions apart"),
            (.., false) => Some("how files hold a column"),
            (true, true, true) => None,
        }
    }
}

impl Lookup {
    /// The type of what is looked up, if the column is there.
    pub fn ty(&self) -> Option<Type> {
        self.table.columns.get(self.column.index()).map(|column| column.ty)
    }

    /// The types of its operands.
    pub fn operands(&self) -> Vec<Type> {
        let instant = self.table.versions.map(|_| Type::Timestamp);
        self.table.keys().map(|key| key.ty).chain(instant).collect()
    }

    /// What of the lookup can change a value, but for what the table holds.
    pub fn rules(&self) -> (Table, ColumnId, Option<u64>) {
        let table = Table {
            files: None,
            ..self.table.clone()
        };
        (table, self.column, self.within_us)
    }
}

impl Expr {
    /// Calls `visit` for every lookup in it.
    pub fn lookups<'a>(&'a self, visit: &mut dyn FnMut(&'a Lookup)) {
        self.lookups_with_operands(&mut |lookup, _| visit(lookup));
    }

    /// As [`Expr::lookups`], in the same order, with the operands of each.
    pub fn lookups_with_operands<'a>(&'a self, visit: &mut dyn FnMut(&'a Lookup, &'a [Expr])) {
        if let ExprKind::Lookup(lookup, operands) = &self.kind {
            visit(lookup, operands);
        }
        let children = self.children().into_iter();
        children.for_each(|child| child.lookups_with_operands(visit));
    }

    /// Calls `visit` for the instant of every lookup in it into a table with versions.
    pub fn lookup_instants<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        if let ExprKind::Lookup(lookup, operands) = &self.kind
            && lookup.table.versions.is_some()
            && let Some(instant) = operands.last()
        {
            visit(instant);
        }
        self.children()
            .into_iter()
            .for_each(|child| child.lookup_instants(visit));
    }

    pub(crate) fn lookups_mut(&mut self, visit: &mut dyn FnMut(&mut Lookup)) {
        match &mut self.kind {
            ExprKind::Column(_) | ExprKind::Literal(_) => {}
            ExprKind::Unary(_, operand) | ExprKind::Cast(operand) => operand.lookups_mut(visit),
            ExprKind::Binary(_, left, right) => {
                left.lookups_mut(visit);
                right.lookups_mut(visit);
            }
            ExprKind::Case { branches, otherwise } => {
                for (when, then) in branches {
                    when.lookups_mut(visit);
                    then.lookups_mut(visit);
                }
                otherwise.iter_mut().for_each(|otherwise| otherwise.lookups_mut(visit));
            }
            ExprKind::Coalesce(items) | ExprKind::Call(_, items) => {
                items.iter_mut().for_each(|item| item.lookups_mut(visit));
            }
            ExprKind::Lookup(lookup, operands) => {
                visit(lookup);
                operands.iter_mut().for_each(|operand| operand.lookups_mut(visit));
            }
        }
    }
}

/// A hash of the set of rows: neither their order nor copies of one show.
fn rows_hash(rows: &[Vec<Literal>]) -> String {
    let wire = |row: &Vec<Literal>| serde_json::to_vec(row).expect("plain data always serialises");
    let hashes: BTreeSet<u128> = rows.iter().map(|row| xxh3_128(&wire(row))).collect();
    let bytes: Vec<u8> = hashes.into_iter().flat_map(u128::to_le_bytes).collect();
    format!("{:032x}", xxh3_128(&bytes))
}
