//! Tables: read as a whole before anything is computed, and given to every plan that looks into them.

use crate::error::Error;
use crate::program::Program;
use crate::warning::Warning;
use featc_ir::plan::{BatchPlan, StreamGraph};
use featc_ir::{ColumnId, Contents, Literal, Source, SourceColumn, Table, TableRows, Truth};
use featr_batch::EXAMPLES_MAX;
use featr_decode::{Example, ReadOptions, read_source};
use featr_kernels::{Batch, Column, Value, tables};
use featr_stream::LogName;
use std::collections::BTreeMap;

/// Versions of a table that nothing but their other columns tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlikeVersions {
    /// The name of the table.
    pub table: String,
    /// The names of its instants: since when a version holds, and since when it was known.
    pub instants: [String; 2],
    /// How many keys have such versions.
    pub keys: u64,
    /// The first of them: `plane=n1`.
    pub examples: Vec<String>,
}

impl Program {
    /// The tables with versions, of those that are looked into, in which a key has different ones of one `valid from` and one
    /// arrival. A lookup takes the greatest of these.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn alike_versions(&self) -> Result<Vec<AlikeVersions>, Error> {
        let contents = self.contents()?;
        let mut found = Vec::new();
        for table in self.tables() {
            let (Some(versions), Some(rows)) = (table.versions, contents.get(&table.name)) else {
                continue;
            };
            let (keys, examples) = tables::alike(&table, rows, EXAMPLES_MAX);
            let instants = [versions.valid_from, versions.arrival];
            if keys > 0 {
                found.push(AlikeVersions {
                    instants: instants.map(|id| table.columns[id.index()].name.clone()),
                    table: table.name,
                    keys,
                    examples,
                });
            }
        }
        Ok(found)
    }

    /// Warns of tables with columns that count time since 1970 and never leave that year, whose unit may be another one; and of
    /// tables with versions that end before they begin.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn table_warnings(&self) -> Result<Vec<Warning>, Error> {
        let contents = self.contents()?;
        let in_1970 = |table: &Table, rows: &[Vec<Literal>]| {
            let is_early = |(place, column): &(usize, &SourceColumn)| {
                let instants = rows.iter().filter_map(|row| match row[*place] {
                    Literal::Timestamp(us) => Some(us),
                    _ => None,
                });
                let read_as = column.form.read_as.as_ref();
                let mut of_1970 = instants.map(|us| read_as.is_some_and(|read_as| read_as.is_of_1970(us)));
                of_1970.next() == Some(true) && of_1970.all(|is_early| is_early)
            };
            let columns = table.columns.iter().enumerate().filter(is_early);
            let columns: Vec<String> = columns.map(|(_, column)| column.name.clone()).collect();
            let what = format!("table `{}`", table.name);
            (!columns.is_empty()).then_some(Warning::AllIn1970 { what, columns })
        };
        let warnings = |table: &Table| {
            let rows = contents.get(&table.name).map_or(&[][..], TableRows::rows);
            [in_1970(table, rows), never_valid(table, rows)]
        };
        let warnings: Vec<_> = self.tables().iter().map(warnings).collect();
        Ok(warnings.into_iter().flatten().flatten().collect())
    }

    /// The tables that some service looks into, each once.
    pub fn tables(&self) -> Vec<Table> {
        let mut found: Vec<Table> = Vec::new();
        for table in self.stream.iter().flat_map(StreamGraph::tables) {
            featc_ir::table::note(&table, &mut found);
        }
        found
    }

    /// Reads the tables that have no rows yet, so that all that follows sees the same rows. What is not read so is read by
    /// every run for itself.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn load_tables(&mut self) -> Result<&Contents, Error> {
        self.table_contents = self.contents()?;
        Ok(&self.table_contents)
    }

    /// Gives a table its rows, in place of files.
    ///
    /// # Errors
    /// [`Error::UnknownSource`] of a name that no table has; [`Error::TwoRowsOfAKey`].
    pub fn hold_rows(&mut self, table: &str, rows: &[Batch]) -> Result<(), Error> {
        let tables = self.tables();
        let Some(found) = tables.iter().find(|known| known.name == table) else {
            return Err(Error::UnknownSource {
                source: table.to_owned(),
                known: tables.into_iter().map(|known| known.name).collect(),
            });
        };
        let rows = table_rows(found, rows)?;
        self.table_contents.insert(table.to_owned(), rows);
        Ok(())
    }

    /// What each table holds.
    ///
    /// # Errors
    /// [`Error::NoFiles`], [`Error::Decode`]; [`Error::UnusableRow`] of a table with a row that is rejected,
    /// [`Error::TwoRowsOfAKey`].
    pub fn contents(&self) -> Result<Contents, Error> {
        let mut contents = self.table_contents.clone();
        for table in self.stream.iter().flat_map(StreamGraph::unread_tables) {
            if !contents.contains_key(&table.name) {
                let rows = self.read_table(&table)?;
                contents.insert(table.name, rows);
            }
        }
        Ok(contents)
    }

    /// The table with versions that events look into, or that they are rows of.
    pub fn versions_behind(&self, log: &LogName) -> Option<String> {
        let of_transform = |graph: &StreamGraph| {
            let mut rows = graph.rows.iter().map(|rows| rows.rows.spec());
            let rows = rows.find(|rows| rows.name == log.transform);
            rows.and_then(|rows| rows.awaited().into_iter().next())
        };
        let looked_up = self.stream.iter().find_map(of_transform);
        let own = || {
            self.tables()
                .into_iter()
                .find(|table| table.name == log.source && table.versions.is_some())
        };
        looked_up.or_else(own).map(|table| table.name)
    }

    /// As [`Program::contents`], of those without versions.
    fn static_contents(&self) -> Result<Contents, Error> {
        let mut contents = Contents::new();
        for table in self.tables().iter().filter(|table| table.versions.is_none()) {
            let rows = match self.table_contents.get(&table.name) {
                Some(rows) => rows.clone(),
                None => self.read_table(table)?,
            };
            contents.insert(table.name.clone(), rows);
        }
        Ok(contents)
    }

    /// As [`Program::load_tables`], of those without versions: the others are inputs of a server.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn load_static_tables(&mut self) -> Result<(), Error> {
        let contents = self.static_contents()?;
        self.table_contents.extend(contents);
        Ok(())
    }

    /// The rows of each table, with the table as a source of them.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn table_rows(&self) -> Result<Vec<(Source, Batch)>, Error> {
        let contents = self.contents()?;
        let rows = |table: &Table| {
            let rows = contents.get(&table.name).map_or(&[][..], TableRows::rows);
            let columns = table.columns.iter().enumerate().map(|(place, column)| {
                let values: Vec<Value> = rows.iter().map(|row| Value::from_literal(&row[place])).collect();
                Column::from_values(column.ty, &values)
            });
            (table.as_source(), Batch::from_columns(columns.collect()))
        };
        Ok(self.tables().iter().map(rows).collect())
    }

    /// A hash of what each table without versions holds, by name.
    ///
    /// # Errors
    /// As [`Program::contents`].
    pub fn table_hashes(&self) -> Result<BTreeMap<String, String>, Error> {
        let contents = self.static_contents()?.into_iter();
        Ok(contents.map(|(name, rows)| (name, rows.hash().to_owned())).collect())
    }

    /// The same rows again, for a run.
    pub(crate) fn hold_batch(&self, plan: &mut BatchPlan) -> Result<(), Error> {
        if !plan.unread_tables().is_empty() {
            plan.hold(&self.contents()?);
        }
        Ok(())
    }

    /// As [`Program::hold_batch`], of graphs. As served tables with versions are inputs.
    pub(crate) fn hold_stream(&self, graphs: &mut [StreamGraph], truth: Truth) -> Result<(), Error> {
        if truth == Truth::AsServed {
            let contents = self.static_contents()?;
            graphs.iter_mut().for_each(|graph| graph.hold(&contents));
        } else if graphs.iter().any(|graph| !graph.unread_tables().is_empty()) {
            let contents = self.contents()?;
            graphs.iter_mut().for_each(|graph| graph.hold(&contents));
        }
        Ok(())
    }

    fn read_table(&self, table: &Table) -> Result<TableRows, Error> {
        let source: Source = table.as_source();
        let files = self.files.get(&table.name).or(table.files.as_ref());
        let files = files.ok_or_else(|| Error::NoFiles {
            source: table.name.clone(),
        })?;
        let options = ReadOptions {
            store: Some(self.store()),
            ..ReadOptions::default()
        };
        let mut reader = read_source(&source, files, &self.base, options)?;
        let mut batches = Vec::new();
        for decoded in reader.by_ref() {
            self.check_interrupt()?;
            batches.push(decoded?.batch);
        }
        let rejects = reader.into_rejects();
        if rejects.total() > 0 {
            return Err(Error::UnusableRow {
                table: table.name.clone(),
                rows: rejects.total(),
                example: rejects.kept().first().map(Example::from),
            });
        }
        table_rows(table, &batches)
    }
}

/// Warns of versions that end before they begin. One that ends as it begins says that its key has no row from then on.
fn never_valid(table: &Table, rows: &[Vec<Literal>]) -> Option<Warning> {
    let versions = table.versions.as_ref()?;
    let [from, to] = [versions.valid_from, versions.valid_to?].map(ColumnId::index);
    let is_never_valid = |row: &&Vec<Literal>| match (&row[from], &row[to]) {
        (Literal::Timestamp(from_us), Literal::Timestamp(to_us)) => to_us < from_us,
        _ => false,
    };
    let found = rows.iter().filter(is_never_valid).count();
    (found > 0).then(|| Warning::EndsBeforeBeginning {
        table: table.name.clone(),
        instants: [from, to].map(|place| table.columns[place].name.clone()),
        found: found as u64,
        rows: rows.len() as u64,
    })
}

fn table_rows(table: &Table, batches: &[Batch]) -> Result<TableRows, Error> {
    tables::table_rows(table, batches).map_err(|twice| Error::TwoRowsOfAKey {
        table: table.name.clone(),
        key: twice.key,
    })
}
