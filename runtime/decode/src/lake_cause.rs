//! What is wrong with a store or a table, as data.

/// What is wrong with a store or a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LakeCause {
    /// An address that no store has.
    UnknownStore,
    /// The store cannot be reached, or refuses.
    Refused,
    /// No table, or not in that version.
    NoSuchTable,
    /// A table with features without which its files cannot be read right.
    UnreadableTable,
    /// Rows of another schema than the table's.
    SchemaDiffers,
    /// A table where there must be none.
    TableExists,
    /// Another writer changed the table meanwhile.
    TableChanged,
    /// A table that cannot be written and keep its promises.
    UnwritableTable,
    /// A column that a table cannot hold.
    UnfitColumn,
}

impl LakeCause {
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            LakeCause::UnknownStore => "cannot use the address",
            LakeCause::Refused => "cannot reach",
            LakeCause::NoSuchTable => "cannot find the Delta table",
            LakeCause::UnreadableTable => "cannot read the Delta table",
            LakeCause::SchemaDiffers => "other columns than those of the Delta table",
            LakeCause::TableExists => "there is already a Delta table",
            LakeCause::TableChanged => "another writer changed the Delta table",
            LakeCause::UnwritableTable => "cannot write the Delta table",
            LakeCause::UnfitColumn => "a column does not fit into the Delta table",
        }
    }
}
