//! Files that hold columns under other names, inside of others, and as something else than values of their types.

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array, ListArray, StringArray, StructArray};
use arrow::datatypes::Field;
use featc_driver::Plans;
use featc_ir::{ColumnForm, EpochUnit, ReadAs, Source, Type};
use featc_tests::rng::Rng;
use featr_kernels::{Column, Value, calendar};
use std::sync::Arc;

/// With an offset, and in UTC without one.
const WITH_OFFSET: &str = "%d.%m.%Y %H:%M:%S%.f %z";
const IN_UTC: &str = "%Y/%m/%d %H.%M.%S%.f";
const DAY_FIRST: &str = "%d/%m/%Y";
/// Begins the names of lists of structs.
const EVERY: &str = "every ";

/// How files hold each column of a source; `rows` are what they hold.
pub fn draw(source: &Source, rows: &[Vec<Value>], seed: u64) -> Vec<ColumnForm> {
    let mut rng = Rng::new(seed);
    let form = |(place, column): (usize, &featc_ir::SourceColumn)| {
        let name = &column.name;
        let field = match rng.below(5) {
            0 | 1 if place == 0 => Some("end".to_owned()),
            0..3 if column.ty.is_list() => Some(format!("{EVERY}{name}.value")),
            3 if column.ty.is_list() => Some(format!("in.{EVERY}{name}.some.value")),
            0 | 1 => None,
            2 => Some(format!("The {name} (as it is)")),
            3 => Some(format!("in.{name}")),
            _ => Some(format!("in.deep.{name}")),
        };
        let format = |format: &str, zone: Option<&str>| ReadAs::Format {
            format: format.to_owned(),
            zone: zone.map(str::to_owned),
        };
        let read_as = match (column.ty, rng.below(6)) {
            (Type::Timestamp, unit @ 0..3) => Some(ReadAs::Epoch(EpochUnit::ALL[unit])),
            // Texts in a format say years of four digits.
            (Type::Timestamp | Type::Date, _) if !rows.iter().all(|row| has_short_year(&row[place])) => None,
            (Type::Timestamp, 3) => Some(format(WITH_OFFSET, None)),
            (Type::Timestamp, 4) => Some(format(IN_UTC, Some("UTC"))),
            (Type::Date, 0..3) => Some(format(DAY_FIRST, None)),
            _ => None,
        };
        ColumnForm { field, read_as }
    };
    source.columns.iter().enumerate().map(form).collect()
}

fn has_short_year(value: &Value) -> bool {
    match value {
        Value::Timestamp(us) => !calendar::render_timestamp(*us).starts_with(['+', '-']),
        Value::Date(_) => !value.render(Type::Date).starts_with(['+', '-']),
        _ => true,
    }
}

/// The plans over files that hold the columns of a source so.
pub fn over(plans: &Plans, source: &Source, forms: &[ColumnForm]) -> Plans {
    let mut plans = plans.clone();
    let batch = plans.batch.iter_mut().flat_map(|plan| &mut plan.pipelines);
    let stream = plans.stream.iter_mut().flat_map(|graph| &mut graph.sources);
    let scans = batch.map(|pipeline| &mut pipeline.scan);
    for scan in scans.chain(stream.map(|node| &mut node.scan)) {
        if scan.source == source.name {
            let columns = scan.columns.iter_mut().zip(forms);
            columns.for_each(|(column, form)| column.form = form.clone());
        }
    }
    plans
}

/// A value as it is written; `None` for null.
pub fn text(value: &Value, read_as: &ReadAs) -> Option<String> {
    let parts = |rendered: &str| {
        let digits: Vec<String> = rendered[..10].split('-').map(str::to_owned).collect();
        let [year, month, day] = &digits[..] else {
            panic!("{rendered} has three parts")
        };
        (year.clone(), month.clone(), day.clone())
    };
    Some(match (value, read_as) {
        (Value::Timestamp(us), ReadAs::Epoch(unit)) => {
            let per = 10u64.pow(unit.places().into());
            let sign = if *us < 0 { "-" } else { "" };
            let (whole, rest) = (us.unsigned_abs() / per, us.unsigned_abs() % per);
            match rest {
                0 => format!("{sign}{whole}"),
                rest => format!("{sign}{whole}.{rest:0width$}", width = usize::from(unit.places())),
            }
        }
        (Value::Timestamp(us), ReadAs::Format { format, .. }) => {
            let rendered = calendar::render_timestamp(*us);
            let ((year, month, day), time) = (parts(&rendered), rendered[11..].trim_end_matches('Z'));
            match format == WITH_OFFSET {
                true => format!("{day}.{month}.{year} {time} +0000"),
                false => format!("{year}/{month}/{day} {}", time.replace(':', ".")),
            }
        }
        (Value::Date(_), ReadAs::Format { .. }) => {
            let (year, month, day) = parts(&value.render(Type::Date));
            format!("{day}/{month}/{year}")
        }
        (Value::Null, _) => return None,
        (value, read_as) => panic!("{value:?} has no form {read_as:?}"),
    })
}

