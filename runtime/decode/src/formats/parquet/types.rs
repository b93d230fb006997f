//! As what Arrow types the columns of a Parquet file are read, where the reader's own choice loses something.

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::basic::Type as PhysicalType;
use parquet::schema::types::SchemaDescriptor;
use std::sync::Arc;

/// The schema to read a file by, if it is another than the reader chose:
/// - instants of the physical type INT96, which holds a day and nanoseconds of the day, as microseconds; the reader's 64 bits
///   of nanoseconds would wrap around outside of the years 1677 to 2262;
/// - dictionaries of decimals as plain decimals; the reader knows dictionaries of texts and of numbers alone.
pub(super) fn read_as(schema: &Schema, parquet: &SchemaDescriptor) -> Option<Schema> {
    let mut leaves = Leaves { parquet, next: 0 };
    let fields = leaves.fields(schema.fields());
    let is_another = leaves.next == parquet.num_columns() && fields != *schema.fields();
    is_another.then(|| Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The leaves of a file, in the order in which the columns of its schema reach them.
struct Leaves<'a> {
    parquet: &'a SchemaDescriptor,
    next: usize,
}

impl Leaves<'_> {
    fn fields(&mut self, fields: &Fields) -> Fields {
        fields.iter().map(|field| self.field(field)).collect()
    }

    fn field(&mut self, field: &FieldRef) -> FieldRef {
        let ty = self.ty(field.data_type());
        Arc::new(Field::clone(field).with_data_type(ty))
    }

    fn ty(&mut self, ty: &DataType) -> DataType {
        match ty {
            DataType::Struct(fields) => DataType::Struct(self.fields(fields)),
            DataType::List(item) => DataType::List(self.field(item)),
            DataType::LargeList(item) => DataType::LargeList(self.field(item)),
            DataType::ListView(item) => DataType::ListView(self.field(item)),
            DataType::LargeListView(item) => DataType::LargeListView(self.field(item)),
            DataType::FixedSizeList(item, size) => DataType::FixedSizeList(self.field(item), *size),
            DataType::Map(entries, is_sorted) => DataType::Map(self.field(entries), *is_sorted),
            leaf => self.leaf(leaf),
        }
    }

    fn leaf(&mut self, ty: &DataType) -> DataType {
        let leaf = self.next;
        self.next += 1;
        let is_int96 =
            leaf < self.parquet.num_columns() && self.parquet.column(leaf).physical_type() == PhysicalType::INT96;
        match ty {
            DataType::Timestamp(_, zone) if is_int96 => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            DataType::Dictionary(_, values) if values.is_decimal() => DataType::clone(values),
            other => other.clone(),
        }
    }
}
