//! Columns built cell by cell, from text and from JSON.

use crate::text::{self, Phrase};
use crate::zone::Zone;
use featc_ir::Type;
use featr_kernels::calendar::{FIRST_US, LAST_US};
use featr_kernels::value::NAN;
use featr_kernels::{Column, Data, StrData, Tag};
use std::borrow::Cow;

/// How the cells of a source decode, beyond their types.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub zone: Option<Zone>,
    pub keep_nan: bool,
}

/// Why a cell did not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadCell {
    /// Completes "`text` …".
    Bad(Phrase),
    /// A timestamp without offset where no zone is declared: the mistake of a whole file.
    Naive,
}

impl From<Phrase> for BadCell {
    fn from(phrase: Phrase) -> Self {
        BadCell::Bad(phrase)
    }
}

/// An instant from what was written.
pub(crate) fn instant(written: text::Written, zone: Option<Zone>) -> Result<i64, BadCell> {
    let us = match (written.offset_s, zone) {
        (Some(offset_s), _) => written.local_us - offset_s * 1_000_000,
        (None, Some(zone)) => zone
            .instant(written.local_us)
            .ok_or(BadCell::Bad("is a local time that never occurred"))?,
        (None, None) => return Err(BadCell::Naive),
    };
    match (FIRST_US..=LAST_US).contains(&us) {
        true => Ok(us),
        false => Err(BadCell::Bad("is beyond the years 1 to 9999 in UTC")),
    }
}

/// A column in the making. A cell that is refused leaves it as it was.
#[derive(Debug)]
pub(crate) struct Builder {
    ty: Type,
    data: Data,
    tags: Vec<u8>,
}

impl Builder {
    pub(crate) fn new(ty: Type) -> Builder {
        Builder {
            ty,
            data: empty_data(ty),
            tags: Vec::new(),
        }
    }

    pub(crate) fn push_null(&mut self) {
        match &mut self.data {
            Data::Bool(values) => values.push(false),
            Data::I64(values) => values.push(0),
            Data::F64(values) => values.push(0.0),
            Data::I128(values) => values.push(0),
            Data::Str(values) => values.offsets.push(values.bytes.len()),
        }
        self.tags.push(Tag::NULL);
    }

    pub(crate) fn last_is_null(&self) -> bool {
        self.tags.last() == Some(&Tag::NULL)
    }

