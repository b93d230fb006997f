//! Bytes of a state: one form per state, with a version.
//!
//! `version: u8 = 1 │ three error counters │ what the aggregate folds`. Integers up to 64 bits are zigzag LEB128 in the
//! shortest form unless said otherwise; sets are in ascending order. The aggregate and the type of its argument are not
//! in the bytes: the reader knows them.

use super::distinct::{Seen, ascending};
use super::{Core, Errors, Moments, Point, State};
use crate::exact::{ExactSum, take_bytes};
use crate::value::{Value, canonical};
use featc_ir::{Aggregate, Type};

const VERSION: u8 = 1;

impl State {
    /// Appends the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        self.errors.0.iter().for_each(|count| put_i64(*count, out));
        match &self.core {
            Core::Count { taken } => put_i64(*taken, out),
            Core::Integer { taken, sum } => {
                put_i64(*taken, out);
                out.extend_from_slice(&sum.to_le_bytes());
            }
            Core::Exact { taken, sum } => {
                put_i64(*taken, out);
                sum.encode(out);
            }
            Core::Moments(moments) => {
                put_i64(moments.taken, out);
                moments.sum.encode(out);
                moments.squares.encode(out);
            }
            Core::Min(value) | Core::Max(value) => put_option(value.as_ref(), out, put_value),
            Core::First(point) | Core::Last(point) => put_option(point.as_deref(), out, put_point),
            Core::Distinct(distinct) => match &distinct.seen {
                Seen::TooMany => out.push(1),
                Seen::Words(words) => {
                    out.push(0);
                    put_i64(words.len() as i64, out);
                    for word in ascending(words) {
                        out.extend_from_slice(&word.to_le_bytes());
                    }
                }
                Seen::Texts(texts) => {
                    out.push(0);
                    put_i64(texts.len() as i64, out);
                    for text in ascending(texts) {
                        put_bytes(text, out);
                    }
                }
            },
            Core::LastTime(time) => put_option(time.as_ref(), out, |time, out| put_i64(*time, out)),
        }
    }

    /// Reads what [`State::encode`] wrote for a slot with this aggregate and argument, and moves `bytes` on. Bytes that
    /// no state has are an error; allocates no more than in proportion to the bytes that are there.
    pub fn decode(aggregate: Aggregate, argument: Option<Type>, bytes: &mut &[u8]) -> Result<State, String> {
        let [version] = take_bytes(bytes)?;
        if version != VERSION {
            return Err(format!("state: version {version}, not {VERSION}"));
        }
        let errors = Errors([get_i64(bytes)?, get_i64(bytes)?, get_i64(bytes)?]);
        let mut state = State::identity(aggregate, argument);
        state.errors = errors;
        match &mut state.core {
            Core::Count { taken } => *taken = get_i64(bytes)?,
            Core::Integer { taken, sum } => {
                *taken = get_i64(bytes)?;
                *sum = i128::from_le_bytes(take_bytes(bytes)?);
            }
            Core::Exact { taken, sum } => {
                *taken = get_i64(bytes)?;
                *sum = ExactSum::decode(bytes)?;
            }
            Core::Moments(moments) => {
                let taken = get_i64(bytes)?;
                let (sum, squares) = (ExactSum::decode(bytes)?, ExactSum::decode(bytes)?);
                **moments = Moments { taken, sum, squares };
            }
            Core::Min(value) | Core::Max(value) => {
                *value = get_option(bytes, |bytes| get_value(argument, bytes))?;
                if value.as_ref().is_some_and(Value::is_null) {
                    return Err("state: null extreme".to_owned());
                }
            }
            Core::First(point) | Core::Last(point) => {
                *point = get_option(bytes, |bytes| get_point(argument, bytes))?.map(Box::new);
            }
            Core::Distinct(distinct) => get_distinct(distinct.cap, &mut distinct.seen, argument, bytes)?,
            Core::LastTime(time) => *time = get_option(bytes, get_i64)?,
        }
        Ok(state)
    }
}

fn put_i64(value: i64, out: &mut Vec<u8>) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn get_i64(bytes: &mut &[u8]) -> Result<i64, String> {
    let mut value = 0u64;
    for position in 0..10 {
        let [byte] = take_bytes(bytes)?;
        let part = u64::from(byte & 0x7f);
        if position == 9 && byte > 1 || position > 0 && byte == 0 {
            break;
        }
        value |= part << (7 * position);
        if byte < 0x80 {
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err("state: not a canonical integer".to_owned())
}

fn put_bytes(value: &[u8], out: &mut Vec<u8>) {
    put_i64(value.len() as i64, out);
    out.extend_from_slice(value);
}

fn get_bytes<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], String> {
    let len = usize::try_from(get_i64(bytes)?).map_err(|_| "state: negative length".to_owned())?;
    let (head, rest) = bytes
        .split_at_checked(len)
        .ok_or_else(|| "state: bytes end early".to_owned())?;
    *bytes = rest;
    Ok(head)
}

fn put_option<T: ?Sized>(value: Option<&T>, out: &mut Vec<u8>, put: impl Fn(&T, &mut Vec<u8>)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put(value, out);
    }
}

