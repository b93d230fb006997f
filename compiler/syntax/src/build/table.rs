//! Tables, and lookups into them.

use super::{Builder, Built, Refused, find};
use crate::ast::*;
use featc_grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    pub(super) fn table(&mut self, pair: &Pair<'_, Rule>) -> Built<Table> {
        let span = self.span(pair);
        let mut table = Table {
            doc: self.doc_before(span.start),
            name: self.name(pair)?,
            columns: None,
            key: None,
            static_rows: None,
            valid_from: None,
            valid_to: None,
            arrival: None,
            zone: None,
            keep_nan: None,
            batch: None,
            span,
        };
        let mut whole = Ok(());
        for child in pair.clone().into_inner() {
            whole = whole.and(self.table_clause(&mut table, &child));
        }
        // What is left out would be told to be missing.
        whole.map(|()| table).map_err(|_| Refused)
    }

    fn table_clause(&mut self, table: &mut Table, pair: &Pair<'_, Rule>) -> Built<()> {
        let span = self.span(pair);
        match pair.as_rule() {
            Rule::columns => {
                let built = self.columns_of(pair).map(|columns| Columns { columns, span });
                self.once(&mut table.columns, "columns", |clause| clause.span, built)
            }
            Rule::table_key => {
                let list = find(pair, Rule::name_list).unwrap_or_else(|| pair.clone());
                let built = Ok(KeyClause {
                    columns: self.names(&list),
                    span,
                });
                self.once(&mut table.key, "key", |clause| clause.span, built)
            }
            Rule::static_rows => self.once(&mut table.static_rows, "static", |span| *span, Ok(span)),
            Rule::valid_from => {
                let built = self.column_clause(pair);
                self.once(&mut table.valid_from, "valid from", |clause| clause.span, built)
            }
            Rule::valid_to => {
                let built = self.column_clause(pair);
                self.once(&mut table.valid_to, "valid to", |clause| clause.span, built)
            }
            Rule::table_arrival => {
                let built = self.column_clause(pair);
                self.once(&mut table.arrival, "arrival", |clause| clause.span, built)
            }
            Rule::zone => {
                let built = self.string(pair).map(|value| TextClause { value, span });
                self.once(&mut table.zone, "zone", |clause| clause.span, built)
            }
            Rule::keep_nan => self.once(&mut table.keep_nan, "keep nan", |span| *span, Ok(span)),
            Rule::batch => {
                let built = self.files(pair, span);
                self.files_once(&mut table.batch, "batch", built)
            }
            _ => Ok(()),
        }
    }

    fn column_clause(&mut self, pair: &Pair<'_, Rule>) -> Built<ColumnClause> {
        Ok(ColumnClause {
            column: self.name(pair)?,
            span: self.span(pair),
        })
    }

    pub(super) fn lookup(&mut self, pair: &Pair<'_, Rule>) -> Built<Lookup> {
        let mut names = self.names(pair).into_iter();
        let (Some(table), Some(mut column)) = (names.next(), names.next()) else {
            return Err(self.impossible(pair));
        };
        // A field of a struct is the column of its way.
        for field in names {
            column.text = format!("{}.{}", column.text, field.text);
            column.span = column.span.to(field.span);
        }
        let within = find(pair, Rule::within).map(|within| self.within(&within));
        Ok(Lookup {
            table,
            keys: self.exprs_in(pair)?,
            column,
            within: within.transpose()?,
        })
    }
}
