//! Columns built cell by cell, from text and from JSON.

use crate::detail::Wrong;
use crate::text;
use crate::zone::Zone;
use featc_ir::Type;
use featr_kernels::calendar::{FIRST_US, LAST_US};
use featr_kernels::{Column, Data, Tag};
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
    Bad(Wrong),
    /// A timestamp without offset where no zone is declared: the mistake of a whole file.
    Naive,
}

impl From<Wrong> for BadCell {
    fn from(wrong: Wrong) -> Self {
        BadCell::Bad(wrong)
    }
}

/// An instant from what was written.
pub(crate) fn instant(written: text::Written, zone: Option<Zone>) -> Result<i64, BadCell> {
    let us = match (written.offset_s, zone) {
        (Some(offset_s), _) => written.local_us - offset_s * 1_000_000,
        (None, Some(zone)) => zone
            .instant(written.local_us)
            .ok_or(BadCell::Bad(Wrong::NeverOccurred))?,
        (None, None) => return Err(BadCell::Naive),
    };
    match (FIRST_US..=LAST_US).contains(&us) {
        true => Ok(us),
        false => Err(BadCell::Bad(Wrong::BeyondYears)),
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
            data: Data::zeros(ty, 0),
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
        self.data.truncate(rows);
    }

    /// The column so far; the builder starts anew.
    pub(crate) fn take(&mut self) -> Column {
        let done = std::mem::replace(self, Builder::new(self.ty));
        Column::with_tags(done.ty, done.data, Some(done.tags))
    }

    /// A field of delimited text.
    pub(crate) fn push_text(&mut self, text: &str, quoted: bool, rules: Rules) -> Result<(), BadCell> {
        if text.is_empty() && !(quoted && self.ty == Type::String) {
            self.push_null();
            return Ok(());
        }
        self.push(text, rules)
    }

    /// A JSON value, by its literal text.
    pub(crate) fn push_json(&mut self, raw: &str, rules: Rules) -> Result<(), BadCell> {
        let first = raw.as_bytes().first().copied().unwrap_or(b' ');
        let is_number = first == b'-' || first.is_ascii_digit();
        let text = match self.ty {
            _ if raw == "null" => {
                self.push_null();
                return Ok(());
            }
            Type::Bool if raw == "true" || raw == "false" => raw.into(),
            Type::Bool => return Err(BadCell::Bad(Wrong::NoBool)),
            Type::Int64 | Type::Float64 | Type::Decimal { .. } if is_number => raw.into(),
            Type::Int64 => return Err(BadCell::Bad(Wrong::NoInt64)),
            Type::Float64 => match raw {
                "\"NaN\"" => "nan".into(),
                "\"Infinity\"" => "inf".into(),
                "\"-Infinity\"" => "-inf".into(),
                _ => return Err(BadCell::Bad(Wrong::NoFloat64)),
            },
            Type::Decimal { .. } | Type::String | Type::Timestamp | Type::Date | Type::Duration => json_string(raw)?,
            Type::List(_) => return Err(NO_LIST),
        };
        self.push(&text, rules)
    }

    /// A value as text.
    fn push(&mut self, text: &str, rules: Rules) -> Result<(), BadCell> {
        let mut tag = Tag::VALID;
        match (&mut self.data, self.ty) {
            (Data::Bool(values), _) => values.push(text::boolean(text)?),
            (Data::I64(values), Type::Timestamp) => values.push(instant(text::timestamp(text)?, rules.zone)?),
            (Data::I64(values), Type::Date) => values.push(text::date(text)?),
            (Data::I64(values), Type::Duration) => values.push(text::duration(text)?),
            (Data::I64(values), _) => values.push(text::int64(text)?),
            (Data::F64(values), _) => {
                let value = text::float64(text)?;
                if value.is_nan() && !rules.keep_nan {
                    tag = Tag::NULL;
                }
                values.push(value);
            }
            (Data::I128(values), Type::Decimal { precision, scale }) => {
                values.push(text::decimal(text, precision, scale)?);
            }
            (Data::I128(values), _) => values.push(0),
            (Data::Str(_), Type::List(_)) => return Err(NO_LIST),
            (Data::Str(values), _) => {
                values.bytes.extend_from_slice(text.as_bytes());
                values.offsets.push(values.bytes.len());
            }
        }
        self.tags.push(tag);
        Ok(())
    }
}

/// What a JSON string says.
pub(crate) fn json_string(raw: &str) -> Result<Cow<'_, str>, BadCell> {
    let plain = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match plain {
        None => Err(BadCell::Bad(Wrong::NoString)),
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str::<String>(raw)
            .map(Cow::Owned)
            .map_err(|_| BadCell::Bad(Wrong::NoCharacter)),
    }
}

/// No source declares lists.
const NO_LIST: BadCell = BadCell::Bad(Wrong::NoList);
