//! The programs of a life, and what their tables hold.

use super::log::{self, Row};
use crate::agree::draw::rows_of;
use featc_ir::{Contents, Program, Source, Table};
use featr_kernels::tables;

/// A program that ran, or is to.
pub struct Version {
    pub text: String,
    pub program: Program,
    pub featr: featr::Program,
    /// The sources of the program, then the tables with versions of the first one.
    pub inputs: Vec<Source>,
}

/// What the tables of the first program are.
#[derive(Clone, Default)]
pub struct Tables {
    /// What those without versions hold.
    pub fixed: Contents,
    pub changing: Vec<Table>,
}

impl Version {
    pub fn new(text: String, mut program: Program, tables: &Tables) -> Version {
        let plans = featc_driver::lower(&program);
        let mut featr = featr::Program::new(plans.batch, plans.stream, ".");
        for table in featr.tables() {
            if let Some(rows) = tables.fixed.get(&table.name) {
                let batch = log::batch(&table.as_source(), &rows_of(rows));
                featr.hold_rows(&table.name, &[batch]).expect("a row per key");
            }
        }
        program.hold(&tables.fixed);
        // The rows of a view of a table are a source already.
        let is_source = |table: &&Table| program.sources.iter().any(|source| source.name == table.name);
        let inputs = tables.changing.iter().filter(|table| !is_source(table));
        let inputs = inputs.filter_map(Table::as_input);
        Version {
            text,
            featr,
            inputs: program.sources.iter().cloned().chain(inputs).collect(),
            program,
        }
    }

    /// The program with what the tables with versions hold by now.
    pub fn holding(&self, ledger: &[Vec<Row>]) -> Program {
        let mut program = self.program.clone();
        let mut contents = Contents::new();
        for table in program.tables().into_iter().filter(|table| table.versions.is_some()) {
            let place = self.inputs.iter().position(|input| input.name == table.name);
            let place = place.expect("a table of the first program");
            let batch = log::batch(&self.inputs[place], &ledger[place]);
            contents.insert(
                table.name.clone(),
                tables::table_rows(&table, &[batch]).expect("versions"),
            );
        }
        program.hold(&contents);
        program
    }
}