    /// Takes back all rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.tags.truncate(rows);
        match &mut self.data {
            Data::Bool(values) => values.truncate(rows),
            Data::I64(values) => values.truncate(rows),
            Data::F64(values) => values.truncate(rows),
            Data::I128(values) => values.truncate(rows),
            Data::Str(values) => {
                values.offsets.truncate(rows + 1);
                values.bytes.truncate(values.offsets.last().copied().unwrap_or(0));
            }
        }
    }

    /// The column so far; the builder starts anew.
    pub(crate) fn take(&mut self) -> Column {
        let done = std::mem::replace(self, Builder::new(self.ty));
        let all_valid = done.tags.iter().all(|tag| *tag == Tag::VALID);
        Column {
            ty: done.ty,
            data: done.data,
            tags: (!all_valid).then_some(done.tags),
        }
    }

    /// A CSV field.
    pub(crate) fn push_text(&mut self, text: &str, quoted: bool, rules: Rules) -> Result<(), BadCell> {
        if text.is_empty() && !(quoted && self.ty == Type::String) {
            self.push_null();
            return Ok(());
        }
        match self.ty {
            Type::Bool => self.bool(text::boolean(text)?),
            Type::Int64 => self.i64(text::int64(text)?),
            Type::Float64 => self.f64(text::float64(text)?, rules),
            Type::Decimal { precision, scale } => self.i128(text::decimal(text, precision, scale)?),
            Type::String => self.str(text),
            Type::Timestamp => self.i64(instant(text::timestamp(text)?, rules.zone)?),
            Type::Date => self.i64(text::date(text)?),
            Type::Duration => self.i64(text::duration(text)?),
            Type::List(_) => return Err(NO_LIST),
        }
        Ok(())
    }

    /// A JSON value, by its literal text.
    pub(crate) fn push_json(&mut self, raw: &str, rules: Rules) -> Result<(), BadCell> {
        let first = raw.as_bytes().first().copied().unwrap_or(b' ');
        let is_number = first == b'-' || first.is_ascii_digit();
        if raw == "null" {
            self.push_null();
            return Ok(());
        }
        match self.ty {
            Type::Bool if raw == "true" || raw == "false" => self.bool(raw == "true"),
            Type::Bool => return Err(BadCell::Bad("is not true or false")),
            Type::Int64 if is_number => self.i64(text::int64(raw)?),
            Type::Int64 => return Err(BadCell::Bad("is not an int64")),
            Type::Float64 if is_number => self.f64(text::float64(raw)?, rules),
            Type::Float64 => self.f64(float_name(raw).ok_or(BadCell::Bad("is not a float64"))?, rules),
            Type::Decimal { precision, scale } if is_number => self.i128(text::decimal(raw, precision, scale)?),
            Type::Decimal { precision, scale } => self.i128(text::decimal(&json_string(raw)?, precision, scale)?),
            Type::String => self.str(&json_string(raw)?),
            Type::Timestamp => self.i64(instant(text::timestamp(&json_string(raw)?)?, rules.zone)?),
            Type::Date => self.i64(text::date(&json_string(raw)?)?),
            Type::Duration => self.i64(text::duration(&json_string(raw)?)?),
            Type::List(_) => return Err(NO_LIST),
        }
        Ok(())
    }

    fn bool(&mut self, value: bool) {
        match &mut self.data {
            Data::Bool(values) => values.push(value),
            Data::I64(_) | Data::F64(_) | Data::I128(_) | Data::Str(_) => return,
        }
        self.tags.push(Tag::VALID);
    }

    fn i64(&mut self, value: i64) {
        match &mut self.data {
            Data::I64(values) => values.push(value),
            Data::Bool(_) | Data::F64(_) | Data::I128(_) | Data::Str(_) => return,
        }
        self.tags.push(Tag::VALID);
    }

    fn f64(&mut self, value: f64, rules: Rules) {
        match &mut self.data {
            Data::F64(values) => values.push(value),
            Data::Bool(_) | Data::I64(_) | Data::I128(_) | Data::Str(_) => return,
        }
        self.tags.push(if value.is_nan() && !rules.keep_nan {
            Tag::NULL
        } else {
            Tag::VALID
        });
    }

    fn i128(&mut self, value: i128) {
        match &mut self.data {
            Data::I128(values) => values.push(value),
            Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::Str(_) => return,
        }
        self.tags.push(Tag::VALID);
    }

    fn str(&mut self, value: &str) {
        match &mut self.data {
            Data::Str(values) => {
                values.bytes.extend_from_slice(value.as_bytes());
                values.offsets.push(values.bytes.len());
            }
            Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) => return,
        }
        self.tags.push(Tag::VALID);
    }
}

/// No source declares lists.
const NO_LIST: BadCell = BadCell::Bad("is no list");

/// No rows, in the representation of a type.
pub(crate) fn empty_data(ty: Type) -> Data {
    match ty {
        Type::Bool => Data::Bool(Vec::new()),
        Type::Int64 | Type::Timestamp | Type::Date | Type::Duration => Data::I64(Vec::new()),
        Type::Float64 => Data::F64(Vec::new()),
        Type::Decimal { .. } => Data::I128(Vec::new()),
        Type::String | Type::List(_) => Data::Str(StrData {
            offsets: vec![0],
            bytes: Vec::new(),
        }),
    }
}

/// `rows` nulls.
pub(crate) fn all_null(ty: Type, rows: usize) -> Column {
    let data = match ty {
        Type::Bool => Data::Bool(vec![false; rows]),
        Type::Int64 | Type::Timestamp | Type::Date | Type::Duration => Data::I64(vec![0; rows]),
        Type::Float64 => Data::F64(vec![0.0; rows]),
        Type::Decimal { .. } => Data::I128(vec![0; rows]),
        Type::String | Type::List(_) => Data::Str(StrData {
            offsets: vec![0; rows + 1],
            bytes: Vec::new(),
        }),
    };
    Column {
        ty,
        data,
        tags: (rows > 0).then(|| vec![Tag::NULL; rows]),
    }
}

fn float_name(raw: &str) -> Option<f64> {
    match raw {
        "\"NaN\"" => Some(NAN),
        "\"Infinity\"" => Some(f64::INFINITY),
        "\"-Infinity\"" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// What a JSON string says.
pub(crate) fn json_string(raw: &str) -> Result<Cow<'_, str>, BadCell> {
    let plain = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match plain {
        None => Err(BadCell::Bad("is not a string")),
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str::<String>(raw)
            .map(Cow::Owned)
            .map_err(|_| BadCell::Bad("has an escape that is not a character")),
    }
}
