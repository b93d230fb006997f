//! Arrays of lists.

use super::{Output, decode};
use crate::rules::Rules;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use featc_ir::Type;
use featr_kernels::column::list_bytes;
use featr_kernels::{Data, StrData, Value};

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
    let items = decode(items.clone(), of, rules)?;
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
                let values: Vec<Value> = (ends[0]..ends[1]).map(|item| items.column.value(item)).collect();
                lists.push(&list_bytes(&values));
            }
        }
    }
    Ok(Some(Data::Str(lists)))
}
