//! `featc verify`: both engines on all rows, the model on a sample, compared bit by bit; and what must not change them.

pub(crate) mod answers;
mod any;
pub(crate) mod case;
mod checks;
pub(crate) mod engines;
pub(crate) mod events;
mod explain;
pub(crate) mod needed;
mod outputs;
mod relations;
mod reproduce;
mod sample;
mod served;
mod shrink;
#[cfg(test)]
mod tests;

use crate::answered::batch;
use crate::args::{ReplayOptions, RunArgs, VerifyArgs};
use crate::errors;
use crate::outputs::Aside;
use crate::provenance::Inputs;
use crate::replay::stream_recorded;
use crate::report::{Refused, Reporter, counted};
use crate::run::{Prepared, prepare};
use crate::settle::{check_found, check_spine, settle};
use answers::Answers;
use case::{Asked, Case, Fields};
use checks::{Check, Kind, against, related};
use engines::{Ground, Setting, evaluators};
use featc_ir::Type;
use featr::{Column, Recorded, Side, Spine, Training, Value};
use featr_model::{Model, SourceRows};
use outputs::{Outputs, checks_json, junit};
use relations::{Base, Relation};

/// What was compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compared {
    pub rows: u64,
    pub features: u64,
    /// Values, each with its status, batch against stream.
    pub values: u64,
    /// Rows of the spine that the model judged.
    pub model_rows: u64,
    /// Questions at edges, which all three answered.
    pub edges: u64,
    pub seed: u64,
    pub differ: u64,
}

/// What is answered by which engines, and how they run.
pub struct Options<'a> {
    pub run: &'a RunArgs,
    pub replay: &'a ReplayOptions,
    pub sample: usize,
    pub seed: u64,
}

/// All checks of a run, with what the rest of it needs.
struct Verified {
    checks: Vec<Check>,
    compared: Compared,
    /// The rows that the stream sides were read.
    recorded: Vec<Recorded>,
    base: Base,
    edges: Asked,
}

pub fn run(args: &VerifyArgs, reporter: &Reporter) -> Result<(), Refused> {
    if !args.served_log.is_empty() {
        return served::run(args, reporter);
    }
    let prepared = prepare(&args.program, reporter)?;
    let run = &args.program.run;
    let outputs = Outputs::take(&prepared, args, reporter)?;
    let inputs = Inputs::look(&prepared, &args.spine.spine, true, reporter)?;
    let spine = prepared.spine(&args.spine, reporter)?;
    check_spine(&prepared, &spine, run, reporter)?;
    let aside = Aside::new(run, reporter)?;
    let from_batch = batch(&prepared, run, spine.clone(), true, aside.as_ref(), reporter)?.collect(reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&from_batch.report, run, reporter)?;
    check_found(&prepared, &from_batch.report, &spine, Side::Batch, run, reporter)?;
    let options = Options {
        run,
        replay: &args.options,
        sample: args.sample,
        seed: args.seed,
    };
    let fields = fields(&prepared);
    let mut verified = verify(&prepared, &fields, &spine, &from_batch, &options, reporter)?;
    if args.metamorphic {
        metamorphic(&prepared, &fields, &spine, &mut verified, &options, reporter)?;
    }
    // Of a log that grows the engines read different rows, and differ rightly.
    inputs.unchanged(&prepared, reporter)?;
    let mut text = words(&prepared, &verified.compared);
    for check in &verified.checks {
        if let Kind::Relation(_) = check.kind {
            text += &format!("\n{}", explain::line(check, &fields));
        }
    }
    let mut value = result(&prepared, &verified);
    value["checks"] = checks_json(&fields, &verified.checks);
    if verified.compared.differ > 0 {
        let asked = Asked::of(&spine);
        let told = explain::difference(&prepared, &fields, &asked, &verified, args, reporter)?;
        text += &format!("\n{}", told.text);
        value["first_difference"] = told.first;
        value["case"] = told.case;
    }
    reporter.result(&text, &value);
    outputs.write(&junit(&prepared.service, &fields, &verified.checks), &value, reporter)?;
    judge(&verified, reporter)
}

fn result(prepared: &Prepared, verified: &Verified) -> serde_json::Value {
    let compared = &verified.compared;
    serde_json::json!({
        "program": prepared.program.hash(),
        "service": prepared.service,
        "truth": prepared.truth_text(),
        "seen_early": prepared.seen_early,
        "rows": compared.rows,
        "features": compared.features,
        "values": compared.values,
        "model_rows": compared.model_rows,
        "edges": compared.edges,
        "seed": compared.seed,
        "differ": compared.differ,
    })
}

