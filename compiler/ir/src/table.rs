//! Tables, and who looks into them.

use crate::columns::Key;
use crate::expr::{Expr, Lookup, Table};
use crate::plan::RowSpec;
use crate::program::{Arrival, Program, Source, Step};
use crate::types::Type;

impl Table {
    /// The table as the decoder takes it: a source of its rows. A static one has no instant; its first key stands there,
    /// which decoding does not look at.
    pub fn as_source(&self) -> Source {
        let time = self.versions.map_or(self.key[0], |versions| versions.valid_from);
        Source {
            zone: self.zone.clone(),
            keep_nan: self.keep_nan,
            batch: self.files.clone(),
            ..Source::plain(&self.name, self.columns.clone(), self.key.clone(), time)
        }
    }

    /// A table with versions as an input of a server: a source whose rows say when they arrived.
    pub fn as_input(&self) -> Option<Source> {
        let versions = self.versions?;
        Some(Source {
            arrival: Some(Arrival::Column(versions.arrival)),
            ..self.as_source()
        })
    }

    /// The column of questions that brings the cut of this table, in truth `as_served`.
    pub fn cut_key(&self) -> Key {
        Key {
            name: format!("{}{}", Source::CUT, self.name),
            ty: Type::Timestamp,
        }
    }
}

impl RowSpec {
    /// The tables with versions that it looks into, by name: as served an event waits until they are known up to its instants.
    pub fn awaited(&self) -> Vec<Table> {
        awaited(&self.steps, &self.time)
    }
}

/// The tables with versions that steps and their event time look into, by name.
pub fn awaited(steps: &[Step], time: &Expr) -> Vec<Table> {
    let mut found = Vec::new();
    lookups(steps, time, &mut |lookup| {
        if lookup.table.versions.is_some() {
            note(&lookup.table, &mut found);
        }
    });
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

/// Calls `visit` for every lookup of steps and their event time.
pub fn lookups_mut<'a>(
    steps: impl IntoIterator<Item = &'a mut Step>,
    time: &mut Expr,
    visit: &mut dyn FnMut(&mut Lookup),
) {
    for step in steps {
        let (Step::Where(expr) | Step::Let(expr)) = step;
        expr.lookups_mut(visit);
    }
    time.lookups_mut(visit);
}

/// Calls `visit` for every lookup of steps and their event time.
pub fn lookups<'a>(steps: &'a [Step], time: &'a Expr, visit: &mut dyn FnMut(&'a Lookup)) {
    lookups_with_operands(steps, time, &mut |lookup, _| visit(lookup));
}

/// As [`lookups`], in the same order, with the operands of each.
pub fn lookups_with_operands<'a>(steps: &'a [Step], time: &'a Expr, visit: &mut dyn FnMut(&'a Lookup, &'a [Expr])) {
    for step in steps {
        let (Step::Where(expr) | Step::Let(expr)) = step;
        expr.lookups_with_operands(visit);
    }
    time.lookups_with_operands(visit);
}

impl Program {
    /// The tables that its transforms look into, by name.
    pub fn tables(&self) -> Vec<Table> {
        let mut found: Vec<Table> = Vec::new();
        for transform in &self.transforms {
            lookups(&transform.steps, &transform.time, &mut |lookup| {
                note(&lookup.table, &mut found)
            });
        }
        found.sort_by(|left, right| left.name.cmp(&right.name));
        found
    }

    /// Calls `visit` for every lookup.
    pub fn lookups_mut(&mut self, visit: &mut dyn FnMut(&mut Lookup)) {
        for transform in &mut self.transforms {
            lookups_mut(&mut transform.steps, &mut transform.time, visit);
        }
    }
}

/// Adds a table, unless one of its name is there.
pub fn note(table: &Table, found: &mut Vec<Table>) {
    if !found.iter().any(|known| known.name == table.name) {
        found.push(table.clone());
    }
}
