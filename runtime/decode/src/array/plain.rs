//! What needs no look at every value: buffers taken out of arrays, bits to tags, strings in one copy.

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait, StringArray, StringArrayType};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{ArrowPrimitiveType, DataType};
use featr_kernels::value::NAN;
use featr_kernels::{StrData, Tag};

/// The values of an array of a primitive type, null rows included: its buffer where nobody else has it, else a copy.
pub(super) fn taken<T: ArrowPrimitiveType>(array: ArrayRef) -> Option<Vec<T::Native>> {
    let same = array.as_primitive_opt::<T>()?.clone();
    drop(array);
    Some(same.into_parts().1.into())
}

/// One value per bit.
fn unpacked<T: Copy>(bits: &BooleanBuffer, map: impl Fn(u8) -> T) -> Vec<T> {
    let mut values = Vec::with_capacity(bits.len() + 64);
    for word in bits.bit_chunks().iter_padded() {
        values.extend((0..64).map(|bit| map((word >> bit) as u8 & 1)));
    }
    values.truncate(bits.len());
    values
}

pub(super) fn booleans(bits: &BooleanBuffer) -> Vec<bool> {
    unpacked(bits, |bit| bit == 1)
}

pub(super) fn null_tags(nulls: Option<&NullBuffer>) -> Option<Vec<u8>> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0)?;
    // A valid row has bit 1 and tag 0.
    const { assert!(Tag::VALID == 0 && Tag::NULL == 1) };
    Some(unpacked(nulls.inner(), |bit| bit ^ 1))
}

/// Makes floats canonical; says whether there is a NaN.
pub(super) fn settled(values: &mut [f64]) -> bool {
    let mut nan = false;
    for value in values.iter_mut() {
        *value += 0.0;
        nan |= value.is_nan();
    }
    if nan {
        values
            .iter_mut()
            .filter(|value| value.is_nan())
            .for_each(|value| *value = NAN);
    }
    nan
}

/// Strings of any kind but dictionaries. Null rows may have bytes too; nobody looks at them.
pub(super) fn strings(array: ArrayRef) -> Option<StrData> {
    match array.data_type() {
        DataType::Utf8 => whole::<i32>(array),
        DataType::LargeUtf8 => whole::<i64>(array),
        _ => array.as_string_view_opt().map(copied),
    }
}

fn whole<O: OffsetSizeTrait>(array: ArrayRef) -> Option<StrData> {
    let same = array.as_string_opt::<O>()?.clone();
    drop(array);
    let (offsets, bytes, _) = same.into_parts();
    let first = offsets.first().map_or(0, |offset| offset.as_usize());
    let last = offsets.last().map_or(0, |offset| offset.as_usize());
    let offsets = offsets.iter().map(|offset| offset.as_usize() - first).collect();
    let bytes = match bytes.into_vec::<u8>() {
        Ok(mut bytes) if first == 0 => {
            bytes.truncate(last);
            bytes
        }
        Ok(bytes) => bytes[first..last].to_vec(),
        Err(bytes) => bytes[first..last].to_vec(),
    };
    Some(StrData { offsets, bytes })
}

fn copied<'a>(array: impl StringArrayType<'a>) -> StrData {
    let mut strings = StrData::with_capacity(array.len(), 0);
    for row in 0..array.len() {
        if array.is_valid(row) {
            strings.bytes.extend_from_slice(array.value(row).as_bytes());
        }
        strings.offsets.push(strings.bytes.len());
    }
    strings
}

/// A dictionary of strings without nulls among its values: of each row the place of its value, of a null row any place,
/// and the values. `None` for any other array.
pub(super) fn codes(array: &dyn Array) -> Option<(Vec<usize>, &StringArray)> {
    let dictionary = array.as_any_dictionary_opt()?;
    let texts = dictionary.values().as_string_opt::<i32>()?;
    let usable = !texts.is_empty() && texts.null_count() == 0;
    usable.then(|| (dictionary.normalized_keys(), texts))
}

/// The strings of such an array.
pub(super) fn dictionary(array: &dyn Array) -> Option<StrData> {
    let (keys, texts) = codes(array)?;
    let (ends, bytes) = (texts.value_offsets(), texts.value_data());
    let mut offsets = Vec::with_capacity(keys.len() + 1);
    let mut end = 0;
    offsets.push(end);
    // A null row has some key, and gets its bytes.
    offsets.extend(keys.iter().map(|key| {
        end += (ends[key + 1] - ends[*key]) as usize;
        end
    }));
    let mut all = Vec::with_capacity(end);
    for key in keys {
        all.extend_from_slice(&bytes[ends[key] as usize..ends[key + 1] as usize]);
    }
    Some(StrData { offsets, bytes: all })
}
