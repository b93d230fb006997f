//! As what Arrow types the columns of a Parquet file are read, where the reader's own choice loses something.

use crate::data_types::replaced;
use arrow::datatypes::{DataType, Schema, TimeUnit};
use parquet::basic::Type as PhysicalType;
use parquet::schema::types::SchemaDescriptor;

/// The schema to read a file by, if it is another than the reader chose:
/// - instants of the physical type INT96, which holds a day and nanoseconds of the day, as microseconds; the reader's 64 bits
///   of nanoseconds would wrap around outside of the years 1677 to 2262;
/// - dictionaries of decimals as plain decimals; the reader knows dictionaries of texts and of numbers alone.
pub(super) fn read_as(schema: &Schema, parquet: &SchemaDescriptor) -> Option<Schema> {
    // The leaves of a file stand in the order in which the columns of its schema reach them.
    let mut leaf = 0;
    let fields = replaced(schema.fields(), &mut |ty| {
        let is_int96 = leaf < parquet.num_columns() && parquet.column(leaf).physical_type() == PhysicalType::INT96;
        leaf += 1;
        match ty {
            DataType::Timestamp(_, zone) if is_int96 => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            DataType::Dictionary(_, values) if values.is_decimal() => DataType::clone(values),
            other => other.clone(),
        }
    });
    let is_another = leaf == parquet.num_columns() && fields != *schema.fields();
    is_another.then(|| Schema::new_with_metadata(fields, schema.metadata().clone()))
}
