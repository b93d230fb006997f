//! Events in canonical bytes.

use super::{Reader, RestoreError, put_text};
use featc_ir::Type;
use featr_kernels::column::{Column, Data, StrData, Tag, is_list};
use featr_kernels::events::Events;
use featr_kernels::value::canonical;

/// Writes the columns; the number of rows stands before them.
pub(super) fn put_events(out: &mut Vec<u8>, events: &Events) {
    events
        .times
        .iter()
        .for_each(|time| out.extend_from_slice(&time.to_le_bytes()));
    events.ids.iter().for_each(|id| put_text(out, id));
    events
        .digests
        .iter()
        .for_each(|digest| out.extend_from_slice(&digest.to_le_bytes()));
    put_tags(out, events.poison.as_deref());
    events.lifts.iter().for_each(|lift| put_column(out, lift));
}

/// Reads what [`put_events`] wrote. Room is made for rows only after their bytes were seen to be there.
pub(super) fn take_events(reader: &mut Reader<'_>, rows: usize, lifts: &[Type]) -> Result<Events, RestoreError> {
    let times = numbers(reader, rows, i64::from_le_bytes)?;
    let ids = texts(reader, rows)?;
    let digests = numbers(reader, rows, u128::from_le_bytes)?;
    let poison = take_tags(reader, rows)?;
    if poison.iter().flatten().any(|tag| *tag == Tag::NULL) {
        return Err(RestoreError::Corrupt("a row is poisoned by null"));
    }
    let lifts = lifts
        .iter()
        .map(|ty| take_column(reader, rows, *ty))
        .collect::<Result<Vec<Column>, RestoreError>>()?;
    Ok(Events {
        times,
        ids,
        digests,
        poison,
        lifts,
    })
}

fn put_tags(out: &mut Vec<u8>, tags: Option<&[u8]>) {
    match tags.filter(|tags| tags.iter().any(|tag| *tag != Tag::VALID)) {
        None => out.push(0),
        Some(tags) => {
            out.push(1);
            out.extend_from_slice(tags);
        }
    }
}

fn take_tags(reader: &mut Reader<'_>, rows: usize) -> Result<Option<Vec<u8>>, RestoreError> {
    match reader.take(1)? {
        [0] => Ok(None),
        [1] => {
            let tags = reader.take(rows)?;
            let known = |tag: &u8| *tag == Tag::VALID || *tag == Tag::NULL || Tag::as_error(*tag).is_some();
            if !tags.iter().all(known) || tags.iter().all(|tag| *tag == Tag::VALID) {
                return Err(RestoreError::Corrupt("a tag is unknown or idle"));
            }
            Ok(Some(tags.to_vec()))
        }
        _ => Err(RestoreError::Corrupt("a tag flag is neither 0 nor 1")),
    }
}

fn put_column(out: &mut Vec<u8>, column: &Column) {
    put_tags(out, column.tags.as_deref());
    for row in 0..column.len() {
        let valid = column.is_valid(row);
        match &column.data {
            Data::Bool(values) => out.push(u8::from(valid && values[row])),
            Data::I64(values) => out.extend_from_slice(&if valid { values[row] } else { 0 }.to_le_bytes()),
            Data::F64(values) => out.extend_from_slice(&if valid { values[row].to_bits() } else { 0 }.to_le_bytes()),
            Data::I128(values) => out.extend_from_slice(&if valid { values[row] } else { 0 }.to_le_bytes()),
            Data::Str(values) => put_text(out, if valid { values.get(row) } else { b"" }),
        }
    }
}