/// `1 value and status`, `2 values and statuses`.
fn values_and_statuses(count: u64) -> String {
    match count {
        1 => "1 value and status".to_owned(),
        count => format!("{count} values and statuses"),
    }
}

/// The closing line.
pub fn words(prepared: &Prepared, compared: &Compared) -> String {
    format!(
        "verify: {} x {}, truth {}: {} compared between batch and stream, {} with the model, \
         {} at edges with all three, seed {}: {} differ",
        counted(compared.rows, "row"),
        counted(compared.features, "feature"),
        prepared.truth_words(),
        values_and_statuses(compared.values),
        counted(compared.model_rows, "row"),
        counted(compared.edges, "question"),
        compared.seed,
        compared.differ
    )
}

/// Refuses a training set (with statuses) which is not what the streaming engine and, on a sample, the model say.
pub fn agreed(
    prepared: &Prepared,
    spine: &Spine,
    from_batch: &Training,
    options: &Options<'_>,
    reporter: &Reporter,
) -> Result<Compared, Refused> {
    let fields = fields(prepared);
    let verified = verify(prepared, &fields, spine, from_batch, options, reporter)?;
    judge(&verified, reporter)?;
    Ok(verified.compared)
}

fn judge(verified: &Verified, reporter: &Reporter) -> Result<(), Refused> {
    match verified.compared.differ {
        0 => Ok(()),
        differ => reporter.refuse(errors::disagree(
            differ,
            verified.checks.iter().map(Check::compared).sum(),
        )),
    }
}

fn fields(prepared: &Prepared) -> Fields {
    let service = prepared.ir.service(&prepared.service);
    let columns = service.into_iter().flat_map(|service| service.columns(&prepared.ir));
    let (names, types) = columns.map(|(name, ty)| (name.to_owned(), ty)).unzip();
    Fields { names, types }
}

/// What an engine says becomes a message.
fn told<T>(outcome: Result<T, featr::Error>, reporter: &Reporter) -> Result<T, Refused> {
    outcome.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

fn verify(
    prepared: &Prepared,
    fields: &Fields,
    spine: &Spine,
    from_batch: &Training,
    options: &Options<'_>,
    reporter: &Reporter,
) -> Result<Verified, Refused> {
    let Some(ground) = ground(prepared, fields, options.seed) else {
        return reporter.refuse(errors::bug("the service was there a moment ago"));
    };
    let recorded = told(prepared.program.record(&prepared.service, Side::Stream, None), reporter)?;
    let from_stream = stream_recorded(prepared, options.replay, spine, true, &recorded, reporter)?;
    if from_batch.schema != from_stream.schema {
        return reporter.refuse(errors::bug("the engines' results have different columns"));
    }
    let own = spine.schema.fields().len();
    let base = Base {
        batch: told(Answers::of(from_batch, own), reporter)?,
        stream: told(Answers::of(&from_stream, own), reporter)?,
    };
    let rows = spine.times.len();
    let all: Vec<u32> = (0..rows as u32).collect();
    let stream = against(Kind::Stream, false, (&base.batch, &base.stream), &all, fields);
    let mut verified = Verified {
        checks: vec![told(stream, reporter)?],
        compared: Compared {
            rows: rows as u64,
            features: fields.names.len() as u64,
            values: rows as u64 * fields.names.len() as u64,
            seed: options.seed,
            ..Compared::default()
        },
        edges: Asked::of(spine).take(&[]),
        recorded,
        base,
    };
    if options.sample > 0 {
        ask_model(prepared, &ground, spine, &mut verified, options, reporter)?;
    }
    verified.compared.differ = verified.checks.iter().map(Check::differ).sum();
    Ok(verified)
}

/// The model on rows of the spine; all three on questions at edges.
fn ask_model(
    prepared: &Prepared,
    ground: &Ground<'_>,
    spine: &Spine,
    verified: &mut Verified,
    options: &Options<'_>,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let rows = source_rows(prepared, &verified.recorded);
    let model = Model::new(ground.ir, &rows);
    let answers = |asked: &Asked| {
        let questions = (0..asked.len()).map(|row| asked.question(row));
        let answer = |question| {
            prepared.program.check_interrupt()?;
            Ok(model.answer(ground.service, &question, ground.truth))
        };
        let answers: Vec<_> = questions.map(answer).collect::<Result<_, featr::Error>>()?;
        Ok(Answers::of_values(&answers, ground.fields))
    };
    let asked = Asked::of(spine);
    let sampled = sample::spine_rows(options.sample, options.seed, asked.len());
    let from_batch = told(verified.base.batch.take(&sampled), reporter)?;
    let from_model = told(answers(&asked.take(&sampled)), reporter)?;
    let check = against(Kind::Model, false, (&from_batch, &from_model), &sampled, ground.fields);
    verified.checks.push(told(check, reporter)?);
    verified.compared.model_rows = sampled.len() as u64;

    let keys: Vec<_> = asked.columns.iter().map(|(key, _)| key.clone()).collect();
    let edges = sample::edges(ground, &model, &keys, options.sample - sampled.len());
    if edges.len() == 0 {
        return Ok(());
    }
    let at_edges = told(edges.spine(&prepared.program, &prepared.service), reporter)?;
    let from_batch = batch(prepared, options.run, at_edges.clone(), true, None, reporter)?.collect(reporter)?;
    let recorded = &verified.recorded;
    let from_stream = stream_recorded(prepared, options.replay, &at_edges, true, recorded, reporter)?;
    let own = at_edges.schema.fields().len();
    let from_batch = told(Answers::of(&from_batch, own), reporter)?;
    let from_stream = told(Answers::of(&from_stream, own), reporter)?;
    let all: Vec<u32> = (0..edges.len() as u32).collect();
    for (kind, other) in [
        (Kind::Stream, from_stream),
        (Kind::Model, told(answers(&edges), reporter)?),
    ] {
        let check = against(kind, true, (&from_batch, &other), &all, ground.fields);
        verified.checks.push(told(check, reporter)?);
    }
    verified.compared.edges = edges.len() as u64;
    verified.edges = edges;
    Ok(())
}

/// Checks all relations.
fn metamorphic(
    prepared: &Prepared,
    fields: &Fields,
    spine: &Spine,
    verified: &mut Verified,
    options: &Options<'_>,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let Some(ground) = ground(prepared, fields, options.seed) else {
        return Ok(());
    };
    let case = told(Case::read(prepared, &verified.recorded, Asked::of(spine)), reporter)?;
    let setting = Setting::new(options.run, options.replay);
    let evaluators = evaluators(prepared, ground, options.run.temp_dir.clone());
    let mut bar = reporter.bar();
    for (done, relation) in Relation::ALL.into_iter().enumerate() {
        told(prepared.program.check_interrupt(), reporter)?;
        bar.tell("relations", done as u64, Relation::ALL.len() as u64);
        let outcome = relation.check(&ground, &evaluators, &case, &setting, Some(&verified.base));
        let check = related(relation, told(outcome, reporter)?, fields);
        verified.checks.push(check);
    }
    bar.done();
    verified.compared.differ = verified.checks.iter().map(Check::differ).sum();
    Ok(())
}

