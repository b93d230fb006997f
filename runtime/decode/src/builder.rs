//! Columns built cell by cell, from text and from JSON.

use crate::becomes::ITEM_BYTES;
use crate::detail::Wrong;
use crate::json;
use crate::read_as::Reader;
use crate::rules::{BadCell, Rules, instant, start_of};
use crate::text;
use featc_ir::Type;
use featr_kernels::column::list_bytes;
use featr_kernels::{Column, Data, Tag, Value};
use std::borrow::Cow;

/// An instant from its text.
fn instant_of(text: &str, rules: Rules) -> Result<i64, BadCell> {
    match (text::timestamp(text), text::date(text)) {
        (Err(_), Ok(day)) if rules.loose => match rules.zone {
            Some(zone) => Ok(start_of(zone, day)?),
            None => Err(BadCell::Naive),
        },
        (written, _) => instant(written?, rules.zone),
    }
}

/// A whole number that is written as a fraction, `12.0`, and below what floats round.
fn whole(text: &str) -> Option<i64> {
    let whole = i64::try_from(text::decimal(text, 38, 0).ok()?).ok()?;
    (whole.unsigned_abs() < 1 << 53).then_some(whole)
}

/// A column in the making. A cell that is refused leaves it as it was.
#[derive(Debug)]
pub(crate) struct Builder {
    ty: Type,
    /// Of values that are not written as those of the type are.
    reader: Option<Reader>,
    data: Data,
    tags: Vec<u8>,
    /// What all that was put here became, in bytes: of texts and lists, with items of lists.
    pub became: usize,
}

impl Builder {
    pub(crate) fn new(ty: Type) -> Builder {
        Builder::read_as(ty, None)
    }

    pub(crate) fn read_as(ty: Type, reader: Option<Reader>) -> Builder {
        Builder {
            ty,
            reader,
            data: Data::zeros(ty, 0),
            tags: Vec::new(),
            became: 0,
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
        let data = std::mem::replace(&mut self.data, Data::zeros(self.ty, 0));
        Column::with_tags(self.ty, data, Some(std::mem::take(&mut self.tags)))
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
        if let (Type::List(of), Data::Str(_)) = (self.ty, &self.data)
            && raw != "null"
        {
            let items = json_items(raw, *of, rules)?;
            return self.push_list(items);
        }
        let first = raw.as_bytes().first().copied().unwrap_or(b' ');
        let is_number = first == b'-' || first.is_ascii_digit();
        let text = match self.ty {
            _ if raw == "null" => {
                self.push_null();
                return Ok(());
            }
            _ if self.reader.as_ref().is_some_and(Reader::takes_numbers) && is_number => raw.into(),
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
            Type::Decimal { .. } if first != b'"' => return Err(BadCell::Bad(Wrong::NoDecimal)),
            Type::Timestamp if is_number => return Err(BadCell::Bad(Wrong::NoTimestamp)),
            Type::Decimal { .. } | Type::String | Type::Timestamp | Type::Date | Type::Duration => json_string(raw)?,
            Type::List(_) => return Err(NO_LIST),
        };
        self.push(&text, rules)
    }

    fn push_list(&mut self, items: Vec<Value>) -> Result<(), BadCell> {
        let Data::Str(values) = &mut self.data else {
            return Err(NO_LIST);
        };
        let bytes = list_bytes(&items);
        values.push(&bytes);
        self.became += bytes.len() + items.len() * ITEM_BYTES;
        self.tags.push(Tag::VALID);
        Ok(())
    }

    /// A value as text.
    fn push(&mut self, text: &str, rules: Rules) -> Result<(), BadCell> {
        let mut tag = Tag::VALID;
        match (&mut self.data, self.ty) {
            (Data::I64(values), _) if let Some(reader) = &self.reader => values.push(reader.text(text)?),
            (Data::Bool(values), _) => values.push(text::boolean(text)?),
            (Data::I64(values), Type::Timestamp) => values.push(instant_of(text, rules)?),
            (Data::I64(values), Type::Date) => values.push(text::date(text)?),
            (Data::I64(values), Type::Duration) => values.push(text::duration(text)?),
            (Data::I64(values), _) => values.push(text::int64(text).or_else(|wrong| match rules.loose {
                true => whole(text).ok_or(wrong),
                false => Err(wrong),
            })?),
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
            (Data::I128(_), ty) => unreachable!("a decimal column, not {ty}"),
            (Data::Str(_), Type::List(_)) => return Err(NO_LIST),
            (Data::Str(values), _) => {
                values.bytes.extend_from_slice(text.as_bytes());
                values.offsets.push(values.bytes.len());
                self.became += text.len();
            }
        }
        self.tags.push(tag);
        Ok(())
    }
}

/// The items of an array of JSON.
fn json_items(raw: &str, of: Type, rules: Rules) -> Result<Vec<Value>, BadCell> {
    if !raw.starts_with('[') {
        return Err(NO_LIST);
    }
    let mut items = Builder::new(of);
    for item in json::items(raw).map_err(|_| NO_LIST)? {
        items.push_json(item, rules)?;
    }
    Ok(items.take().values())
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

/// What is no array of JSON.
const NO_LIST: BadCell = BadCell::Bad(Wrong::NoList);
