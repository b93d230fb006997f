//! `featc backfill`: a service's or a view's values over a range of time, in parts that survive a crash.
//!
//! ```text
//! survey ─▶ questions ─▶ parts ─▶ per part: answer ─▶ aside, on disk ─▶ in place ─▶ checkpoint
//! ```
//!
//! # Contract
//! - **Resumable**: killed at any instant and run again, it ends with the bytes of an undisturbed run; finished parts are
//!   not computed again (tested: `tests/backfill.rs`).
//! - **Chunks cannot be seen**: rows and their order are the same for every `--chunk` (tested).
//! - **One writer**: a second run in the same folder is refused.

mod checkpoint;
mod job;
mod plan;
mod verify;

use crate::args::BackfillArgs;
use crate::check::compile;
use crate::errors;
use crate::provenance::{fingerprints, named_file, source_files};
use crate::report::{Refused, Reporter};
use crate::run::{Aside, Prepared, check_overwrites, prepare_compiled, same_file, settle};
use checkpoint::{Arguments, Checkpoint, Locked};
use featc_ir::{Service, ServiceField, Type};
use featr::provenance::SourceFiles;
use featr::{RunReport, SurveyOptions, Value};
use job::Job;
use plan::{Questions, When};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

pub fn run(args: &BackfillArgs, reporter: &Reporter) -> Result<(), Refused> {
    let wanted = wanted(args, reporter)?;
    let (prepared, hash) = prepare(args, reporter)?;
    check_folder(args, &prepared, reporter)?;
    let quick = source_files(&prepared, false, reporter)?;
    let mut state = describe(args, &prepared, hash, &wanted, &quick, reporter)?;
    let begun = match args.out.exists() {
        true => Some(Locked::take(&args.out, reporter)?),
        false => None,
    };
    if let Some(folder) = &begun {
        let known = folder.checkpoint(reporter)?;
        if let Some(known) = &known {
            known.same_as(&state, &args.out, reporter)?;
            state.done.clone_from(&known.done);
        }
        // Before anything is read. Which names parts have is known later; without a checkpoint there are none.
        let part = |name: &Path| known.is_some() && plan::may_be_part(name);
        folder.refuse_strangers(&|name| part(name) || named(args, name), reporter)?;
    }
    let questions = survey(args, &prepared, wanted.when, wanted.range.clone(), reporter)?;
    let chunk_us = wanted.chunk_us.unwrap_or_else(|| questions.usual_chunk_us());
    let Some(parts) = questions.parts(chunk_us) else {
        let text = args.chunk.clone().unwrap_or_default();
        let help = "give a longer one";
        return reporter.refuse(errors::argument("--chunk", &text, "too many chunks", help));
    };
    state.rows = questions.len();
    state.parts = parts.len() as u64;
    let folder = match begun {
        Some(folder) => {
            let names: BTreeSet<&Path> = parts.iter().map(|part| Path::new(&part.file)).collect();
            folder.refuse_strangers(&|name| names.contains(name) || named(args, name), reporter)?;
            folder
        }
        None => make(&args.out, reporter)?,
    };
    let job = Job {
        args,
        prepared: &prepared,
        questions: &questions,
        parts: &parts,
        quick: &quick,
        folder: &folder,
    };
    let made = job.run(&mut state, reporter)?;
    job.tell(&state, made, reporter);
    verify::run(&job, &state, reporter)
}

/// Whether a file of the folder is one that the command names.
fn named(args: &BackfillArgs, name: &Path) -> bool {
    let mut files = [&args.run.rejected, &args.entities].into_iter().flatten();
    files.any(|file| same_file(file, &args.out.join(name)))
}

/// The times that the arguments name.
struct Wanted {
    range: Range<i64>,
    when: When,
    chunk_us: Option<i64>,
}

