//! The next step for rows that were pushed, or read as they were written, and cannot be used.

use featc_ir::{ColumnId, EpochUnit, Source, SourceColumn, Type};
use featr_decode::{Detail, Wrong};

/// How a column is declared whose values are numbers of an epoch, by such a number as it is written; `None` where its digits do
/// not say what it counts.
pub fn what_it_counts(column: &str, written: &str) -> Option<String> {
    let digits = written.strip_suffix(".0").unwrap_or(written);
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let unit = EpochUnit::of_digits(digits.len()).filter(|_| is_digits)?;
    Some(format!(
        "say what it counts: `as {}` after the type of `{column}`",
        unit.name()
    ))
}

/// For a row that does not decode. `raw` is its text, where it has one.
pub(crate) fn undecoded(source: &Source, detail: &Detail, raw: Option<&str>) -> Option<String> {
    match detail {
        Detail::Value { column, value } if value.wrong == Wrong::NoTimestamp => {
            let step = what_it_counts(column, value.written.trim_matches('"'))?;
            Some(format!(
                "{step} in the program, or send instants such as `2024-05-01T00:00:00Z`"
            ))
        }
        Detail::Null { column, .. } => {
            let column = source.columns.iter().find(|known| known.name == *column)?;
            under_its_own_name(column, raw?)
        }
        Detail::Value { .. } | Detail::Record(_) => None,
    }
}

/// For an object that has a column under the name which it has in the program, and not where the source reads it.
fn under_its_own_name(column: &SourceColumn, raw: &str) -> Option<String> {
    let (name, field) = (&column.name, column.field());
    let record: serde_json::Value = serde_json::from_str(raw).ok()?;
    let way: Vec<&str> = field.split('.').collect();
    if field == name || record.get(name).is_none() || record.get(field).is_some() || is_there(&record, &way) {
        return None;
    }
    let place = match column.ty {
        // Objects on the way may stand in arrays.
        Type::List(_) => format!("in the field `{field}`"),
        _ => {
            let way: Vec<String> = way.iter().map(|name| format!("{name:?}: ")).collect();
            format!("as `{{{}…{}}}`", way.join("{"), "}".repeat(way.len() - 1))
        }
    };
    Some(format!(
        "`{name}` is read `from {field:?}`, of pushed rows as of files: send it {place}, and not as `{name:?}`"
    ))
}

/// Whether a record has a field within its objects, and the objects of its arrays.
fn is_there(record: &serde_json::Value, way: &[&str]) -> bool {
    let Some((name, rest)) = way.split_first() else {
        return true;
    };
    match record {
        serde_json::Value::Object(fields) => fields.get(*name).is_some_and(|inner| is_there(inner, rest)),
        serde_json::Value::Array(items) => items.iter().any(|item| is_there(item, way)),
        _ => false,
    }
}

/// For a row of the past that said no arrival, and is late by the one that the server gave it.
pub(crate) fn late_by_its_stamp(source: &Source) -> Option<String> {
    let of = |column: ColumnId| &source.columns[column.index()];
    let (arrival, time) = (of(source.arrival_column()?), of(source.time));
    Some(format!(
        "the row has no `{}`, so its arrival is when the server took it in: rows of the past say their own arrival there, or the \
         value of `{}` where nobody knows when they came",
        arrival.field(),
        time.field()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, field: &str, ty: Type) -> SourceColumn {
        let field = (field != name).then(|| field.to_owned());
        SourceColumn {
            name: name.to_owned(),
            ty,
            nullable: false,
            form: featc_ir::ColumnForm { field, read_as: None },
        }
    }

    #[test]
    fn the_field_of_a_column_is_named_where_an_object_has_its_name() {
        let step = |column: &SourceColumn, raw| under_its_own_name(column, raw);
        let user = column("user_id", "user.id", Type::Int64);
        let told = step(&user, "{\"user_id\": 7}").unwrap_or_default();
        assert!(told.contains("`from \"user.id\"`"), "{told}");
        assert!(told.contains("as `{\"user\": {\"id\": …}}`"), "{told}");
        assert_eq!(step(&user, "{\"user\": {\"id\": null}}"), None);
        assert_eq!(step(&user, "{\"user_id\": 7, \"user.id\": null}"), None);
        assert_eq!(step(&user, "{\"user_id\": 7, \"user\": {\"id\": null}}"), None);
        assert!(step(&user, "{\"user_id\": 7, \"user\": {\"name\": 1}}").is_some());
        assert_eq!(step(&user, "7"), None);
        assert_eq!(step(&column("a", "a", Type::Int64), "{\"a\": null}"), None);
        let flat = step(&column("rider", "Rider ID", Type::String), "{\"rider\": 1}").unwrap_or_default();
        assert!(flat.contains("as `{\"Rider ID\": …}`"), "{flat}");
    }

    #[test]
    fn numbers_say_by_their_digits_what_they_count() {
        let form = |written| what_it_counts("at", written).unwrap_or_default();
        assert!(form("1764158400000").contains("`as epoch_millis` after the type of `at`"));
        assert!(form("1764158400").contains("epoch_seconds") && form("1764158400000000.0").contains("epoch_micros"));
        assert_eq!(what_it_counts("at", "1764158400000000000"), None);
        assert_eq!(what_it_counts("at", "17641584.5"), None);
    }
}
