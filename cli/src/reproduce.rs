//! `featc train --from-provenance`: the training set that a record tells of, again, byte for byte.

use crate::answered::{batch, put, stage};
use crate::args::{ProgramArgs, RunArgs, SpineArgs, TrainCommand, TruthArg};
use crate::errors;
use crate::foreign;
use crate::outputs::{Aside, check_out, check_overwrites};
use crate::provenance::{Recorder, fingerprints, named_file, other_values, refuse_all, source_changes, source_files};
use crate::report::{Refused, Reporter};
use crate::run::{Prepared, prepare};
use crate::settle::settle;
use featr::provenance::{
    Change, FileRecord, HashInputs, Provenance, Release, SourceFiles, TruthRecord, changes, path_of, sidecar,
};
use featr::{DecodeError, Most, output_format};
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The record beside or in a file; `name` is the file as it was given.
fn find_record(file: &Path, name: &str, reporter: &Reporter) -> Result<Provenance, Refused> {
    if file.is_dir() && !file.join("_delta_log").is_dir() {
        return reporter.refuse(errors::no_record(name, "it is a folder"));
    }
    if let Some((why, help)) = no_file(file) {
        return reporter.refuse(errors::not_made_again(name, why, help));
    }
    if !file.exists() && !sidecar(file).exists() {
        let missing = DecodeError::unreadable(name, &std::io::ErrorKind::NotFound.into());
        return reporter.refuse(errors::of_command(&missing.into(), None));
    }
    let found = Provenance::find(file).or_else(|error| reporter.refuse(errors::of_command(&error.into(), None)))?;
    let was = found.or_else(|why| reporter.refuse(errors::no_record(name, &why)))?;
    if was.release != Release::this() {
        return reporter.refuse(errors::other_release(name, &was.release));
    }
    if was.output.format == "delta" {
        return reporter.refuse(errors::not_made_again(name, "it is the record of a Delta table", TRAIN));
    }
    Ok(was)
}

/// The program of a record, with the versions of tables that it read, if it still gives that set.
fn prepare_again(
    was: &Provenance,
    name: &str,
    program: &ProgramArgs,
    reporter: &Reporter,
) -> Result<Prepared, Refused> {
    let mut prepared = prepare(program, reporter)?;
    if let Some(what) = other_program(was, &prepared) {
        return reporter.refuse(errors::features_changed(name, &what, errors::ANEW));
    }
    for source in &was.sources {
        if let Some(table) = &source.files.table {
            let pinned = prepared.program.pin(&source.files.source, table);
            pinned.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
        }
    }
    Ok(prepared)
}

/// The training set that a record tells of, again, byte for byte.
pub fn reproduce(args: &TrainCommand, file: &Path, reporter: &Reporter) -> Result<(), Refused> {
    let name = file.display().to_string();
    let file = Path::new(name.strip_prefix("file://").map_or(file.as_os_str(), OsStr::new));
    let was = find_record(file, &name, reporter)?;
    let original = original(file);
    let Some(out) = args.out.clone().or_else(|| original.clone()) else {
        let help = "pass `--out` with the name of the training set";
        let why = "a record of that name does not say which file it is beside";
        return reporter.refuse(errors::argument("--from-provenance", &name, why, help));
    };
    let claim = check_out(&out, reporter)?;
    let format = agreed_format(&was, &out, reporter)?;
    let path = args.program.clone().unwrap_or_else(|| path_of(&was.program.path));
    let program = program_args(&was, path, args);
    let prepared = prepare_again(&was, &name, &program, reporter)?;
    let spine = SpineArgs {
        spine: prepared.program.base().join(path_of(&was.spine.file.path)),
        at_column: was.spine.at_column.clone(),
        zone: was.spine.zone.clone(),
    };
    for target in [&out, &sidecar(&out)] {
        check_overwrites(&prepared, &program.run, Some(&spine.spine), Some(target), reporter)?;
    }
    foreign::check_result(&prepared, &out, reporter)?;
    check_inputs(
        &was,
        &prepared,
        &spine,
        (&name, original.as_deref().is_some_and(Path::is_file)),
        reporter,
    )?;
    let recorder = Recorder::begin(&prepared, &program, &spine, HashInputs::Nothing, reporter)?;
    let asked = prepared.spine(&spine, reporter)?;
    let aside = Aside::new(&program.run, reporter)?;
    let mut training = batch(
        &prepared,
        &program.run,
        asked,
        was.output.status,
        aside.as_ref(),
        reporter,
    )?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, &program.run, reporter)?;
    let mut is = recorder.end(&prepared, &training, format, was.output.status, reporter)?;
    take_what_was_compared(&mut is, &was);
    if let Some((what, was, is)) = was.first_difference(&is) {
        return reporter.refuse(errors::not_reproduced(&name, &format!("{what} is {is}, not {was}")));
    }
    let staged = stage(&mut training, claim, Some(&was), &program.run, reporter)?;
    if let Some(original) = original.filter(|original| original.is_file())
        && !same_bytes(&original, staged.path()).unwrap_or(false)
    {
        let why = format!("its bytes are not those of `{}`", original.display());
        return reporter.refuse(errors::not_reproduced(&name, &why));
    }
    put(staged, &prepared, &training, &out, reporter)
}

