//! Types with other types inside them.

use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use std::sync::Arc;

/// Fields with each type that has no fields inside it replaced, in the order in which they are reached.
pub(crate) fn replaced(fields: &Fields, by: &mut dyn FnMut(&DataType) -> DataType) -> Fields {
    fields.iter().map(|of| field(of, by)).collect()
}

fn field(of: &FieldRef, by: &mut dyn FnMut(&DataType) -> DataType) -> FieldRef {
    let ty = match of.data_type() {
        DataType::Struct(fields) => DataType::Struct(replaced(fields, by)),
        DataType::List(item) => DataType::List(field(item, by)),
        DataType::LargeList(item) => DataType::LargeList(field(item, by)),
        DataType::ListView(item) => DataType::ListView(field(item, by)),
        DataType::LargeListView(item) => DataType::LargeListView(field(item, by)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item, by), *size),
        DataType::Map(entries, is_sorted) => DataType::Map(field(entries, by), *is_sorted),
        leaf => by(leaf),
    };
    Arc::new(Field::clone(of).with_data_type(ty))
}