fn take_column(reader: &mut Reader<'_>, rows: usize, ty: Type) -> Result<Column, RestoreError> {
    let tags = take_tags(reader, rows)?;
    let data = match ty {
        Type::Bool => {
            let bytes = reader.take(rows)?;
            if bytes.iter().any(|byte| *byte > 1) {
                return Err(RestoreError::Corrupt("a bool is neither 0 nor 1"));
            }
            Data::Bool(bytes.iter().map(|byte| *byte == 1).collect())
        }
        Type::Int64 | Type::Timestamp | Type::Duration => Data::I64(numbers(reader, rows, i64::from_le_bytes)?),
        Type::Date => {
            let days = numbers(reader, rows, i64::from_le_bytes)?;
            if days.iter().any(|day| i32::try_from(*day).is_err()) {
                return Err(RestoreError::Corrupt("a date is out of range"));
            }
            Data::I64(days)
        }
        Type::Float64 => {
            let values = numbers(reader, rows, |bytes| f64::from_bits(u64::from_le_bytes(bytes)))?;
            if values
                .iter()
                .any(|value| canonical(*value).to_bits() != value.to_bits())
            {
                return Err(RestoreError::Corrupt("a float is not canonical"));
            }
            Data::F64(values)
        }
        Type::Decimal { .. } => Data::I128(numbers(reader, rows, i128::from_le_bytes)?),
        // Rows that wait for tables have whatever their source has.
        Type::List(of) => {
            let lists = texts(reader, rows)?;
            let is_whole = |row: usize| {
                let is_valid = tags.as_ref().is_none_or(|tags| tags[row] == Tag::VALID);
                !is_valid || is_list(lists.get(row), *of)
            };
            if !(0..rows).all(is_whole) {
                return Err(RestoreError::Corrupt("a list is none"));
            }
            Data::Str(lists)
        }
        Type::String => {
            let texts = texts(reader, rows)?;
            if texts.iter().any(|text| std::str::from_utf8(text).is_err()) {
                return Err(RestoreError::Corrupt("a string is not UTF-8"));
            }
            Data::Str(texts)
        }
    };
    let column = Column { ty, data, tags };
    if (0..rows).all(|row| column.is_valid(row) || is_zero(&column.data, row)) {
        Ok(column)
    } else {
        Err(RestoreError::Corrupt("a row that is not valid holds something"))
    }
}

fn is_zero(data: &Data, row: usize) -> bool {
    match data {
        Data::Bool(values) => !values[row],
        Data::I64(values) => values[row] == 0,
        Data::F64(values) => values[row].to_bits() == 0,
        Data::I128(values) => values[row] == 0,
        Data::Str(values) => values.get(row).is_empty(),
    }
}

pub(super) fn numbers<T, const N: usize>(
    reader: &mut Reader<'_>,
    rows: usize,
    from: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, RestoreError> {
    let length = rows.checked_mul(N).ok_or(RestoreError::Corrupt("too many rows"))?;
    Ok(reader
        .take(length)?
        .as_chunks::<N>()
        .0
        .iter()
        .map(|chunk| from(*chunk))
        .collect())
}

pub(super) fn texts(reader: &mut Reader<'_>, rows: usize) -> Result<StrData, RestoreError> {
    let mut texts = StrData::new();
    for _ in 0..rows {
        texts.push(reader.text()?);
    }
    Ok(texts)
}

/// One byte for the type; of decimals two more.
pub(super) fn put_type(out: &mut Vec<u8>, ty: Type) {
    match ty {
        Type::Bool => out.push(0),
        Type::Int64 => out.push(1),
        Type::Float64 => out.push(2),
        Type::Decimal { precision, scale } => out.extend_from_slice(&[3, precision, scale]),
        Type::String => out.push(4),
        Type::Timestamp => out.push(5),
        Type::Date => out.push(6),
        Type::Duration => out.push(7),
        Type::List(of) => {
            out.push(8);
            put_type(out, *of);
        }
    }
}

/// Reads what [`put_type`] wrote.
pub(super) fn take_type(reader: &mut Reader<'_>) -> Result<Type, RestoreError> {
    match reader.u8()? {
        8 => {
            let of = reader.u8()?;
            let list = take_scalar(of, reader)?.list();
            list.ok_or(RestoreError::Corrupt("a type is unknown"))
        }
        of => take_scalar(of, reader),
    }
}

fn take_scalar(of: u8, reader: &mut Reader<'_>) -> Result<Type, RestoreError> {
    Ok(match of {
        0 => Type::Bool,
        1 => Type::Int64,
        2 => Type::Float64,
        3 => {
            let [precision, scale] = reader.array()?;
            Type::Decimal { precision, scale }
        }
        4 => Type::String,
        5 => Type::Timestamp,
        6 => Type::Date,
        7 => Type::Duration,
        _ => return Err(RestoreError::Corrupt("a type is unknown")),
    })
}