fn ground<'a>(prepared: &'a Prepared, fields: &'a Fields, seed: u64) -> Option<Ground<'a>> {
    Some(Ground {
        ir: &prepared.ir,
        service: prepared.ir.service(&prepared.service)?,
        fields,
        truth: prepared.truth,
        seed,
    })
}

pub fn field_type(prepared: &Prepared, field: usize) -> Type {
    let service = prepared.ir.service(&prepared.service);
    let mut columns = service.into_iter().flat_map(|service| service.columns(&prepared.ir));
    columns.nth(field).map_or(Type::String, |(_, ty)| ty)
}

/// A value with its bits, so that two that print alike can be told apart.
pub fn bits(value: &Value, ty: Type) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Float64(float) => format!("{} (bits {:016x})", value.render(ty), float.to_bits()),
        Value::Error(_)
        | Value::Bool(_)
        | Value::Int64(_)
        | Value::Decimal(_)
        | Value::String(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::Duration(_)
        | Value::List(_) => value.render(ty),
    }
}

/// The recorded rows as the model takes them; sources that the service does not read stay empty.
fn source_rows(prepared: &Prepared, recorded: &[Recorded]) -> SourceRows {
    let mut sources = vec![Vec::new(); prepared.ir.sources.len()];
    for recorded in recorded {
        let known = prepared.ir.sources.iter();
        let mut places = known
            .enumerate()
            .filter(|(_, known)| known.name == recorded.source.name);
        if let Some((place, _)) = places.next() {
            sources[place].push(recorded.rows.clone());
        }
    }
    SourceRows { sources }
}

/// The columns of questions, as messages show them.
fn named(columns: &[(featc_ir::Key, Column)], row: usize) -> Vec<(String, String)> {
    let value = |(key, column): &(featc_ir::Key, Column)| (key.name.clone(), column.value(row).render(key.ty));
    columns.iter().map(value).collect()
}
