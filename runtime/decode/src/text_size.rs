//! How much text lies in rows of Arrow arrays. Batches are cut by it: the offsets of an array reach 2 GiB.

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::datatypes::DataType;
use std::ops::Range;

/// The bytes of text and of lists in some rows; 0 where values have a fixed width, or are shared (views).
pub fn text_bytes(array: &dyn Array, rows: Range<usize>) -> usize {
    match array.data_type() {
        DataType::Utf8 => span(array.as_string::<i32>().value_offsets(), &rows).len(),
        DataType::Binary => span(array.as_binary::<i32>().value_offsets(), &rows).len(),
        DataType::LargeUtf8 => span(array.as_string::<i64>().value_offsets(), &rows).len(),
        DataType::LargeBinary => span(array.as_binary::<i64>().value_offsets(), &rows).len(),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            items(lists.values(), span(lists.value_offsets(), &rows))
        }
        DataType::LargeList(_) => {
            let lists = array.as_list::<i64>();
            items(lists.values(), span(lists.value_offsets(), &rows))
        }
        DataType::Struct(_) => {
            let members = array.as_struct().columns().iter();
            let bytes = members.map(|member| text_bytes(member, rows.clone()));
            bytes.fold(0, usize::saturating_add)
        }
        DataType::Dictionary(..) => {
            let rows = array.slice(rows.start, rows.len());
            let dictionary = rows.as_any_dictionary();
            let values = dictionary.values();
            if text_bytes(values, 0..values.len()) == 0 {
                return 0;
            }
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            let valid = keys.filter(|(row, _)| rows.is_valid(*row));
            let bytes = valid.map(|(_, key)| text_bytes(values, key..key + 1));
            bytes.fold(0, usize::saturating_add)
        }
        _ => 0,
    }
}

/// Whether values of a type have no fixed width.
pub fn has_text(data_type: &DataType) -> bool {
    data_type.primitive_width().is_none()
        && !matches!(
            data_type,
            DataType::Null
                | DataType::Boolean
                | DataType::FixedSizeBinary(_)
                | DataType::Utf8View
                | DataType::BinaryView
        )
}

/// How many rows it takes until their text has so many bytes, all of them if it has fewer. `text` is that of rows from
/// the first on.
pub fn rows_of_text(rows: Range<usize>, bytes: usize, text: impl Fn(Range<usize>) -> usize) -> usize {
    if text(rows.clone()) < bytes.max(1) {
        return rows.len();
    }
    let (mut least, mut most) = (1, rows.len());
    while least < most {
        let middle = least.midpoint(most);
        match text(rows.start..rows.start + middle) < bytes {
            true => least = middle + 1,
            false => most = middle,
        }
    }
    least
}

fn span<O: OffsetSizeTrait>(offsets: &[O], rows: &Range<usize>) -> Range<usize> {
    offsets[rows.start].as_usize()..offsets[rows.end].as_usize()
}

fn items(values: &ArrayRef, of_rows: Range<usize>) -> usize {
    let width = values.data_type().primitive_width().unwrap_or(size_of::<i32>());
    let widths = of_rows.len().saturating_mul(width);
    widths.saturating_add(text_bytes(values, of_rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, Int64Array, ListArray, StringArray, StructArray};
    use arrow::datatypes::{Field, Int16Type, Int64Type};
    use std::sync::Arc;

    #[test]
    fn text_of_rows_is_counted() {
        let texts = StringArray::from(vec![Some("abc"), None, Some(""), Some("de"), Some("f")]);
        assert_eq!(text_bytes(&texts, 0..5), 6);
        assert_eq!(text_bytes(&texts.slice(1, 4), 0..3), 2);
        assert_eq!(text_bytes(&Int64Array::from(vec![1, 2]), 0..2), 0);
        let words: DictionaryArray<Int16Type> = vec![Some("xx"), None, Some("y"), Some("xx")].into_iter().collect();
        assert_eq!(text_bytes(&words, 2..4), 3);
        assert_eq!(text_bytes(&words.slice(3, 1), 0..1), 2);
        let lists =
            ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![Some(2)])]);
        assert_eq!((text_bytes(&lists, 0..3), text_bytes(&lists, 2..3)), (24, 8));
        let member = Arc::new(Field::new("t", DataType::Utf8, true));
        let structs = StructArray::from(vec![(member, Arc::new(texts) as ArrayRef)]);
        assert_eq!(text_bytes(&structs, 3..5), 3);
        assert!(has_text(structs.data_type()) && has_text(lists.data_type()) && has_text(words.data_type()));
        assert!(!has_text(&DataType::Int64) && !has_text(&DataType::Boolean));
    }

    #[test]
    fn rows_go_up_to_where_the_text_is_so_long() {
        let texts = StringArray::from(vec!["abc", "", "de", "f", ""]);
        let rows = |rows: Range<usize>, bytes| rows_of_text(rows, bytes, |rows| text_bytes(&texts, rows));
        let of: Vec<usize> = (0..8).map(|bytes| rows(0..5, bytes)).collect();
        assert_eq!(of, [1, 1, 1, 1, 3, 3, 4, 5]);
        assert_eq!(
            (rows(1..5, 2), rows(1..5, 3), rows(4..5, 1), rows(5..5, 0)),
            (2, 3, 1, 0)
        );
    }
}
