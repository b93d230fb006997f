//! `featc get`: one entity, one instant, from online state.

use crate::args::GetArgs;
use crate::errors;
use crate::outputs::{Aside, check_overwrites};
use crate::replay;
use crate::report::{Refused, Reporter};
use crate::run::{Prepared, prepare};
use crate::settle::{check_found, settle};
use arrow::array::RecordBatch;
use featc_driver::diag::printable;
use featc_ir::plan::Spine as Asked;
use featc_ir::{Key, Type};
use featr::{Side, Spine, Value};
use std::fmt::Write as _;

/// The name of the instant in the one-row spine; no column of a program can be called so.
const AT: &str = "at instant";

/// One feature's answer.
pub struct Answered {
    pub feature: String,
    pub value: String,
    pub json: serde_json::Value,
    pub status: String,
    /// Whether a server gives the entity no answer because of it.
    pub is_gated: bool,
}

impl Answered {
    pub fn of(feature: String, value: &Value, ty: Type, status: &Value) -> Answered {
        Answered {
            feature,
            json: featr::json_value(value, ty),
            value: if value.is_null() {
                "null".to_owned()
            } else {
                // On one line.
                value.render(ty).replace('\n', "\\n").replace('\t', "\\t")
            },
            status: status.render(Type::String),
            is_gated: false,
        }
    }

    pub fn as_json(&self) -> serde_json::Value {
        let mut said = serde_json::json!({ "name": self.feature, "value": self.json, "status": self.status });
        if self.is_gated {
            said["gated"] = true.into();
        }
        said
    }
}

/// Marks the gated features of a service without an answer of their own; `gates` are the places of those with a gate.
pub fn mark_gated(answers: &mut [Answered], gates: &[usize]) {
    let ok = featr::Status::Ok.to_string();
    for place in gates {
        if let Some(answer) = answers.get_mut(*place) {
            answer.is_gated = answer.status != ok;
        }
    }
}

/// Answers one question from the state that the recorded streams leave.
pub fn answer(prepared: &Prepared, args: &GetArgs, reporter: &Reporter) -> Result<Vec<Answered>, Refused> {
    check_overwrites(prepared, &args.program.run, None, None, reporter)?;
    let spine = question(prepared, args, reporter)?;
    let aside = Aside::new(&args.program.run, reporter)?;
    let rejects = aside.as_ref().map(|aside| aside.sink(reporter)).transpose()?;
    let options = crate::args::ReplayOptions {
        chunk: 4096,
        shuffle: None,
        restart_every: None,
    };
    let training = replay::stream(prepared, &options, &spine, true, rejects, reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, &args.program.run, reporter)?;
    // Who asks about one entity is answered that it is missing, unless it is not to be.
    if args.program.run.max_missing.is_some() {
        check_found(
            prepared,
            &training.report,
            &spine,
            Side::Stream,
            &args.program.run,
            reporter,
        )?;
    }
    let own = spine.schema.fields().len();
    let service = prepared.ir.service(&prepared.service);
    let Some((service, batch)) = service.zip(training.batches.first()) else {
        return reporter.refuse(errors::bug("a question without an answer"));
    };
    if let Some(beyond) = featr::beyond_text(batch) {
        return reporter.refuse(errors::beyond_answer(&beyond.column, &beyond.why));
    }
    let mut answers = Vec::new();
    for (place, (name, ty)) in service.columns(&prepared.ir).enumerate() {
        let cell = |column: usize, ty: Type| {
            let read = featr::from_arrow(batch.column(own + column), ty).map(|column| column.value(0));
            read.or_else(|why| reporter.refuse(errors::bug(&why)))
        };
        let value = cell(2 * place, ty)?;
        let status = cell(2 * place + 1, Type::String)?;
        answers.push(Answered::of(name.to_owned(), &value, ty, &status));
    }
    mark_gated(&mut answers, &prepared.program.gated(&prepared.service));
    Ok(answers)
}