/// Takes over from a record what has been compared before: its features and inputs. Where the program is, and what else it says, is
/// no part of the set.
fn take_what_was_compared(is: &mut Provenance, was: &Provenance) {
    is.program.clone_from(&was.program);
    is.spine.file.clone_from(&was.spine.file);
    is.spine.further.clone_from(&was.spine.further);
    let both = is.sources.iter_mut().zip(&was.sources);
    for (is, was) in both.filter(|(is, was)| is.files.source == was.files.source) {
        is.files.clone_from(&was.files);
        // It decides no byte, and a record may lack it.
        is.differing_copies = was.differing_copies;
    }
}

/// What makes the set that the program would give another than that of the record; `None` if nothing does.
fn other_program(was: &Provenance, prepared: &Prepared) -> Option<String> {
    let features = fingerprints(prepared);
    let service = prepared.ir.service(&prepared.service);
    let now = service.into_iter().flat_map(|service| service.columns(&prepared.ir));
    let now: Vec<String> = now.map(|(name, _)| name.to_owned()).collect();
    let columns = was.output.columns.iter();
    let mut columns: Vec<String> = columns
        .filter(|name| was.features.contains_key(*name))
        .cloned()
        .collect();
    // A column of the spine may have such a name only where it is refused, so the last ones count.
    let extra = columns.len().saturating_sub(was.features.len());
    columns.drain(..extra);
    other_values((&columns, &was.features), (&now, &features))
}

/// What to do about a Delta table.
const TRAIN: &str = "train anew: the record says the arguments, the inputs and the versions of tables";

/// Why a training set is not made again, and what to do: it is no file of this machine.
fn no_file(path: &Path) -> Option<(&'static str, &'static str)> {
    if path.join("_delta_log").is_dir() {
        Some((
            "it is a Delta table, whose record is in its log, as `featc.provenance` in the `commitInfo` of each commit",
            TRAIN,
        ))
    } else if featr::lake::is_address(&path.to_string_lossy()) {
        Some((
            "it is not a file of this machine",
            "fetch the object, and what it was made of: a Parquet or Arrow file has its record in it, others beside it",
        ))
    } else {
        None
    }
}

/// The format of the record, if `out` is named so.
fn agreed_format<'a>(was: &'a Provenance, out: &Path, reporter: &Reporter) -> Result<&'a str, Refused> {
    let format = &was.output.format;
    if output_format(out).is_ok_and(|named| named.name() == format) {
        return Ok(format);
    }
    let help = format!("name it .{format}: the format is part of the record");
    reporter.refuse(errors::argument(
        "--out",
        &out.display().to_string(),
        "another format",
        &help,
    ))
}

/// The training set that a record belongs to: `train.csv` of `train.csv.provenance.json`; `None` of a record under
/// another name, and the file itself of a training set.
fn original(file: &Path) -> Option<PathBuf> {
    let is_json = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
    if !is_json(file) {
        return Some(file.to_owned());
    }
    let stem = file.with_extension("");
    let is_beside = stem.extension().is_some_and(|extension| extension == "provenance");
    is_beside.then(|| stem.with_extension(""))
}

