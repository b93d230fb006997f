//! What text formats print: instants in UTC whatever zone their column names, and no dictionaries.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use std::sync::Arc;

/// The same values, with every zone replaced by the offset zero and dictionaries unpacked.
pub(super) fn batch(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let fields: Vec<FieldRef> = schema.fields().iter().map(field).collect();
    cast_to(batch, &Arc::new(Schema::new(fields)))
}

/// A batch with its columns as those of another schema.
///
/// # Errors
/// A value that the other type does not have.
pub(super) fn cast_to(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| match column.data_type() == field.data_type() {
        true => Ok(column.clone()),
        false => cast_with_options(column, field.data_type(), &strict),
    });
    let columns = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}

fn field(of: &FieldRef) -> FieldRef {
    let unpacked = matches!(of.data_type(), DataType::Dictionary(..));
    Arc::new(Field::new(
        of.name(),
        data_type(of.data_type()),
        of.is_nullable() || unpacked,
    ))
}

fn data_type(of: &DataType) -> DataType {
    match of {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("+00:00".into())),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        // Arrow's JSON writer takes a null among the values of a dictionary for an empty string.
        DataType::Dictionary(_, values) => data_type(values),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::*;
    use arrow::datatypes::{DataType, Field, Int8Type};
    use std::sync::Arc;

    #[test]
    fn named_zones_print_as_utc_in_every_nesting() {
        let at = || TimestampMicrosecondArray::from(vec![Some(0), None]).with_timezone("Europe/Paris");
        let structs = StructArray::from(vec![(
            Arc::new(Field::new("x", at().data_type().clone(), true)),
            Arc::new(at()) as ArrayRef,
        )]);
        let item = Arc::new(Field::new("item", structs.data_type().clone(), true));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths([2, 0]);
        let lists = ListArray::new(item, offsets, Arc::new(structs), None);
        let keys = Int8Array::from(vec![0, 1]);
        let dictionary = DictionaryArray::<Int8Type>::try_new(keys, Arc::new(at())).unwrap();
        let plain = StringArray::from(vec!["a", "b"]);
        let batch = RecordBatch::try_from_iter([
            ("l", Arc::new(lists) as ArrayRef),
            ("d", Arc::new(dictionary)),
            ("s", Arc::new(plain)),
        ])
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("o.jsonl");
        crate::write_rows(&path, batch.schema(), [batch]).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let expected = [
            r#"{"l":[{"x":"1970-01-01T00:00:00Z"},{"x":null}],"d":"1970-01-01T00:00:00Z","s":"a"}"#,
            r#"{"l":[],"d":null,"s":"b"}"#,
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        assert!(matches!(at().data_type(), DataType::Timestamp(_, Some(zone)) if &**zone == "Europe/Paris"));
    }
}
