//! How much rows become when they are decoded, told before any of it is: rows may share values by a dictionary or by views,
//! and arrays of nulls have no bytes at all. What has a fixed width does not count: it is bounded by its rows.

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::datatypes::DataType;
use featc_ir::Type;
use featr_kernels::column::list_len;
use featr_kernels::{Batch, Data};
use std::ops::Range;

/// Rows are decoded together that become so many bytes, or one row.
pub(crate) const SLICE_BYTES: usize = 64 << 20;

/// A row that becomes more is refused.
pub(crate) const ROW_BYTES_MAX: u64 = 256 << 20;

/// What an item of a list costs beside its bytes.
pub(crate) const ITEM_BYTES: usize = 8;

/// The bytes that rows become: of texts and lists, with items of lists.
pub(crate) fn bytes_of(batch: &Batch) -> u64 {
    let bytes = batch.columns.iter().map(|column| match (&column.data, column.ty) {
        (Data::Str(lists), Type::List(_)) => {
            let bytes = lists.offsets.windows(2).map(|ends| &lists.bytes[ends[0]..ends[1]]);
            let items: usize = bytes.filter(|bytes| bytes.len() >= 4).map(list_len).sum();
            lists.bytes.len() + items * ITEM_BYTES
        }
        (Data::Str(texts), _) => texts.bytes.len(),
        _ => 0,
    });
    bytes.sum::<usize>() as u64
}

/// What rows of a column become at the end of a way into it.
pub(crate) fn bytes(array: &ArrayRef, inside: &[String], rows: Range<usize>) -> usize {
    let span = |values: &ArrayRef, span: Range<usize>| items(values, inside, span);
    match array.data_type() {
        DataType::List(_) => span(
            array.as_list::<i32>().values(),
            ends(array.as_list::<i32>().offsets(), rows),
        ),
        DataType::LargeList(_) => span(
            array.as_list::<i64>().values(),
            ends(array.as_list::<i64>().offsets(), rows),
        ),
        DataType::FixedSizeList(..) => {
            let lists = array.as_fixed_size_list();
            let length = lists.value_length() as usize;
            span(lists.values(), rows.start * length..rows.end * length)
        }
        DataType::Struct(_) => {
            let found = inside.split_first().and_then(|(name, rest)| {
                let child = array.as_struct().column_by_name(name)?;
                Some(bytes(child, rest, rows))
            });
            found.unwrap_or(0)
        }
        DataType::Utf8 => ends(array.as_string::<i32>().offsets(), rows).len(),
        DataType::LargeUtf8 => ends(array.as_string::<i64>().offsets(), rows).len(),
        // The low half of a view is the length of its text.
        DataType::Utf8View => {
            let views = &array.as_string_view().views()[rows];
            views.iter().map(|view| *view as u32 as usize).sum()
        }
        DataType::Dictionary(..) => {
            let array = array.slice(rows.start, rows.len());
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values();
            if values.is_empty() || is_narrow(values.data_type()) {
                return 0;
            }
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            let keys = keys.filter(|(row, _)| array.is_valid(*row));
            keys.map(|(_, key)| bytes(values, inside, key..key + 1))
                .fold(0, usize::saturating_add)
        }
        _ => 0,
    }
}

/// What items of lists become.
fn items(values: &ArrayRef, inside: &[String], span: Range<usize>) -> usize {
    let width = ITEM_BYTES + 1 + end(values.data_type(), inside).map_or(0, width);
    let widths = span.len().saturating_mul(width);
    widths.saturating_add(bytes(values, inside, span))
}

/// The type at the end of a way.
fn end<'a>(of: &'a DataType, inside: &[String]) -> Option<&'a DataType> {
    match (of, inside.split_first()) {
        (DataType::Struct(fields), Some((name, rest))) => end(fields.find(name)?.1.data_type(), rest),
        _ => Some(of),
    }
}

/// The bytes of a value in a list, beside those of its text.
fn width(of: &DataType) -> usize {
    match of {
        DataType::Null => 0,
        DataType::Dictionary(_, values) => width(values),
        DataType::Boolean => 1,
        _ if of.is_decimal() => 16,
        _ if of.is_nested() || !is_narrow(of) => 4,
        _ => 8,
    }
}

/// Whether values have a fixed width.
fn is_narrow(of: &DataType) -> bool {
    of.primitive_width().is_some() || matches!(of, DataType::Boolean | DataType::Null)
}

fn ends<O: OffsetSizeTrait>(offsets: &[O], rows: Range<usize>) -> Range<usize> {
    offsets[rows.start].as_usize()..offsets[rows.end].as_usize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, Int32Array, LargeListArray, ListArray, NullArray, StringArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field, Int64Type};
    use std::sync::Arc;

    #[test]
    fn what_rows_share_counts_as_often_as_they_have_it() {
        let of = |array: ArrayRef, rows| bytes(&array, &[], rows);
        let nulls = LargeListArray::new(
            Arc::new(Field::new_list_field(DataType::Null, true)),
            OffsetBuffer::new(vec![0i64, 400_000_000, 400_000_001].into()),
            Arc::new(NullArray::new(400_000_001)),
            None,
        );
        let nulls: ArrayRef = Arc::new(nulls);
        assert_eq!((of(nulls.clone(), 0..2), of(nulls, 1..2)), (9 * 400_000_001, 9));
        // So many that nine times as many would be two again.
        let most = 2_049_638_230_412_172_402;
        let nulls: ArrayRef = Arc::new(LargeListArray::new(
            Arc::new(Field::new_list_field(DataType::Null, true)),
            OffsetBuffer::new(vec![0, most].into()),
            Arc::new(NullArray::new(most as usize)),
            None,
        ));
        assert_eq!(of(nulls, 0..1), usize::MAX);
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
        let lists: ArrayRef = Arc::new(lists);
        assert_eq!(of(lists.clone(), 0..2), 2 * 17);
        let keys: Int32Array = (0..10).map(|row| (row != 3).then_some(i32::from(row == 4))).collect();
        let shared: ArrayRef = Arc::new(DictionaryArray::new(keys.clone(), lists));
        assert_eq!((of(shared.clone(), 0..10), of(shared, 3..6)), (8 * 34, 34));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["abc", "de"]));
        assert_eq!(
            of(Arc::new(DictionaryArray::new(keys, texts.clone())), 0..10),
            8 * 3 + 2
        );
        assert_eq!(of(texts, 1..2), 2);
    }
}