fn wanted(args: &BackfillArgs, reporter: &Reporter) -> Result<Wanted, Refused> {
    let range = instant("--from", &args.from, reporter)?..instant("--to", &args.to, reporter)?;
    if range.start > range.end {
        let help = "give a later instant";
        return reporter.refuse(errors::argument("--to", &args.to, "before `--from`", help));
    }
    let every = args.every.as_deref().map(|text| span("--every", text, reporter));
    let chunk = args.chunk.as_deref().map(|text| span("--chunk", text, reporter));
    Ok(Wanted {
        range,
        when: every.transpose()?.map_or(When::Events, |us| When::Every { us }),
        chunk_us: chunk.transpose()?,
    })
}

/// Refuses a folder that a source reads, and other files that would be replaced.
fn check_folder(args: &BackfillArgs, prepared: &Prepared, reporter: &Reporter) -> Result<(), Refused> {
    let inside = prepared.program.input_files(&prepared.service).unwrap_or_default();
    let part = args.out.join("part.parquet");
    if inside.iter().any(|file| same_folder(file, &args.out)) || prepared.program.would_read(&prepared.service, &part) {
        let why = "a source reads files of that folder";
        return reporter.refuse(errors::unusable_folder(&args.out.display().to_string(), why));
    }
    check_overwrites(prepared, &args.run, args.entities.as_deref(), None, reporter)
}

/// The backfill as its checkpoint has it, nothing done and nothing counted.
fn describe(
    args: &BackfillArgs,
    prepared: &Prepared,
    hash: String,
    wanted: &Wanted,
    quick: &[SourceFiles],
    reporter: &Reporter,
) -> Result<Checkpoint, Refused> {
    let mut state = Checkpoint::new(prepared.ir.module.clone(), hash, arguments(args, prepared, wanted));
    state.columns = columns(prepared);
    state.features = fingerprints(prepared);
    state.sources = match args.hash_inputs {
        true => source_files(prepared, true, reporter)?,
        false => quick.to_vec(),
    };
    let entities = args.entities.as_deref();
    let entities = entities.map(|path| named_file(prepared, path, args.hash_inputs, reporter));
    state.entities = entities.transpose()?;
    Ok(state)
}

fn instant(option: &str, text: &str, reporter: &Reporter) -> Result<i64, Refused> {
    match featr::parse_value(text, Type::Timestamp) {
        Some(Value::Timestamp(us)) => Ok(us),
        _ => {
            let help = "write it like 2013-03-01T12:00:00Z";
            reporter.refuse(errors::argument(option, text, "not an instant with an offset", help))
        }
    }
}

fn span(option: &str, text: &str, reporter: &Reporter) -> Result<i64, Refused> {
    match featc_driver::parse_duration(text) {
        Some(us) if us > 0 => Ok(us),
        Some(_) | None => {
            let why = "not a duration above zero";
            reporter.refuse(errors::argument(option, text, why, "write it like 1h or 1d"))
        }
    }
}

/// The program with the wanted service (a view becomes one of its own), and the hash of the program as it is written.
fn prepare(args: &BackfillArgs, reporter: &Reporter) -> Result<(Prepared, String), Refused> {
    let (project, mut ir) = compile(&args.program, reporter)?;
    let hash = featc_ir::hash::program_hash(&ir);
    let service = match (&args.service, &args.view) {
        (Some(service), _) => service.clone(),
        (None, Some(name)) => {
            let Some(place) = ir.views.iter().position(|view| view.name == *name) else {
                let known: Vec<String> = ir.views.iter().map(|view| view.name.clone()).collect();
                return reporter.refuse(errors::unknown_view(name, &known));
            };
            let view = &ir.views[place];
            // No service of a program has a blank in its name.
            let service = format!("view {name}");
            let fields = view
                .features
                .iter()
                .enumerate()
                .map(|(feature, declared)| ServiceField {
                    name: format!("{name}__{}", declared.name),
                    view: place.into(),
                    feature: feature.into(),
                });
            let declared = Service {
                name: service.clone(),
                doc: None,
                fields: fields.collect(),
                origin: view.origin.clone(),
            };
            ir.services.push(declared);
            service
        }
        (None, None) => return reporter.refuse(errors::bug("neither service nor view")),
    };
    Ok((prepare_compiled(project, ir, &service, &args.run, reporter)?, hash))
}

