//! `featc verify --served-log`: what was answered, against what it is when it is computed again.

use super::answers::{Answers, rows_that_differ};
use super::case::{Asked, Fields};
use super::outputs::Outputs;
use super::sample;
use super::{fields, named, needed, told, values_and_statuses};
use crate::answered::batch;
use crate::args::{ProgramArgs, RunArgs, VerifyArgs};
use crate::errors;
use crate::outputs::Aside;
use crate::provenance::{Inputs, fingerprints};
use crate::report::{Refused, Reporter, counted};
use crate::run::{Prepared, prepare};
use crate::settle::{check_spine, settle};
use featc_ir::Type;
use featc_ir::display::instant;
use featr::{Error, ServedFile, ServedLog, Value};
use featr_model::Model;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// So many differences are told, and so many stand in the report.
const TOLD: usize = 10;
const REPORTED: usize = 1000;

/// A value or status that was served otherwise.
struct Differs {
    /// Among all answers.
    row: usize,
    field: usize,
}

/// What was compared.
#[derive(Default)]
struct Compared {
    values: u64,
    /// Per feature.
    differ: Vec<u64>,
    /// By row, then by feature; the first [`REPORTED`].
    first: Vec<Differs>,
    /// Per feature: why it is not compared, and in how many files.
    without: BTreeMap<(usize, &'static str), usize>,
}

/// The program whose questions are the log.
pub(super) fn program(args: &VerifyArgs) -> ProgramArgs {
    ProgramArgs {
        program: args.program.program.clone(),
        service: args.program.service.clone(),
        run: RunArgs {
            served_log: args.served_log.clone(),
            ..args.program.run.clone()
        },
    }
}

pub fn run(args: &VerifyArgs, reporter: &Reporter) -> Result<(), Refused> {
    let program = program(args);
    let prepared = prepare(&program, reporter)?;
    let outputs = Outputs::take(&prepared, args, reporter)?;
    let inputs = Inputs::look(&prepared, Path::new(""), true, reporter)?;
    let log = prepared.served(&args.spine, true, reporter)?;
    check_spine(&prepared, &log.spine, &program.run, reporter)?;
    let again = again(&prepared, &program.run, &log, reporter)?;
    let fields = fields(&prepared);
    let compared = told(compare(&prepared, &log, &again, &fields), reporter)?;
    let asked = Asked::of(&log.spine);
    let sampled = sample::some_rows(args.sample, args.seed, asked.len());
    let of_model = ask_model(&prepared, &asked, &sampled, (&again, &fields), reporter)?;
    inputs.unchanged(&prepared, reporter)?;

    if compared.values == 0 && asked.len() > 0 {
        let why: BTreeMap<&str, &str> = compared
            .without
            .keys()
            .map(|(field, why)| (fields.names[*field].as_str(), *why))
            .collect();
        return reporter.refuse(errors::nothing_compared(&why));
    }
    let told = Told {
        log: &log,
        asked: &asked,
        again: &again,
        fields: &fields,
        own_hash: prepared.program.hash(),
        of_model: &of_model,
        seed: args.seed,
    };
    let value = told.value(&prepared, &compared);
    reporter.result(&told.text(&compared), &value);
    outputs.write("", &value, reporter)?;
    if of_model.differ > 0 {
        let asked = of_model.rows as u64 * fields.names.len() as u64;
        return reporter.refuse(errors::disagree(of_model.differ, asked));
    }
    match compared.total() {
        0 => Ok(()),
        total => reporter.refuse(errors::served_otherwise(
            total,
            compared.values,
            &told.by_feature(&compared),
        )),
    }
}

/// The answers of a log, computed again from the sources.
fn again(prepared: &Prepared, run: &RunArgs, log: &ServedLog, reporter: &Reporter) -> Result<Answers, Refused> {
    let aside = Aside::new(run, reporter)?;
    let again = batch(prepared, run, log.spine.clone(), true, aside.as_ref(), reporter)?;
    let again = again.collect(reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&again.report, run, reporter)?;
    told(Answers::of(&again, log.spine.schema.fields().len()), reporter)
}

impl Compared {
    /// How many values and statuses differ.
    fn total(&self) -> u64 {
        self.differ.iter().sum()
    }
}

/// Compares file by file: each has the features of the program that wrote it.
fn compare(prepared: &Prepared, log: &ServedLog, again: &Answers, fields: &Fields) -> Result<Compared, Error> {
    let now = fingerprints(prepared);
    let mut compared = Compared {
        differ: vec![0; fields.names.len()],
        ..Compared::default()
    };
    let mut above = 0;
    for file in &log.files {
        let rows: Vec<u32> = (above as u32..(above + file.rows) as u32).collect();
        let of_file = again.take(&rows)?;
        for (field, name) in fields.names.iter().enumerate() {
            let is_other =
                |known: &BTreeMap<String, String>| known.get(name).is_some_and(|was| now.get(name) != Some(was));
            let answers = match &file.answers[field] {
                None => Err("the log does not have it"),
                Some(_) if file.fingerprints.as_ref().is_some_and(is_other) => Err("it computes something else now"),
                Some(answers) => Ok(answers),
            };
            match answers {
                Err(why) => *compared.without.entry((field, why)).or_default() += 1,
                Ok([values, statuses]) => {
                    let served = Answers::of_field([values.clone(), statuses.clone()]);
                    let differ = rows_that_differ(&served, &of_file.field(field), 0);
                    compared.values += file.rows as u64;
                    compared.differ[field] += differ.len() as u64;
                    let differ = differ.into_iter().map(|row| Differs {
                        row: above + row,
                        field,
                    });
                    compared.first.extend(differ);
                }
            }
        }
        above += file.rows;
        compared.first.sort_by_key(|differs| (differs.row, differs.field));
        compared.first.truncate(REPORTED);
    }
    Ok(compared)
}

/// What the model was asked.
#[derive(Debug, Default)]
pub(super) struct OfModel {
    /// Answers that it gave.
    pub rows: usize,
    /// Answers that it did not give: their entities have too many rows.
    pub left_out: usize,
    /// How many values and statuses differ from the batch engine's.
    pub differ: u64,
}

/// Answers some of the questions with the model.
pub(super) fn ask_model(
    prepared: &Prepared,
    asked: &Asked,
    sampled: &[u32],
    (again, fields): (&Answers, &Fields),
    reporter: &Reporter,
) -> Result<OfModel, Refused> {
    let Some(service) = prepared.ir.service(&prepared.service).filter(|_| !sampled.is_empty()) else {
        return Ok(OfModel::default());
    };
    let questions: Vec<_> = sampled.iter().map(|row| asked.question(*row as usize)).collect();
    let (rows, answered) = needed::rows(prepared, &questions, reporter)?;
    let model = Model::new(&prepared.ir, &rows);
    let (mut given, mut answers) = (Vec::new(), Vec::new());
    for ((row, question), _) in sampled
        .iter()
        .zip(&questions)
        .zip(answered)
        .filter(|(_, answered)| *answered)
    {
        told(prepared.program.check_interrupt(), reporter)?;
        given.push(*row);
        answers.push(model.answer(service, question, prepared.truth));
    }
    let of_model = Answers::of_values(&answers, fields);
    let of_batch = told(again.take(&given), reporter)?;
    let outcome = told(super::answers::compare(&of_batch, &of_model, &[]), reporter)?;
    Ok(OfModel {
        rows: given.len(),
        left_out: sampled.len() - given.len(),
        differ: outcome.differ.iter().sum(),
    })
}

/// What differences are told from.
struct Told<'a> {
    log: &'a ServedLog,
    asked: &'a Asked,
    again: &'a Answers,
    fields: &'a Fields,
    /// Of the program that computed again.
    own_hash: &'a str,
    of_model: &'a OfModel,
    /// What drew the answers that the model was asked about.
    seed: u64,
}