fn get_option<T>(bytes: &mut &[u8], get: impl Fn(&mut &[u8]) -> Result<T, String>) -> Result<Option<T>, String> {
    match take_bytes(bytes)? {
        [0] => Ok(None),
        [1] => get(bytes).map(Some),
        [_] => Err("state: unknown flag".to_owned()),
    }
}

/// A value or null. States hold no error values.
fn put_value(value: &Value, out: &mut Vec<u8>) {
    out.push(u8::from(value.is_valid()));
    match value {
        Value::Null | Value::Error(_) => {}
        Value::Bool(value) => out.push(u8::from(*value)),
        Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value) => put_i64(*value, out),
        Value::Date(value) => put_i64(i64::from(*value), out),
        Value::Float64(value) => out.extend_from_slice(&value.to_bits().to_le_bytes()),
        Value::Decimal(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::String(value) => put_bytes(value.as_bytes(), out),
    }
}

fn get_value(ty: Option<Type>, bytes: &mut &[u8]) -> Result<Value, String> {
    match take_bytes(bytes)? {
        [0] => return Ok(Value::Null),
        [1] => {}
        [_] => return Err("state: unknown flag".to_owned()),
    }
    let Some(ty) = ty else {
        return Err("state: a value without a type".to_owned());
    };
    Ok(match ty {
        Type::Bool => match take_bytes(bytes)? {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            [_] => return Err("state: not a bool".to_owned()),
        },
        Type::Int64 => Value::Int64(get_i64(bytes)?),
        Type::Timestamp => Value::Timestamp(get_i64(bytes)?),
        Type::Duration => Value::Duration(get_i64(bytes)?),
        Type::Date => Value::Date(i32::try_from(get_i64(bytes)?).map_err(|_| "state: not a date".to_owned())?),
        Type::Float64 => {
            let value = f64::from_bits(u64::from_le_bytes(take_bytes(bytes)?));
            if canonical(value).to_bits() != value.to_bits() {
                return Err("state: not a canonical float".to_owned());
            }
            Value::Float64(value)
        }
        Type::Decimal { .. } => Value::Decimal(i128::from_le_bytes(take_bytes(bytes)?)),
        Type::String => {
            let text = std::str::from_utf8(get_bytes(bytes)?).map_err(|_| "state: not UTF-8".to_owned())?;
            Value::String(text.to_owned())
        }
    })
}

fn put_point(point: &Point, out: &mut Vec<u8>) {
    put_i64(point.time_us, out);
    put_bytes(&point.id, out);
    out.extend_from_slice(&point.digest.to_le_bytes());
    put_value(&point.value, out);
}

fn get_point(ty: Option<Type>, bytes: &mut &[u8]) -> Result<Point, String> {
    Ok(Point {
        time_us: get_i64(bytes)?,
        id: get_bytes(bytes)?.to_vec(),
        digest: u128::from_le_bytes(take_bytes(bytes)?),
        value: get_value(ty, bytes)?,
    })
}

fn get_distinct(cap: u32, seen: &mut Seen, argument: Option<Type>, bytes: &mut &[u8]) -> Result<(), String> {
    match take_bytes(bytes)? {
        [0] => {}
        [1] => {
            *seen = Seen::TooMany;
            return Ok(());
        }
        [_] => return Err("state: unknown flag".to_owned()),
    }
    let count = get_i64(bytes)?;
    if !(0..=i64::from(cap)).contains(&count) {
        return Err("state: more values than the cap".to_owned());
    }
    let disorder = || "state: values not in ascending order".to_owned();
    match seen {
        Seen::Words(words) => {
            let mut last: Option<i128> = None;
            for _ in 0..count {
                let word = i128::from_le_bytes(take_bytes(bytes)?);
                if last.is_some_and(|last| last >= word) || !is_word(argument, word) {
                    return Err(disorder());
                }
                last = Some(word);
                words.insert(word);
            }
        }
        Seen::Texts(texts) => {
            let mut last: Option<&[u8]> = None;
            for _ in 0..count {
                let text = get_bytes(bytes)?;
                if last.is_some_and(|last| last >= text) || std::str::from_utf8(text).is_err() {
                    return Err(disorder());
                }
                last = Some(text);
                texts.insert(text.into());
            }
        }
        Seen::TooMany => {}
    }
    Ok(())
}

/// Whether a word stands for a value of the type.
fn is_word(ty: Option<Type>, word: i128) -> bool {
    match ty {
        Some(Type::Bool) => word == 0 || word == 1,
        Some(Type::Int64 | Type::Timestamp | Type::Date | Type::Duration) => i64::try_from(word).is_ok(),
        Some(Type::Float64) => u64::try_from(word).is_ok_and(|bits| canonical(f64::from_bits(bits)).to_bits() == bits),
        Some(Type::Decimal { .. } | Type::String) | None => true,
    }
}
