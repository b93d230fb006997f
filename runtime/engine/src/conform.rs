//! Arrays that another tool has written in Arrow types of its own, as arrays of ours.

use crate::error::Error;
use arrow::array::{Array as _, ArrayRef, RecordBatch, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Schema};
use featc_ir::Type;
use featr_decode::arrow_type;

/// The array in the Arrow type of `ty`; `None` where it holds values of another kind, or one would not be the same.
pub(crate) fn conformed(array: &ArrayRef, ty: Type) -> Option<ArrayRef> {
    let (found, wanted) = (array.data_type(), arrow_type(ty));
    // What does not fit is an error, not null.
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast = |array: &ArrayRef, to: &DataType| cast_with_options(array, to, &strict).ok();
    match found {
        found if *found == wanted => Some(array.clone()),
        DataType::Null => Some(new_null_array(&wanted, array.len())),
        DataType::Dictionary(_, values) => conformed(&cast(array, values)?, ty),
        found if is_kind(ty, found) => {
            let there = cast(array, &wanted)?;
            let back = cast(&there, found)?;
            (back.to_data() == array.to_data()).then_some(there)
        }
        _ => None,
    }
}

/// Whether values of a type are written so by somebody.
fn is_kind(ty: Type, found: &DataType) -> bool {
    match ty {
        Type::Bool => *found == DataType::Boolean,
        Type::Int64 => found.is_integer(),
        Type::Float64 => found.is_floating(),
        Type::Decimal { .. } => found.is_decimal(),
        Type::String => matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
        Type::Timestamp => matches!(found, DataType::Timestamp(_, Some(_))),
        Type::Date => matches!(found, DataType::Date32 | DataType::Date64),
        Type::Duration => matches!(found, DataType::Duration(_)),
        Type::List(of) => items(found).is_some_and(|items| is_kind(*of, items)),
    }
}

/// The type of the items of lists.
fn items(found: &DataType) -> Option<&DataType> {
    match found {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => Some(item.data_type()),
        _ => None,
    }
}

/// An Arrow type in words.
pub(crate) fn in_words(found: &DataType) -> String {
    match (found, items(found)) {
        (DataType::Dictionary(_, values), _) => format!("dictionary of {}", in_words(values)),
        (_, Some(items)) => format!("list of {}", in_words(items)),
        (DataType::Struct(_), None) => "struct".to_owned(),
        (DataType::Map(..), None) => "map".to_owned(),
        (DataType::Timestamp(_, None), None) => "timestamp without time zone".to_owned(),
        (other, None) => other.to_string(),
    }
}

/// Batches of one schema in the columns of another; `None`: it has others than these.
pub(crate) fn aligned(
    batches: &[RecordBatch],
    (own, wanted): (&Schema, &Schema),
) -> Result<Option<Vec<RecordBatch>>, Error> {
    let own = own.fields();
    let place = |field| own.iter().position(|own| own == field);
    let places: Option<Vec<usize>> = wanted.fields().iter().map(place).collect();
    let Some(places) = places.filter(|places| places.len() == own.len()) else {
        return Ok(None);
    };
    let project = |batch: &RecordBatch| {
        let batch = batch.project(&places);
        batch.map_err(|error| Error::Bug { why: error.to_string() })
    };
    batches.iter().map(project).collect::<Result<_, _>>().map(Some)
}

/// The columns of a schema, in words; with their types where the names say no difference.
pub(crate) fn schema_in_words(schema: &Schema, other: &Schema) -> String {
    let names = |schema: &Schema| {
        let names = schema.fields().iter().map(|field| field.name().clone());
        names.collect::<Vec<String>>()
    };
    if names(schema) != names(other) {
        return names(schema).join(", ");
    }
    let fields = schema.fields().iter();
    let typed = fields.map(|field| format!("{} {}", field.name(), in_words(field.data_type())));
    typed.collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        DictionaryArray, Float64Array, Int32Array, Int64Array, LargeListArray, LargeStringArray, ListArray,
        StringArray, TimestampMicrosecondArray, TimestampNanosecondArray,
    };
    use arrow::buffer::{NullBuffer, OffsetBuffer};
    use arrow::datatypes::{Field, Int32Type};
    use std::sync::Arc;

    fn same(from: ArrayRef, ty: Type, to: ArrayRef) {
        let conformed = conformed(&from, ty).expect("it conforms");
        assert_eq!(*conformed.data_type(), arrow_type(ty));
        assert_eq!(conformed.to_data(), to.to_data());
    }

    #[test]
    fn what_other_tools_write_is_what_we_write() {
        let texts = StringArray::from(vec![Some("ok"), None, Some("é")]);
        let text: ArrayRef = Arc::new(texts.clone());
        let large: LargeStringArray = texts.iter().collect();
        same(Arc::new(large), Type::String, text.clone());
        let codes: DictionaryArray<Int32Type> = texts.iter().collect();
        same(Arc::new(codes), Type::String, text);

        let floats = || Arc::new(Float64Array::from(vec![Some(-0.0), None, Some(f64::NAN), Some(0.1)]));
        let valid = || Some(NullBuffer::from(vec![true, false, true]));
        let of = Type::Float64.list().expect("a list");
        let item = Arc::new(Field::new("item", DataType::Float64, true));
        let ours: ArrayRef = Arc::new(ListArray::new(
            item,
            OffsetBuffer::from_lengths([3, 0, 1]),
            floats(),
            valid(),
        ));
        let element = Arc::new(Field::new("element", DataType::Float64, true));
        let lists = ListArray::new(
            element.clone(),
            OffsetBuffer::from_lengths([3, 0, 1]),
            floats(),
            valid(),
        );
        same(Arc::new(lists), of, ours.clone());
        let lists = LargeListArray::new(element, OffsetBuffer::from_lengths([3, 0, 1]), floats(), valid());
        same(Arc::new(lists), of, ours);

        let ns = TimestampNanosecondArray::from(vec![-1_000, 5_000]).with_timezone("+00:00");
        let us = TimestampMicrosecondArray::from(vec![-1, 5]).with_timezone("UTC");
        same(Arc::new(ns), Type::Timestamp, Arc::new(us));
        same(
            Arc::new(Int32Array::from(vec![7])),
            Type::Int64,
            Arc::new(Int64Array::from(vec![7])),
        );
        same(
            new_null_array(&DataType::Null, 1),
            Type::Int64,
            new_null_array(&DataType::Int64, 1),
        );
    }

    #[test]
    fn what_would_be_another_value_does_not_conform() {
        let ns: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1]).with_timezone("UTC"));
        assert!(conformed(&ns, Type::Timestamp).is_none());
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![7.0]));
        assert!(conformed(&floats, Type::Int64).is_none());
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["7"]));
        assert!(conformed(&texts, Type::Int64).is_none());
        let naive: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1]));
        assert!(conformed(&naive, Type::Timestamp).is_none());
    }
}