fn arguments(args: &BackfillArgs, prepared: &Prepared, wanted: &Wanted) -> Arguments {
    Arguments {
        service: args.service.clone(),
        view: args.view.clone(),
        truth: prepared.truth.into(),
        from: featc_ir::display::instant(wanted.range.start),
        to: featc_ir::display::instant(wanted.range.end),
        every_us: match wanted.when {
            When::Every { us } => Some(us),
            When::Events => None,
        },
        chunk_us: wanted.chunk_us,
        at_column: args.at_column.clone(),
        status: args.status,
    }
}

/// What the rows have, in order.
fn columns(prepared: &Prepared) -> Vec<String> {
    let asked = prepared.program.service(&prepared.service);
    let asked = asked.map_or(Vec::new(), |service| {
        [&service.keys[..], &service.self_columns].concat()
    });
    let fields = prepared.ir.service(&prepared.service);
    let fields = fields.into_iter().flat_map(|service| &service.fields);
    let keys = asked.into_iter().map(|key| key.name);
    keys.chain(fields.map(|field| field.name.clone())).collect()
}

/// Whether a file lies in a folder.
fn same_folder(file: &Path, folder: &Path) -> bool {
    let folder = std::fs::canonicalize(folder);
    let parent = file.parent().map(std::fs::canonicalize);
    matches!((folder, parent), (Ok(folder), Some(Ok(parent))) if folder == parent)
}

fn make(folder: &Path, reporter: &Reporter) -> Result<Locked, Refused> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let made = std::fs::create_dir(folder).and_then(|()| featr::sync_folder(parent.unwrap_or(Path::new("."))));
    made.or_else(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "no such folder".to_owned(),
            _ => error.to_string(),
        };
        reporter.refuse(errors::unwritable(&folder.display().to_string(), &why))
    })?;
    Locked::take(folder, reporter)
}

/// Reads the sources once: what cannot be used is told before anything is written.
fn survey(
    args: &BackfillArgs,
    prepared: &Prepared,
    when: When,
    range: Range<i64>,
    reporter: &Reporter,
) -> Result<Questions, Refused> {
    let Ok(service) = prepared.program.service(&prepared.service) else {
        return reporter.refuse(errors::bug("the service was there a moment ago"));
    };
    let clashes = service.keys.iter().chain(&service.self_columns);
    if clashes.map(|key| &key.name).any(|name| *name == args.at_column) {
        let help = "choose the name of the column with the instants";
        return reporter.refuse(errors::argument(
            "--at-column",
            &args.at_column,
            "the service has a key of that name",
            help,
        ));
    }
    let only = match &args.entities {
        None => None,
        Some(path) => Some(
            prepared
                .program
                .read_entities(&prepared.service, path)
                .or_else(|error| reporter.refuse(errors::of_command(&error, None)))?,
        ),
    };
    let aside = Aside::new(&args.run, reporter)?;
    let options = SurveyOptions {
        events_in: (when == When::Events).then(|| range.clone()),
        only,
        rejects: aside.as_ref().map(|aside| aside.sink(reporter)).transpose()?,
    };
    let known = prepared.program.survey(&prepared.service, options).or_else(|error| {
        reporter.refuse(match &error {
            featr::Error::Columns { why, .. } => errors::several_entities(&prepared.service, why),
            other => errors::run(other, None),
        })
    })?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    let report = RunReport {
        sources: known.sources.clone(),
        ..RunReport::default()
    };
    settle(&report, args.run.strict, reporter)?;
    Ok(Questions::new(when, range, known, &service.self_columns))
}