/// A column as files of Parquet and Arrow have it: numbers of an epoch as integers where they are, and as decimals.
pub fn array(column: &Column, read_as: &ReadAs) -> ArrayRef {
    let values = column.values();
    let ReadAs::Epoch(unit) = read_as else {
        let texts = values.iter().map(|value| text(value, read_as));
        return Arc::new(texts.collect::<StringArray>());
    };
    let per = 10i64.pow(unit.places().into());
    let us = |value: &Value| match value {
        Value::Timestamp(us) => Some(*us),
        _ => None,
    };
    if values.iter().filter_map(us).all(|us| us % per == 0) {
        return Arc::new(
            values
                .iter()
                .map(|value| Some(us(value)? / per))
                .collect::<Int64Array>(),
        );
    }
    let decimals: Decimal128Array = values.iter().map(|value| us(value).map(i128::from)).collect();
    let decimals = decimals.with_precision_and_scale(38, unit.places() as i8);
    Arc::new(decimals.expect("microseconds have few digits"))
}

/// The part of a name in front of its dot, and what of these names stands after it; of a name without one itself.
fn groups<T>(named: Vec<(String, T)>) -> Vec<(String, Result<T, Vec<(String, T)>>)> {
    let mut groups: Vec<(String, Result<T, Vec<(String, T)>>)> = Vec::new();
    for (name, value) in named {
        let Some((head, rest)) = name.split_once('.') else {
            groups.push((name, Ok(value)));
            continue;
        };
        let known = groups.iter_mut().find(|(known, _)| known == head);
        match known {
            Some((_, Err(inside))) => inside.push((rest.to_owned(), value)),
            Some(_) | None => groups.push((head.to_owned(), Err(vec![(rest.to_owned(), value)]))),
        }
    }
    groups
}

/// Columns whose names have dots as fields of structs.
pub fn structs(columns: Vec<(String, ArrayRef)>) -> Vec<(String, ArrayRef)> {
    let grouped = groups(columns).into_iter();
    let nested = grouped.map(|(name, group)| match group {
        Ok(array) => (name, array),
        Err(inside) => {
            let fields = structs(inside).into_iter().map(|(name, array)| {
                let field = Field::new(name, array.data_type().clone(), true);
                (Arc::new(field), array)
            });
            let fields: Vec<_> = fields.collect();
            let array: ArrayRef = match name.starts_with(EVERY) {
                true => listed(&name, fields),
                false => Arc::new(StructArray::from(fields)),
            };
            (name, array)
        }
    });
    nested.collect()
}

/// A list of structs, from the lists of their one field, which may lie in a struct. Half of the structs are null where that is.
fn listed(name: &str, fields: Vec<(Arc<Field>, ArrayRef)>) -> ArrayRef {
    let [(field, array)] = &fields[..] else {
        panic!("{name} has one field")
    };
    let inner = array
        .as_struct_opt()
        .map(|inner| (inner.fields()[0].clone(), inner.column(0).clone()));
    let lists = inner.as_ref().map_or(array, |(_, lists)| lists).as_list::<i32>();
    let mut items = lists.values().clone();
    if let Some((of, _)) = &inner {
        items = Arc::new(StructArray::from(vec![(retyped(of, &items), items)]));
    }
    let nulls = (0..items.len()).map(|item| items.is_valid(item) || item % 2 == 0);
    let structs = StructArray::new(
        vec![retyped(field, &items)].into(),
        vec![items.clone()],
        Some(nulls.collect::<Vec<bool>>().into()),
    );
    let of = Arc::new(Field::new_list_field(structs.data_type().clone(), true));
    Arc::new(ListArray::new(
        of,
        lists.offsets().clone(),
        Arc::new(structs),
        lists.nulls().cloned(),
    ))
}

fn retyped(field: &Field, array: &ArrayRef) -> Arc<Field> {
    Arc::new(Field::new(field.name(), array.data_type().clone(), true))
}

/// An array of objects, from the arrays of their one entry, which may lie in an object. Where that is null all forms take turns.
fn objects(entries: Vec<(String, String)>) -> String {
    let [(name, written)] = &entries[..] else {
        panic!("one entry in {entries:?}")
    };
    let items: Option<Vec<Box<serde_json::value::RawValue>>> = serde_json::from_str(written).expect("an array or null");
    let Some(items) = items else {
        return "null".to_owned();
    };
    let object = |(place, item): (usize, &Box<serde_json::value::RawValue>)| match (item.get(), place % 3) {
        ("null", 0) => "null".to_owned(),
        ("null", 1) => "{}".to_owned(),
        (item, _) => object(vec![(name.clone(), item.to_owned())]),
    };
    format!(
        "[{}]",
        items.iter().enumerate().map(object).collect::<Vec<_>>().join(", ")
    )
}

/// Entries whose names have dots as those of objects inside, as JSON.
pub fn object(entries: Vec<(String, String)>) -> String {
    let written = groups(entries).into_iter().map(|(name, group)| match group {
        Ok(value) => format!("\"{name}\": {value}"),
        Err(inside) if name.starts_with(EVERY) => format!("\"{name}\": {}", objects(inside)),
        Err(inside) => format!("\"{name}\": {}", object(inside)),
    });
    braced(written)
}

/// Entries as JSON, whatever their names.
pub fn flat(entries: Vec<(String, String)>) -> String {
    braced(entries.into_iter().map(|(name, value)| format!("\"{name}\": {value}")))
}

fn braced(entries: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}