impl Told<'_> {
    /// How many answers another program gave.
    fn of_others(&self) -> u64 {
        let programs = self.log.programs.iter();
        let others = programs.filter(|(hash, _)| *hash != self.own_hash);
        others.map(|(_, rows)| rows).sum()
    }

    /// Per feature with differences, how many there are.
    fn by_feature(&self, compared: &Compared) -> BTreeMap<&String, u64> {
        let counts = self.fields.names.iter().zip(compared.differ.iter().copied());
        counts.filter(|(_, differ)| *differ > 0).collect()
    }

    /// For people.
    fn text(&self, compared: &Compared) -> String {
        let total = compared.total();
        let mut text = format!(
            "verify: {} x {} of the served log, truth as-served: {} compared, {} with the model, seed {}: {total} differ{}",
            counted(self.asked.len() as u64, "answer"),
            counted(self.fields.names.len() as u64, "feature"),
            values_and_statuses(compared.values),
            counted(self.of_model.rows as u64, "row"),
            self.seed,
            needed::left_out_words(self.of_model.left_out),
        );
        let others = self.of_others();
        if others > 0 {
            text += &format!("\n  {} of another program", counted(others, "answer"));
        }
        for ((field, why), files) in &compared.without {
            let name = &self.fields.names[*field];
            text += &format!("\n  without {name} in {}: {why}", counted(*files as u64, "file"));
        }
        for differs in compared.first.iter().take(TOLD) {
            text += &self.words(differs);
        }
        if total > TOLD as u64 {
            text += &format!("\n  and {} more", total - TOLD as u64);
        }
        text
    }

    /// For machines.
    fn value(&self, prepared: &Prepared, compared: &Compared) -> serde_json::Value {
        json!({
            "program": self.own_hash,
            "service": prepared.service,
            "truth": prepared.truth_text(),
            "rows": self.asked.len(),
            "features": self.fields.names.len(),
            "values": compared.values,
            "model_rows": self.of_model.rows,
            "model_left_out": self.of_model.left_out,
            "seed": self.seed,
            "of_other_programs": self.of_others(),
            "differ": compared.total(),
            "by_feature": self.by_feature(compared),
            "checks": [
                { "check": "served", "compared": compared.values, "differ": compared.total() },
                { "check": "model", "compared": self.of_model.rows * self.fields.names.len(), "differ": self.of_model.differ },
            ],
            "differences": compared.first.iter().map(|differs| self.json(differs)).collect::<Vec<_>>(),
        })
    }

    /// The file of an answer, and its row there.
    fn place(&self, row: usize) -> Option<(&ServedFile, usize)> {
        let mut above = 0;
        for file in &self.log.files {
            if row < above + file.rows {
                return Some((file, row - above));
            }
            above += file.rows;
        }
        None
    }

    fn request(&self, row: usize) -> Option<String> {
        let (file, row) = self.place(row)?;
        let read = featr::from_arrow(&file.requests.as_ref()?.slice(row, 1), Type::String).ok()?;
        match read.value(0) {
            Value::String(request) => Some(request),
            _ => None,
        }
    }

    /// What was served, and what it is when it is computed again.
    fn said(&self, differs: &Differs) -> [String; 2] {
        let fields = Fields {
            names: vec![self.fields.names[differs.field].clone()],
            types: vec![self.fields.types[differs.field]],
        };
        let served = self.place(differs.row).and_then(|(file, row)| {
            let answers = file.answers[differs.field].clone()?;
            Some(Answers::of_field(answers).said(row, 0, &fields))
        });
        let again = self.again.field(differs.field).said(differs.row, 0, &fields);
        [served.unwrap_or_default(), again]
    }

    fn file(&self, row: usize) -> (String, usize) {
        let place = self.place(row);
        place.map_or_else(Default::default, |(file, row)| {
            (file.path.display().to_string(), row + 1)
        })
    }

    fn words(&self, differs: &Differs) -> String {
        let (file, row) = self.file(differs.row);
        let request = self
            .request(differs.row)
            .map_or_else(String::new, |id| format!(", request {id}"));
        let about: Vec<String> = named(&self.asked.columns, differs.row)
            .into_iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        let [served, again] = self.said(differs);
        format!(
            "\n{file}, row {row}{request}: {}\n  t = {}, {}\n  served         {served}\n  computed again {again}",
            self.fields.names[differs.field],
            instant(self.asked.times[differs.row]),
            about.join(", "),
        )
    }

    fn json(&self, differs: &Differs) -> serde_json::Value {
        let (file, row) = self.file(differs.row);
        let [served, again] = self.said(differs);
        let asked: BTreeMap<String, String> = named(&self.asked.columns, differs.row).into_iter().collect();
        json!({
            "file": file,
            "row": row,
            "request_id": self.request(differs.row),
            "t": instant(self.asked.times[differs.row]),
            "asked": asked,
            "feature": self.fields.names[differs.field],
            "served": served,
            "computed_again": again,
        })
    }
}
