//! Which row groups can hold a row that matters, by what their statistics say.
//!
//! Cautious: a row group is left out only when it is certain. Missing statistics, types whose order in old files is not
//! certain, and nulls that would be kept all let it stay.

use crate::array;
use crate::decoded_rows::{name_in, were_decoded};
use crate::guard::guarded;
use crate::read_as::Reader;
use crate::spec::{Bound, Spec};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use featr_kernels::value::Value;
use featr_kernels::{Column, Data};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

/// Whether a value that is said for a whole file is within a bound. Nulls are.
pub(crate) fn within(value: &Value, bound: &Bound) -> bool {
    let value = match value {
        Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value) => *value,
        Value::Date(day) => i64::from(*day),
        _ => return true,
    };
    (bound.least..=bound.greatest).contains(&value)
}

/// Clears the flags of the row groups that have no row within a bound.
pub(crate) fn clear(file: &str, metadata: &ArrowReaderMetadata, bound: &Bound, spec: &Spec, keep: &mut [bool]) {
    let index = bound.column.index();
    let Some((least, greatest)) = extremes(file, metadata, index, spec) else {
        return;
    };
    let groups = metadata.metadata().row_groups();
    let name = name_in(metadata.schema(), &spec.columns[index]);
    let schema = metadata.parquet_schema();
    let leaf = schema.columns().iter().position(|leaf| leaf.path().parts() == [name]);
    for (at, flag) in keep.iter_mut().enumerate() {
        let statistics = groups
            .get(at)
            .zip(leaf)
            .and_then(|(group, leaf)| group.column(leaf).statistics());
        let no_nulls = spec.null_reason(index).is_some()
            || statistics.and_then(|statistics| statistics.null_count_opt()) == Some(0);
        if let (Some(least), Some(greatest), true) = (number(&least, at), number(&greatest, at), no_nulls) {
            *flag &= least <= bound.greatest && greatest >= bound.least;
        }
    }
}

/// The least and the greatest value of each row group, null where they are not known.
fn extremes(file: &str, metadata: &ArrowReaderMetadata, index: usize, spec: &Spec) -> Option<(Column, Column)> {
    let column = spec.columns.get(index)?;
    let (schema, is_decoded) = (metadata.schema(), were_decoded(metadata.schema()));
    // What is read of a number or a date grows with it; what is read of a text by a format need not.
    if !is_decoded && matches!(spec.readers[index], Some(Reader::Format(_))) {
        return None;
    }
    let name = name_in(schema, column);
    let (_, field) = schema.column_with_name(name)?;
    let known = field.data_type().is_signed_integer()
        || matches!(
            field.data_type(),
            DataType::Timestamp(..) | DataType::Date32 | DataType::Duration(_)
        );
    if !known {
        return None;
    }
    let groups = metadata.metadata().row_groups();
    let read = || {
        let converter = StatisticsConverter::try_new(name, schema, metadata.parquet_schema())?;
        Ok::<_, parquet::errors::ParquetError>((converter.row_group_mins(groups)?, converter.row_group_maxes(groups)?))
    };
    let (least, greatest) = guarded(file, read).ok()?;
    let decoded = |array: ArrayRef| {
        let decode = || match is_decoded {
            true => array::decode(array, column.ty, spec.rules),
            false => spec.decode(index, array),
        };
        let decoded = guarded(file, decode).ok()?.column;
        (decoded.len() == groups.len()).then_some(decoded)
    };
    Some((decoded(least)?, decoded(greatest)?))
}

fn number(column: &Column, row: usize) -> Option<i64> {
    match &column.data {
        Data::I64(values) if column.is_valid(row) => values.get(row).copied(),
        _ => None,
    }
}