/// The question as a spine of one row.
fn question(prepared: &Prepared, args: &GetArgs, reporter: &Reporter) -> Result<Spine, Refused> {
    let Ok(service) = prepared.program.service(&prepared.service) else {
        return reporter.refuse(errors::bug("the service was there a moment ago"));
    };
    let entity = keys(service, &args.keys, reporter)?;
    let at = Value::Timestamp(instant("--at", &args.at, reporter)?);
    let key = Key {
        name: AT.to_owned(),
        ty: Type::Timestamp,
    };
    let mut row = vec![(key, at)];
    row.extend(entity);
    let batch = question_row(&row, reporter)?;
    let spine = prepared.program.spine(&prepared.service, vec![batch], AT);
    spine.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// An instant of the command line.
pub fn instant(option: &str, text: &str, reporter: &Reporter) -> Result<i64, Refused> {
    match featr::parse_value(text, Type::Timestamp) {
        Some(Value::Timestamp(us)) => Ok(us),
        _ => reporter.refuse(errors::no_instant(option, text)),
    }
}

/// Columns of a question with one row.
pub fn question_row(row: &[(Key, Value)], reporter: &Reporter) -> Result<RecordBatch, Refused> {
    let columns = row.iter().map(|(key, value)| {
        let column = featr::Column::from_values(key.ty, std::slice::from_ref(value));
        (key.name.clone(), featr::to_arrow(&column), true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns);
    batch.or_else(|error| reporter.refuse(errors::bug(&error.to_string())))
}

/// Of a field of a request, what cannot be written as a value: null, and the empty string.
fn bare(text: &str, ty: Type) -> Option<Value> {
    match text {
        "" => Some(Value::Null),
        "\"\"" if ty == Type::String => Some(Value::String(String::new())),
        _ => None,
    }
}

/// The values of `--key`, for all columns of a service's questions. As a server has it, keys and fields of requests have to
/// be there; only a field may be null, which nothing behind its `=` says.
pub fn keys(asked: &Asked, given: &[String], reporter: &Reporter) -> Result<Vec<(Key, Value)>, Refused> {
    let wanted = asked.columns();
    let is_field = |key: &Key| asked.request.iter().any(|field| field.name == key.name);
    let names: Vec<&str> = wanted.iter().map(|key| key.name.as_str()).collect();
    let known = format!("the service asks for: {}", names.join(", "));
    let mut values: Vec<Option<Value>> = vec![None; wanted.len()];
    let is_given = |name: &str| {
        given
            .iter()
            .any(|one| one.split_once('=').is_some_and(|(key, _)| key == name))
    };
    for given in given {
        let Some((name, text)) = given.split_once('=') else {
            let help = with_equals(&names, is_given, given);
            return reporter.refuse(errors::argument("--key", given, "no `=` in it", &help));
        };
        let Some(place) = names.iter().position(|known| *known == name) else {
            let qualified = |key: &&Key| key.name.split_once('.').is_some_and(|(_, plain)| plain == name);
            let shared: Vec<String> = wanted.iter().filter(qualified).map(|key| key.name.clone()).collect();
            if !shared.is_empty() {
                return reporter.refuse(errors::shared_identity(name, false, &shared));
            }
            return reporter.refuse(errors::argument("--key", given, "the service has no such key", &known));
        };
        // A key that has its own option is none here.
        let missing: Vec<&str> = names.iter().copied().filter(|name| !is_given(name)).collect();
        if let [first, (other, value), more @ ..] = &pairs(name, text, &missing)[..] {
            let more = more.iter().map(|(name, value)| format!(" --key {name}={value}"));
            let more: String = more.collect();
            let help = format!(
                "give each its own: `--key {}={} --key {other}={value}{more}`",
                first.0, first.1
            );
            let why = format!("`{other}=` within a value");
            return reporter.refuse(errors::argument("--key", given, &why, &help));
        }
        let ty = wanted[place].ty;
        let of_field = Some(text).filter(|_| is_field(&wanted[place]));
        match of_field.and_then(|text| bare(text, ty)).or_else(|| value_of(text, ty)) {
            Some(_) if values[place].is_some() => {
                let help = "give each key once";
                return reporter.refuse(errors::argument("--key", given, "the key is given twice", help));
            }
            Some(value) => values[place] = Some(value),
            None => {
                let why = format!("`{text}` is no {ty}");
                let help = match ty {
                    Type::Duration => "write it as `1h30m` or `PT1H30M`",
                    Type::Timestamp => "write an instant with its offset, such as `2024-05-01T00:00:00Z`",
                    Type::Int64 | Type::Float64 | Type::Decimal { .. } => {
                        "write digits, with a point before those of the fraction, and nothing between thousands"
                    }
                    _ => "give a value of the key's type",
                };
                return reporter.refuse(errors::argument("--key", given, &why, help));
            }
        }
    }
    for (key, _) in wanted.iter().zip(&values).filter(|(_, value)| value.is_none()) {
        let (what, help) = match is_field(key) {
            true => ("field", format!("{known}; `--key {}=` gives null", key.name)),
            false if asked.keys.contains(key) => ("key", known),
            false => continue,
        };
        let why = format!("missing: the service needs the {what} `{}`", key.name);
        return reporter.refuse(errors::argument("--key", &format!("{}=…", key.name), &why, &help));
    }
    let values = values.into_iter().map(|value| value.unwrap_or(Value::Null));
    Ok(wanted.into_iter().zip(values).collect())
}

/// The keys that are written as one, `card=a,price=3`, each with its value; but for the first they are among `names`.
fn pairs<'a>(name: &'a str, text: &str, names: &[&'a str]) -> Vec<(&'a str, String)> {
    let mut parts = text.split(',');
    let mut pairs = vec![(name, parts.next().unwrap_or_default().to_owned())];
    for part in parts {
        let begun = part.split_once('=').and_then(|(name, value)| {
            let name = names.iter().find(|known| **known == name.trim())?;
            Some((*name, value.to_owned()))
        });
        if let Some(pair) = begun {
            pairs.push(pair);
        } else if let Some((_, value)) = pairs.last_mut() {
            // A comma of the value.
            value.extend([",", part]);
        }
    }
    let trimmed = pairs.into_iter().map(|(name, value)| (name, value.trim().to_owned()));
    trimmed.collect()
}

fn value_of(text: &str, ty: Type) -> Option<Value> {
    // As programs write it, too.
    let duration = (ty == Type::Duration)
        .then(|| featc_driver::parse_duration(text))
        .flatten();
    duration.map(Value::Duration).or_else(|| featr::parse_key(text, ty))
}

/// The same key with its `=`: `card:a`, `{"card": "a"}`, or a value alone, which is that of the first key that is not
/// given yet.
fn with_equals(names: &[&str], is_given: impl Fn(&str) -> bool, given: &str) -> String {
    let known = |name: &str| {
        names
            .iter()
            .find(|known| **known == name.trim().trim_matches(['"', '\'']))
    };
    let plain = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let inside = given.trim().trim_start_matches('{').trim_end_matches('}');
    let pairs = inside.split(',').map(|pair| {
        let (name, value) = pair.split_once(':')?;
        Some(format!("--key {}={}", known(name)?, plain(value)))
    });
    let next = names.iter().find(|name| !is_given(name));
    let name = next.or(names.first()).unwrap_or(&"card");
    match pairs.collect::<Option<Vec<String>>>() {
        Some(pairs) => format!("write `{}`", pairs.join(" ")),
        None if given.starts_with('{') => format!("write each key before its value, like `--key {name}=…`"),
        None => format!("write the key before its value, like `--key {name}={given}`"),
    }
}

/// Answers as aligned lines.
pub fn lines(answers: &[Answered]) -> String {
    // Aligned as they are shown.
    let values: Vec<_> = answers.iter().map(|answer| printable(&answer.value)).collect();
    let width = answers.iter().map(|answer| answer.feature.len()).max().unwrap_or(0);
    let widest = values.iter().map(|value| value.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (answer, value) in answers.iter().zip(&values) {
        let gated = if answer.is_gated { ", gated" } else { "" };
        let _ = writeln!(
            text,
            "{:width$}  {value:widest$}  {}{gated}",
            answer.feature, answer.status
        );
    }
    text.trim_end().to_owned()
}

pub fn run(args: &GetArgs, reporter: &Reporter) -> Result<(), Refused> {
    let prepared = prepare(&args.program, reporter)?;
    let answers = answer(&prepared, args, reporter)?;
    let features: Vec<serde_json::Value> = answers.iter().map(Answered::as_json).collect();
    let value = serde_json::json!({
        "program": prepared.program.hash(),
        "service": prepared.service,
        "truth": prepared.truth_text(),
        "seen_early": prepared.seen_early,
        "at": args.at,
        "features": features,
    });
    reporter.result(&lines(&answers), &value);
    Ok(())
}
