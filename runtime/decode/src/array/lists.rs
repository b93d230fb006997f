//! Arrays of lists.

use super::{Output, decode};
use crate::rules::Rules;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use featc_ir::Type;
use featr_kernels::column::list_bytes;
use featr_kernels::{Data, StrData, Value};

/// So many items are taken apart at once.
const ITEMS_AT_ONCE: usize = 4_096;

/// Lists; a row is refused with the first of its items that is.
pub(super) fn lists(array: &ArrayRef, of: Type, rules: Rules, out: &mut Output) -> Result<Option<Data>, String> {
    let (ends, items): (Vec<usize>, &ArrayRef) = match array.data_type() {
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            (
                lists.value_offsets().iter().map(|end| *end as usize).collect(),
                lists.values(),
            )
        }
        DataType::LargeList(_) => {
            let lists = array.as_list::<i64>();
            (
                lists.value_offsets().iter().map(|end| *end as usize).collect(),
                lists.values(),
            )
        }
        DataType::FixedSizeList(..) => {
            let lists = array.as_fixed_size_list();
            let length = lists.value_length() as usize;
            ((0..=lists.len()).map(|row| row * length).collect(), lists.values())
        }
        _ => return Ok(None),
    };
    // A slice of lists has the items of all of them.
    let start = ends.first().copied().unwrap_or(0);
    let items = items.slice(start, ends.last().map_or(0, |end| end - start));
    let ends: Vec<usize> = ends.into_iter().map(|end| end - start).collect();
    let items = decode(items, of, rules)?;
    let mut refused = items.refused.into_iter().peekable();
    let mut lists = StrData::with_capacity(out.rows, 0);
    for (row, ends) in ends.windows(2).enumerate() {
        while refused.next_if(|(item, _)| *item < ends[0]).is_some() {}
        let wrong = refused
            .peek()
            .filter(|(item, _)| *item < ends[1])
            .map(|(_, wrong)| wrong.clone());
        match wrong {
            _ if !out.is_valid(row) => lists.end_row(),
            Some(wrong) => {
                out.null(row);
                out.refused.push((row, wrong));
                lists.end_row();
            }
            None => {
                let length = u32::try_from(ends[1] - ends[0]).map_err(|_| "a list of too many items")?;
                lists.bytes.extend_from_slice(&length.to_le_bytes());
                // A list is the bytes of its items after how many they are; few of them are taken apart at once.
                for start in (ends[0]..ends[1]).step_by(ITEMS_AT_ONCE) {
                    let end = ends[1].min(start + ITEMS_AT_ONCE);
                    let values: Vec<Value> = (start..end).map(|item| items.column.value(item)).collect();
                    lists.bytes.extend_from_slice(&list_bytes(&values)[4..]);
                }
                lists.end_row();
            }
        }
    }
    Ok(Some(Data::Str(lists)))
}
