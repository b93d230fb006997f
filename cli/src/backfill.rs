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
mod folder;
mod grow;
mod job;
mod plan;
mod survey;
mod verify;

use crate::args::{BackfillArgs, PARTS_BOUND};
use crate::errors;
use crate::get;
use crate::provenance::{fingerprints, is_hashed, memory_record, named_file, source_files};
use crate::report::{Refused, Reporter, counted};
use crate::run::{Prepared, compiled, prepare_compiled};
use crate::settle::check_asked;
use checkpoint::{Arguments, Checkpoint};
use featc_ir::Type;
use featr::provenance::HashInputs;
use folder::{Locked, check_folder, make, named};
use job::Job;
use plan::{Part, Questions, When};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use survey::survey;

/// Parts that are made without being told to.
const PARTS_MAX: u64 = 10_000;

pub fn run(args: &BackfillArgs, reporter: &Reporter) -> Result<(), Refused> {
    let wanted = wanted(args, reporter)?;
    let (prepared, hash) = prepare(args, reporter)?;
    check_folder(args, &prepared, reporter)?;
    check_at_column(args, &prepared, reporter)?;
    let quick = source_files(&prepared, HashInputs::Nothing, reporter)?;
    let begun = match args.out.exists() {
        true => Some(Locked::take(&args.out, reporter)?),
        false => None,
    };
    let known = begun
        .as_ref()
        .map(|folder| folder.checkpoint(reporter))
        .transpose()?
        .flatten();
    let mut state = describe(args, &prepared, hash, &wanted, known.as_ref(), reporter)?;
    let changed_from_us = match &known {
        Some(known) if args.grow => grown(args, known, &mut state, &prepared, &wanted, reporter)?,
        Some(known) => {
            known.same_as(&state, &args.out, reporter)?;
            state.done.clone_from(&known.done);
            None
        }
        None => None,
    };
    if let Some(folder) = &begun {
        // Before anything is read. Which names parts have is known later; without a checkpoint there are none.
        let part = |name: &Path| known.is_some() && plan::may_be_part(name);
        folder.refuse_strangers(&|name| part(name) || named(args, name), reporter)?;
    }
    let questions = survey(args, &prepared, wanted.when, wanted.range.clone(), reporter)?;
    let rows = u64::try_from(questions.len()).unwrap_or(u64::MAX);
    check_asked(rows, &questions.why_none(), &args.run, reporter)?;
    let chunk_us = wanted.chunk_us.unwrap_or_else(|| questions.usual_chunk_us());
    check_size(args, &prepared, &questions, chunk_us, reporter)?;
    let parts = questions.parts(chunk_us);
    state.rows = parts.iter().map(|part| part.rows).sum();
    state.parts = parts.len() as u64;
    if let Some(known) = &known {
        go_on(args, known, &mut state, (&questions, &parts), changed_from_us, reporter)?;
    }
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

/// Goes on with a checkpoint: when the backfill grows, with the parts that stay as they are; else its counts are checked.
fn go_on(
    args: &BackfillArgs,
    known: &Checkpoint,
    state: &mut Checkpoint,
    (questions, parts): (&Questions, &[Part]),
    changed_from_us: Option<i64>,
    reporter: &Reporter,
) -> Result<(), Refused> {
    if args.grow {
        let stay = grow::keep(known, state, (questions, parts), changed_from_us, &args.out, reporter)?;
        let all = counted(parts.len(), "part");
        reporter.note(&format!("{stay} of {all} stay as they are"));
        return Ok(());
    }
    known.check_parts(state.rows, parts).or_else(|why| {
        let folder = args.out.display().to_string();
        reporter.refuse(errors::unusable_folder(
            &folder,
            &format!("its `{}`: {why}", checkpoint::FILE),
        ))
    })
}

/// What a backfill grows by: the first instant of which a value may be another, if there is one. New files are recorded as those of
/// a backfill that begins.
fn grown(
    args: &BackfillArgs,
    known: &Checkpoint,
    state: &mut Checkpoint,
    prepared: &Prepared,
    wanted: &Wanted,
    reporter: &Reporter,
) -> Result<Option<i64>, Refused> {
    let was_us = get::instant("--to", &known.arguments.to, reporter)?;
    grow::check(known, state, (was_us, wanted.range.end), &args.out, reporter)?;
    let from_us = grow::changed_from(known, state, prepared);
    let from_us = from_us.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    if from_us.is_some() {
        let how = if args.hash_inputs {
            HashInputs::All
        } else {
            HashInputs::Usual
        };
        state.sources = source_files(prepared, how, reporter)?;
    }
    Ok(from_us)
}

/// The times that the arguments name.
struct Wanted {
    range: Range<i64>,
    when: When,
    chunk_us: Option<i64>,
}

fn wanted(args: &BackfillArgs, reporter: &Reporter) -> Result<Wanted, Refused> {
    let range = get::instant("--from", &args.from, reporter)?..get::instant("--to", &args.to, reporter)?;
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

/// Refuses a column of instants that has the name of another column.
fn check_at_column(args: &BackfillArgs, prepared: &Prepared, reporter: &Reporter) -> Result<(), Refused> {
    let (asked, outputs) = columns(prepared);
    let is_it = |name: &String| *name == args.at_column;
    let is_status = |name: &String| args.status && args.at_column == featc_ir::status_column(name);
    let why = if asked.iter().any(is_it) {
        "the service has a key of that name"
    } else if outputs.iter().any(|name| is_it(name) || is_status(name)) {
        "a feature has that column in the result"
    } else {
        return Ok(());
    };
    let help = "choose another name for the column with the instants";
    reporter.refuse(errors::argument("--at-column", &args.at_column, why, help))
}

/// Tells how much it is, and refuses more than is allowed: before anything is written.
fn check_size(
    args: &BackfillArgs,
    prepared: &Prepared,
    questions: &Questions,
    chunk_us: i64,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let most = args.max_parts.unwrap_or(PARTS_MAX);
    let Some(size) = questions.size(chunk_us, most) else {
        let rows = words(questions.len(), None);
        // Which chunks have rows is not known: there may be a part for each.
        let chunks = questions.chunks_most(chunk_us);
        let (plan, parts) = match args.chunk {
            Some(_) => (format!("up to {} with {rows}", counted(chunks, "part")), chunks.into()),
            None => (rows, u128::MAX),
        };
        return reporter.refuse(errors::too_many_parts(&plan, parts, most, PARTS_BOUND));
    };
    let bytes = size.rows.saturating_mul(row_bytes(prepared, questions, args.status));
    let plan = words(size.rows, Some((size.parts, bytes)));
    if size.parts > u128::from(most) {
        return reporter.refuse(errors::too_many_parts(&plan, size.parts, most, PARTS_BOUND));
    }
    reporter.note(&format!("plan: {plan}"));
    Ok(())
}

/// `12 parts with 920 rows, about 66 kB before encoding`.
fn words(rows: u128, parts_and_bytes: Option<(u128, u128)>) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let Some((parts, mut bytes)) = parts_and_bytes else {
        return counted(rows, "row");
    };
    let mut unit = 0;
    while bytes >= 10_000 && unit + 1 < UNITS.len() {
        (bytes, unit) = (bytes / 1_000, unit + 1);
    }
    let (parts, rows) = (counted(parts, "part"), counted(rows, "row"));
    format!("{parts} with {rows}, about {bytes} {} before encoding", UNITS[unit])
}

/// Bytes of a row in memory; a string, and a list, is taken for a short one.
fn row_bytes(prepared: &Prepared, questions: &Questions, with_status: bool) -> u128 {
    let width = |ty: Type| match ty {
        Type::Bool => 1,
        Type::Date => 4,
        Type::Int64 | Type::Float64 | Type::Timestamp | Type::Duration => 8,
        Type::Decimal { .. } | Type::String => 16,
        // Of a few items.
        Type::List(_) => 64,
    };
    let service = prepared.ir.service(&prepared.service);
    let columns = service.into_iter().flat_map(|service| service.columns(&prepared.ir));
    let features: u128 = columns.map(|(_, ty)| width(ty) + u128::from(with_status)).sum();
    let keys: u128 = questions.keys().iter().map(|key| width(key.ty)).sum();
    keys + width(Type::Timestamp) + features
}

/// The backfill as its checkpoint has it, nothing done and nothing counted. Inputs are recorded as those of `known` are.
fn describe(
    args: &BackfillArgs,
    prepared: &Prepared,
    hash: String,
    wanted: &Wanted,
    known: Option<&Checkpoint>,
    reporter: &Reporter,
) -> Result<Checkpoint, Refused> {
    let mut state = Checkpoint::new(prepared.ir.module.clone(), hash, arguments(args, prepared, wanted));
    let (asked, outputs) = columns(prepared);
    state.columns = [asked, outputs].concat();
    state.features = fingerprints(prepared);
    let how = match (known, args.hash_inputs) {
        (Some(known), _) => HashInputs::As(&known.sources),
        (None, true) => HashInputs::All,
        (None, false) => HashInputs::Usual,
    };
    state.sources = source_files(prepared, how, reporter)?;
    state.entities = match (&args.run.given.entities, &args.entities) {
        (Some(rows), _) => Some(memory_record(rows, true, reporter)?),
        (None, Some(path)) => {
            let hashed = match known {
                Some(known) => known.entities.as_ref().is_some_and(|file| file.xxh3_128.is_some()),
                None => is_hashed(path, args.hash_inputs),
            };
            Some(named_file(prepared, path, hashed, reporter)?)
        }
        (None, None) => None,
    };
    Ok(state)
}

fn span(option: &str, text: &str, reporter: &Reporter) -> Result<i64, Refused> {
    match featc_driver::parse_duration(text) {
        Some(us) if us > 0 => Ok(us),
        Some(_) | None => reporter.refuse(errors::no_duration(
            option,
            text,
            "not a duration above zero",
            "1h or 1d",
        )),
    }
}

/// The program with the wanted service (a view becomes one of its own), and the hash of the program as it is written.
fn prepare(args: &BackfillArgs, reporter: &Reporter) -> Result<(Prepared, String), Refused> {
    let (project, mut ir) = compiled(&args.program, &args.run.given, reporter)?;
    let hash = featc_ir::hash::program_hash(&ir);
    let service = match (&args.service, &args.view) {
        (Some(service), _) => service.clone(),
        (None, Some(name)) => {
            let Some(place) = ir.views.iter().position(|view| view.name == *name) else {
                let known: Vec<String> = ir.views.iter().map(|view| view.name.clone()).collect();
                return reporter.refuse(errors::unknown_view(name, &known));
            };
            // No service of a program has a blank in its name.
            let service = format!("view {name}");
            let declared = ir.service_of_view(place.into(), service.clone());
            ir.services.push(declared);
            service
        }
        (None, None) => return reporter.refuse(errors::bug("neither service nor view")),
    };
    let request = ir.service(&service).map(featc_ir::Service::request).unwrap_or_default();
    if !request.is_empty() {
        let fields: Vec<String> = request.into_iter().map(|field| field.name).collect();
        return reporter.refuse(errors::request_unknown(&service, &fields));
    }
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

/// What the rows have besides the instants, in order: what questions bring, and features.
fn columns(prepared: &Prepared) -> (Vec<String>, Vec<String>) {
    let asked = prepared.program.service(&prepared.service);
    let asked = asked.map_or(Vec::new(), |service| {
        [&service.keys[..], &service.self_columns].concat()
    });
    let fields = prepared.ir.service(&prepared.service);
    let fields = fields.into_iter().flat_map(|service| service.columns(&prepared.ir));
    let keys = asked.into_iter().map(|key| key.name);
    (keys.collect(), fields.map(|(name, _)| name.to_owned()).collect())
}