/// The arguments that a record stands for.
fn program_args(was: &Provenance, program: PathBuf, args: &TrainCommand) -> ProgramArgs {
    let base = match program.is_dir() {
        true if featc_driver::is_build(&program) => PathBuf::new(),
        true => program.clone(),
        false => program.parent().unwrap_or(Path::new("")).to_owned(),
    };
    let given = was.sources.iter().filter(|source| source.files.given);
    let sources = given.flat_map(|source| {
        let paths = source.files.paths.iter();
        let place = |path: &String| match featr::lake::is_address(path) {
            true => path.clone(),
            false => base.join(path).display().to_string(),
        };
        paths.map(move |path| format!("{}={}", source.files.source, place(path)))
    });
    let (truth, delay) = match was.truth {
        TruthRecord::Complete => (TruthArg::Complete, None),
        TruthRecord::AsOfArrival { delay_us } => (TruthArg::AsOfArrival, delay_us.map(|us| format!("{us}us"))),
        TruthRecord::AsServed => (TruthArg::AsServed, None),
    };
    let served_log = match was.truth {
        TruthRecord::AsServed => spine_files(was).map(|file| base.join(path_of(&file.path))).collect(),
        TruthRecord::Complete | TruthRecord::AsOfArrival { .. } => vec![],
    };
    ProgramArgs {
        program,
        service: was.service.clone(),
        run: RunArgs {
            sources: sources.collect(),
            truth: Some(truth),
            delay,
            // The set was made once: what it is made of is compared with the record.
            max_rejected: Most::ALL,
            every_row: was.every_row,
            served_log,
            ..args.run.clone()
        },
    }
}

/// The files of the questions.
fn spine_files(was: &Provenance) -> impl Iterator<Item = &FileRecord> {
    std::iter::once(&was.spine.file).chain(&was.spine.further)
}

/// Refuses inputs that are not those of the record: all sources in one go, then the spine. Of files that differ in their
/// time stamps only, and whose hashes nobody knows, the result decides where the old set is at hand.
fn check_inputs(
    was: &Provenance,
    prepared: &Prepared,
    spine: &SpineArgs,
    (name, is_at_hand): (&str, bool),
    reporter: &Reporter,
) -> Result<(), Refused> {
    const SINCE: &str = "since the record was made";
    let were: Vec<SourceFiles> = was.sources.iter().map(|source| source.files.clone()).collect();
    let undecided = |(_, change): &(String, Change)| is_at_hand && change.may_be_copy;
    let are = source_files(prepared, HashInputs::As(&were), reporter);
    let sources = are.and_then(|are| {
        if let Some((was, is)) = were.iter().zip(&are).find(|(was, is)| was.format != is.format) {
            let why = format!("source `{}` is read as {}, not {}", was.source, is.format, was.format);
            return reporter.refuse(errors::features_changed(&name, &why, errors::ANEW));
        }
        let mut found = source_changes(&were, &are);
        found.retain(|change| !undecided(change));
        refuse_all(&found, SINCE, reporter)
    });
    let what = prepared.questions();
    let mut found: Vec<(String, Change)> = vec![];
    for (was, path) in spine_files(was).zip(prepared.question_files(&spine.spine)) {
        if !path.exists() {
            return reporter.refuse(errors::no_spine(&path.display().to_string()));
        }
        let mut is = named_file(prepared, path, was.xxh3_128.is_some(), reporter)?;
        // It may be named by another way to the same place.
        is.path.clone_from(&was.path);
        let changed = changes(std::slice::from_ref(was), &[is]).into_iter();
        found.extend(changed.map(|change| (what.to_owned(), change)));
    }
    found.retain(|change| !undecided(change));
    sources.and(refuse_all(&found, SINCE, reporter))
}

/// Whether two files hold the same bytes.
fn same_bytes(left: &Path, right: &Path) -> std::io::Result<bool> {
    let mut left = std::io::BufReader::with_capacity(1 << 18, std::fs::File::open(left)?);
    let mut right = std::io::BufReader::with_capacity(1 << 18, std::fs::File::open(right)?);
    let (mut one, mut other) = (vec![0; 1 << 18], vec![0; 1 << 18]);
    loop {
        let read = left.read(&mut one)?;
        if read == 0 {
            return Ok(right.read(&mut other)? == 0);
        }
        let wanted = &mut other[..read];
        match right.read_exact(wanted) {
            Ok(()) if *wanted == one[..read] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}
