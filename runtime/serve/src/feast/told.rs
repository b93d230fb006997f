//! What is answered, in Feast's form: a list of values per join key and per feature.

use super::asked::{Asked, Column};
use crate::answer::{instants, texts};
use crate::refusal::Refusal;
use arrow::array::AsArray as _;
use featc_ir::Type;
use featr_online::Answer;
use serde_json::json;
use serde_json::value::RawValue;
use std::borrow::Cow;

const PRESENT: &str = "PRESENT";
const NULL_VALUE: &str = "NULL_VALUE";
const NOT_FOUND: &str = "NOT_FOUND";
const OUTSIDE_MAX_AGE: &str = "OUTSIDE_MAX_AGE";
const INVALID: &str = "INVALID";

/// Every status of Feast.
pub const STATUSES: [&str; 5] = [PRESENT, NULL_VALUE, NOT_FOUND, OUTSIDE_MAX_AGE, INVALID];

/// The response.
///
/// # Errors
/// A value has no form there.
pub fn told(asked: &Asked, answer: &Answer) -> Result<String, Refusal> {
    let texts = texts(&answer.features)?;
    let (at, _) = instants(answer)?;
    let rows = asked.question.rows.num_rows();
    let mut results = Vec::new();
    for (_, values) in &asked.entities {
        let statuses = values.iter().map(|value| of_value(value)).collect();
        results.push(result(values, statuses, &at));
    }
    for column in &asked.columns {
        let ours = answer.features.column(2 * column.place + 1).as_string::<i32>();
        let (mut values, mut statuses) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in 0..rows {
            let text = texts.value(2 * column.place, row);
            values.push(value(column.ty, text).ok_or_else(|| no_form(column, row))?);
            statuses.push(status(ours.value(row), text));
        }
        results.push(result(&values, statuses, &at));
    }
    let names = asked.entities.iter().map(|(name, _)| name);
    let names: Vec<&String> = names.chain(asked.columns.iter().map(|column| &column.name)).collect();
    let names = json!({ "feature_names": names });
    Ok(format!("{{\"metadata\":{names},\"results\":[{}]}}", results.join(",")))
}

/// The values of a column with their statuses, each as of the instant of the answer.
fn result(values: &[impl AsRef<str>], statuses: Vec<&str>, at: &str) -> String {
    let texts: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    let (texts, instants) = (texts.join(","), vec![at; values.len()].join(","));
    let statuses = json!(statuses);
    format!("{{\"values\":[{texts}],\"statuses\":{statuses},\"event_timestamps\":[{instants}]}}")
}

fn of_value(text: &str) -> &'static str {
    match text {
        "null" => NULL_VALUE,
        _ => PRESENT,
    }
}

/// Feast's word for a status of ours, beside a value as JSON.
fn status(ours: &str, value: &str) -> &'static str {
    match ours {
        "ok" | "empty" | "truncated" => of_value(value),
        "missing" => NOT_FOUND,
        "stale" => OUTSIDE_MAX_AGE,
        // An error: what stands there is null or a default.
        _ => INVALID,
    }
}

/// A value in Feast's form; `None` if there is none. A decimal is a text, which nobody rounds; lists have neither nulls nor
/// texts in the place of floats, and the SDK reads none without items.
fn value(ty: Type, text: &str) -> Option<Cow<'_, str>> {
    if text == "null" {
        return Some(Cow::Borrowed(text));
    }
    match ty {
        Type::Decimal { .. } => Some(Cow::Owned(format!("\"{text}\""))),
        Type::List(of) => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let item = |item: &&RawValue| {
                let is_float = *of == Type::Float64;
                let text = Some(item.get()).filter(|text| *text != "null" && !(is_float && text.starts_with('"')))?;
                Some(value(*of, text)?.into_owned())
            };
            let items = items.iter().map(item).collect::<Option<Vec<String>>>()?;
            (!items.is_empty()).then(|| Cow::Owned(format!("[{}]", items.join(","))))
        }
        Type::Bool | Type::Int64 | Type::Float64 | Type::String | Type::Timestamp | Type::Date | Type::Duration => {
            Some(Cow::Borrowed(text))
        }
    }
}

fn no_form(column: &Column, row: usize) -> Refusal {
    Refusal::no_form_of_feast(format!(
        "feature `{}` of entity {} is a list without items, or with a null or a float that is no number in it",
        column.name,
        row + 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_ir::{ErrorCode, Status};

    #[test]
    fn every_status_has_a_word_of_feast() {
        let words = |ours: Status| ["1", "null"].map(|value| status(&ours.to_string(), value));
        for ours in [Status::Ok, Status::Empty, Status::Truncated] {
            assert_eq!(words(ours), [PRESENT, NULL_VALUE]);
        }
        assert_eq!(words(Status::Missing), [NOT_FOUND; 2]);
        assert_eq!(words(Status::Stale), [OUTSIDE_MAX_AGE; 2]);
        assert_eq!(words(Status::Error(ErrorCode::Overflow)), [INVALID; 2]);
    }

    #[test]
    fn values_have_the_forms_of_feast_or_none() {
        let said = |ty: Type, text: &str| value(ty, text).map(Cow::into_owned);
        let price = Type::Decimal {
            precision: 38,
            scale: 2,
        };
        let list = |ty: Type| ty.list().expect("a list");
        for (ty, text, expected) in [
            (price, "12345678901234567890.10", Some("\"12345678901234567890.10\"")),
            (Type::Float64, "\"NaN\"", Some("\"NaN\"")),
            (Type::Int64, "null", Some("null")),
            (list(price), "[1.50,2.25]", Some("[\"1.50\",\"2.25\"]")),
            (list(Type::String), "[\"a\",\"NaN\"]", Some("[\"a\",\"NaN\"]")),
            (list(Type::Float64), "[1.5,\"NaN\"]", None),
            (list(Type::Int64), "[1,null]", None),
            (list(Type::Int64), "[]", None),
            (list(Type::Int64), "null", Some("null")),
        ] {
            assert_eq!(said(ty, text).as_deref(), expected, "{text}");
        }
    }
}
