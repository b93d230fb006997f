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
mod plan;
mod verify;

use crate::args::{BackfillArgs, RunArgs};
use crate::check::compile;
use crate::errors;
use crate::progress::Pace;
use crate::provenance::{fingerprints, named_file, source_files, unchanged};
use crate::report::{Refused, Reporter};
use crate::run::{Aside, Prepared, check_overwrites, prepare_compiled, settle};
use crate::train::options;
use checkpoint::{Arguments, Checkpoint, Done, Locked};
use featc_ir::{Service, ServiceField, Type};
use featr::provenance::{SourceFiles, file_record};
use featr::{RowsWriter, RunReport, SurveyOptions, Value};
use plan::{Part, Questions, When};
use std::ops::Range;
use std::path::Path;

pub fn run(args: &BackfillArgs, reporter: &Reporter) -> Result<(), Refused> {
    let range = instant("--from", &args.from, reporter)?..instant("--to", &args.to, reporter)?;
    if range.start > range.end {
        return reporter.refuse(errors::argument(
            "--to",
            &args.to,
            "before `--from`",
            "give a later instant",
        ));
    }
    let every = args
        .every
        .as_deref()
        .map(|text| span("--every", text, reporter))
        .transpose()?;
    let chunk = args
        .chunk
        .as_deref()
        .map(|text| span("--chunk", text, reporter))
        .transpose()?;
    let when = every.map_or(When::Events, |us| When::Every { us });
    let (prepared, hash) = prepare(args, reporter)?;
    let inside = prepared.program.input_files(&prepared.service).unwrap_or_default();
    if inside.iter().any(|file| same_folder(file, &args.out)) {
        let why = "a source reads files of that folder";
        return reporter.refuse(errors::unusable_folder(&args.out.display().to_string(), why));
    }
    check_overwrites(&prepared, &args.run, args.entities.as_deref(), None, reporter)?;
    let quick = source_files(&prepared, false, reporter)?;
    let mut now = Checkpoint::new(
        prepared.ir.module.clone(),
        hash,
        arguments(args, &prepared, &range, every, chunk),
    );
    now.features = fingerprints(&prepared);
    now.sources = match args.hash_inputs {
        true => source_files(&prepared, true, reporter)?,
        false => quick.clone(),
    };
    let entities = args.entities.as_deref();
    now.entities = entities
        .map(|path| named_file(&prepared, path, args.hash_inputs, reporter))
        .transpose()?;
    let begun = match args.out.exists() {
        true => Some(Locked::take(&args.out, reporter)?),
        false => None,
    };
    let known = begun
        .as_ref()
        .map(|folder| folder.checkpoint(reporter))
        .transpose()?
        .flatten();
    if let Some(known) = &known {
        known.same_as(&now, &args.out, reporter)?;
        now.done.clone_from(&known.done);
    }
    let questions = survey(args, &prepared, when, range, reporter)?;
    let chunk_us = chunk.unwrap_or_else(|| questions.usual_chunk_us());
    let Some(parts) = questions.parts(chunk_us) else {
        let text = args.chunk.clone().unwrap_or_default();
        return reporter.refuse(errors::argument(
            "--chunk",
            &text,
            "too many chunks",
            "give a longer one",
        ));
    };
    now.rows = questions.len();
    now.parts = parts.len() as u64;
    let folder = match begun {
        Some(folder) => folder,
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
    let made = job.run(&mut now, reporter)?;
    let text = format!(
        "{}: {} rows in {} parts, {}, truth {}; {made} parts made in this run",
        args.out.display(),
        now.rows,
        now.parts,
        job.what(),
        prepared.truth_text()
    );
    let value = serde_json::json!({
        "out": args.out.display().to_string(),
        "program": now.program,
        "rows": now.rows,
        "parts": now.parts,
        "made": made,
    });
    reporter.result(&text, &value);
    verify::run(&job, &now, reporter)
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

fn arguments(
    args: &BackfillArgs,
    prepared: &Prepared,
    range: &Range<i64>,
    every_us: Option<i64>,
    chunk_us: Option<i64>,
) -> Arguments {
    Arguments {
        service: args.service.clone(),
        view: args.view.clone(),
        truth: prepared.truth.into(),
        from: featc_ir::display::instant(range.start),
        to: featc_ir::display::instant(range.end),
        every_us,
        chunk_us,
        at_column: args.at_column.clone(),
        status: args.status,
    }
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
                .or_else(|error| reporter.refuse(errors::run(&error, None)))?,
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

/// A backfill that is settled, ready to run.
struct Job<'a> {
    args: &'a BackfillArgs,
    prepared: &'a Prepared,
    questions: &'a Questions,
    parts: &'a [Part],
    /// The sources by length, time stamp and footer.
    quick: &'a [SourceFiles],
    folder: &'a Locked,
}

impl Job<'_> {
    /// In words.
    fn what(&self) -> String {
        match &self.args.view {
            Some(view) => format!("view {view}"),
            None => format!("service {}", self.prepared.service),
        }
    }

    /// Makes the parts that are not there; returns how many.
    fn run(&self, state: &mut Checkpoint, reporter: &Reporter) -> Result<u64, Refused> {
        let begun = state.clone();
        state.done.clear();
        let mut made = 0;
        let mut pace = Pace::new(reporter.json, self.parts.len() as u64, state.rows);
        self.save(&begun, reporter)?;
        for part in self.parts {
            if let Some(done) = begun.finished(&part.file, &self.folder.path) {
                state.done.push(done.clone());
                pace.skip(part.rows);
                continue;
            }
            state.done.push(self.make(part, reporter)?);
            made += 1;
            // What is done further on stays done.
            let mut saved = state.clone();
            let later = begun
                .done
                .iter()
                .filter(|done| !state.done.iter().any(|known| known.file == done.file));
            saved.done.extend(later.cloned());
            self.save(&saved, reporter)?;
            pace.tell(part.rows);
        }
        self.save(state, reporter)?;
        pace.done();
        Ok(made)
    }

    fn save(&self, state: &Checkpoint, reporter: &Reporter) -> Result<(), Refused> {
        let path = self.folder.path.join(checkpoint::FILE);
        let written = state.write(&self.folder.path);
        written.or_else(|error| reporter.refuse(errors::run(&featr::DecodeError::refused(&path, &error).into(), None)))
    }

    /// Answers the questions of a part and puts its file in place.
    fn make(&self, part: &Part, reporter: &Reporter) -> Result<Done, Refused> {
        let refuse = |error: featr::Error| reporter.refuse::<Done>(errors::run(&error, None)).expect_err("refused");
        let rows = part.first..part.first + part.rows;
        let spine = self.questions.spine(rows, &self.args.at_column);
        let spine = spine.or_else(|why| reporter.refuse(errors::bug(&why)))?;
        // What cannot be used was told by the survey.
        let run = RunArgs {
            rejected: None,
            ..self.args.run.clone()
        };
        let options = options(self.prepared, &run, self.args.status);
        let rows = self.prepared.program.training(&self.prepared.service, spine, options);
        let rows = rows.map_err(refuse)?;
        let now = source_files(self.prepared, false, reporter)?;
        unchanged(self.quick, &now, "during the run", reporter)?;
        let path = self.folder.path.join(&part.file);
        let write = || -> Result<Done, featr::Error> {
            let mut writer = RowsWriter::create_with(&path, rows.schema(), &run.write_options())?;
            for batch in rows {
                writer.write(&batch?)?;
            }
            let sealed = writer.seal()?;
            let record = file_record(sealed.path(), part.file.clone(), true)?;
            let done = Done {
                file: part.file.clone(),
                rows: sealed.rows,
                bytes: record.bytes,
                xxh3_128: record.xxh3_128.unwrap_or_default(),
            };
            sealed.put()?;
            Ok(done)
        };
        write().map_err(refuse)
    }
}
