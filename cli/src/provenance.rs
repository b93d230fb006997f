//! The record of a training set: made by `featc train`, used by `featc train --from-provenance`.

use crate::answered::{Answered, put, stage};
use crate::args::{ProgramArgs, RunArgs, SpineArgs, TrainCommand, TruthArg};
use crate::errors;
use crate::foreign;
use crate::outputs::{Aside, check_out, check_overwrites};
use crate::report::{Refused, Reporter};
use crate::run::{Prepared, prepare};
use crate::settle::settle;
use crate::train::batch;
use featc_driver::diag::{Diagnostic, SourceMap};
use featc_ir::hash;
use featr::provenance::{
    Change, FileRecord, HASHED_BYTES, HashInputs, ProgramRecord, Provenance, Release, SourceFiles, SpineRecord,
    TruthRecord, changes, file_record, name_of, path_of, relative, sidecar,
};
use featr::{DecodeError, Most, Table, output_format};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The inputs of a run, as they were when it began.
pub struct Recorder {
    record: Provenance,
    files: Vec<SourceFiles>,
    quick: Inputs,
}

/// The inputs of a run by length, time stamp and footer, to see whether they change under it.
#[derive(Clone)]
pub struct Inputs {
    sources: Vec<SourceFiles>,
    spine: FileRecord,
    path: PathBuf,
}

impl Inputs {
    /// As they are now.
    pub fn look(prepared: &Prepared, spine: &Path, reporter: &Reporter) -> Result<Inputs, Refused> {
        Ok(Inputs {
            sources: source_files(prepared, HashInputs::Nothing, reporter)?,
            spine: spine_file(prepared, spine, false, reporter)?,
            path: spine.to_owned(),
        })
    }

    /// Refuses inputs that changed since.
    pub fn unchanged(&self, prepared: &Prepared, reporter: &Reporter) -> Result<(), Refused> {
        let now = Inputs::look(prepared, &self.path, reporter)?;
        unchanged(&self.sources, &now.sources, errors::DURING, reporter)?;
        let (was, is) = (&self.spine, &now.spine);
        let one = std::slice::from_ref::<FileRecord>;
        refuse_changes("the spine", one(was), one(is), errors::DURING, reporter)
    }
}

/// The files that a service reads.
pub fn source_files(
    prepared: &Prepared,
    hash: HashInputs<'_>,
    reporter: &Reporter,
) -> Result<Vec<SourceFiles>, Refused> {
    let files = prepared.program.source_files(&prepared.service, hash);
    files.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// Whether a file that the command names is recorded by the hash of its bytes.
pub fn is_hashed(path: &Path, always: bool) -> bool {
    always || std::fs::metadata(path).is_ok_and(|found| found.len() <= HASHED_BYTES)
}

/// A file as records name it: relative to the program's folder.
pub fn named_file(prepared: &Prepared, path: &Path, hash: bool, reporter: &Reporter) -> Result<FileRecord, Refused> {
    let name = name_of(&relative(path, prepared.program.base()));
    file_record(path, name, hash).or_else(|error| reporter.refuse(errors::of_command(&error, None)))
}

/// Rows in memory as records name them.
pub fn memory_record(rows: &Arc<Table>, hash: bool, reporter: &Reporter) -> Result<FileRecord, Refused> {
    let record = FileRecord::in_memory(&rows.clone().into(), hash);
    record.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// The questions: rows in memory, or their file.
fn spine_file(prepared: &Prepared, path: &Path, hash: bool, reporter: &Reporter) -> Result<FileRecord, Refused> {
    match &prepared.spine_rows {
        Some(rows) => memory_record(rows, hash, reporter),
        None => named_file(prepared, path, hash, reporter),
    }
}

/// Output column → fingerprint, of the service that was prepared.
pub fn fingerprints(prepared: &Prepared) -> BTreeMap<String, String> {
    let ir = &prepared.ir;
    let mut known = BTreeMap::new();
    let fields = ir
        .service(&prepared.service)
        .into_iter()
        .flat_map(|service| &service.fields);
    fields
        .map(|field| {
            let of_view = known
                .entry(field.view)
                .or_insert_with(|| hash::view_fingerprints(ir, ir.view(field.view)));
            (field.name.clone(), of_view[field.feature.index()].clone())
        })
        .collect()
}

impl Recorder {
    /// Looks at the inputs before they are read.
    pub fn begin(
        prepared: &Prepared,
        program: &ProgramArgs,
        spine: &SpineArgs,
        hash: HashInputs<'_>,
        reporter: &Reporter,
    ) -> Result<Recorder, Refused> {
        let quick = Inputs::look(prepared, &spine.spine, reporter)?;
        let (files, file) = match hash {
            // The caller knows them.
            HashInputs::Nothing => (quick.sources.clone(), quick.spine.clone()),
            hash => {
                let always = matches!(hash, HashInputs::All);
                let hashed = prepared.spine_rows.is_some() || is_hashed(&spine.spine, always);
                (
                    source_files(prepared, hash, reporter)?,
                    spine_file(prepared, &spine.spine, hashed, reporter)?,
                )
            }
        };
        let questions = SpineRecord {
            file,
            at_column: spine.at_column.clone(),
            zone: spine.zone.clone(),
        };
        let every_row = program.run.reads_every_row();
        let program = ProgramRecord {
            path: name_of(&program.program),
            module: prepared.ir.module.clone(),
            hash: prepared.program.hash().to_owned(),
        };
        let mut record = Provenance::begin(program, &prepared.service, prepared.truth, questions);
        record.seen_early = prepared.seen_early.clone();
        record.every_row = every_row;
        Ok(Recorder { record, files, quick })
    }

    /// The record of the training set; refuses when an input changed while it was read.
    pub fn end(
        self,
        prepared: &Prepared,
        training: &Answered,
        format: &str,
        status: bool,
        reporter: &Reporter,
    ) -> Result<Provenance, Refused> {
        self.quick.unchanged(prepared, reporter)?;
        let mut record = self.record.counted(self.files, &training.report);
        record.features = fingerprints(prepared);
        record.output.format = format.to_owned();
        record.output.status = status;
        record.output.rows = training.report.rows;
        let fields = training.schema.fields().iter();
        record.output.columns = fields.map(|field| field.name().clone()).collect();
        Ok(record)
    }
}

/// How source files differ from what they were: of what, and how.
fn source_changes(were: &[SourceFiles], are: &[SourceFiles]) -> Vec<(String, Change)> {
    let of_source = |was: &SourceFiles| {
        let is = are.iter().find(|is| is.source == was.source);
        let files = is.map_or(&[][..], |is| &is.files);
        let what = format!("source `{}`", was.source);
        let found = changes(&was.files, files).into_iter();
        found.map(|change| (what.clone(), change)).collect::<Vec<_>>()
    };
    let is_new = |is: &&SourceFiles| !were.iter().any(|was| was.source == is.source);
    let new = are.iter().filter(is_new).flat_map(|is| {
        let what = format!("source `{}`", is.source);
        changes(&[], &is.files)
            .into_iter()
            .map(move |change| (what.clone(), change))
    });
    were.iter().flat_map(of_source).chain(new).collect()
}

/// Refuses source files that are not what they were; one message for each.
pub fn unchanged(were: &[SourceFiles], are: &[SourceFiles], since: &str, reporter: &Reporter) -> Result<(), Refused> {
    refuse_all(&source_changes(were, are), since, reporter)
}

/// Refuses files that are not what they were; one message for each.
pub fn refuse_changes(
    what: &str,
    were: &[FileRecord],
    are: &[FileRecord],
    since: &str,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let found = changes(were, are).into_iter();
    let found: Vec<(String, Change)> = found.map(|change| (what.to_owned(), change)).collect();
    refuse_all(&found, since, reporter)
}

fn refuse_all(found: &[(String, Change)], since: &str, reporter: &Reporter) -> Result<(), Refused> {
    if found.is_empty() {
        return Ok(());
    }
    let told: Vec<Diagnostic> = found
        .iter()
        .map(|(what, change)| errors::changed(what, change, since))
        .collect();
    reporter.diagnostics(&told, &SourceMap::new())
}

/// What makes the values of `now` others than those of `was`, both as output columns and the fingerprints of those that
/// are features: a column that is another, or one that computes something else. Docs, names of lets, other features and
/// the like do not.
pub fn other_values(
    (was, were): (&[String], &BTreeMap<String, String>),
    (now, are): (&[String], &BTreeMap<String, String>),
) -> Option<String> {
    let all = was.len().max(now.len());
    if let Some(at) = (0..all).find(|at| was.get(*at) != now.get(*at)) {
        return Some(match (was.get(at), now.get(at)) {
            (Some(was), Some(is)) => format!("its column {} is `{is}`, not `{was}`", at + 1),
            (Some(was), None) => format!("its column `{was}` is gone"),
            (None, is) => format!("its column `{}` is new", is.map_or("", String::as_str)),
        });
    }
    let column = now.iter().find(|column| were.get(*column) != are.get(*column))?;
    Some(format!("`{column}` does not compute what it did"))
}

/// What makes the set that the program would give another than that of the record; `None` if nothing does.
fn other_program(was: &Provenance, prepared: &Prepared) -> Option<String> {
    let features = fingerprints(prepared);
    let service = prepared.ir.service(&prepared.service);
    let fields = service.into_iter().flat_map(|service| &service.fields);
    let now: Vec<String> = fields.map(|field| field.name.clone()).collect();
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

/// The training set that a record tells of, again, byte for byte.
pub fn reproduce(args: &TrainCommand, file: &Path, reporter: &Reporter) -> Result<(), Refused> {
    let name = file.display().to_string();
    let file = Path::new(name.strip_prefix("file://").map_or(file.as_os_str(), OsStr::new));
    if file.is_dir() && !file.join("_delta_log").is_dir() {
        return reporter.refuse(errors::no_record(&name, "it is a folder"));
    }
    if let Some((why, help)) = no_file(file) {
        return reporter.refuse(errors::not_a_file(&name, why, help));
    }
    if !file.exists() && !sidecar(file).exists() {
        let missing = DecodeError::unreadable(&name, &std::io::ErrorKind::NotFound.into());
        return reporter.refuse(errors::of_command(&missing.into(), None));
    }
    let found = Provenance::find(file).or_else(|error| reporter.refuse(errors::of_command(&error.into(), None)))?;
    let was = found.or_else(|why| reporter.refuse(errors::no_record(&name, &why)))?;
    if was.release != Release::this() {
        return reporter.refuse(errors::other_release(&name, &was.release));
    }
    if was.output.format == "delta" {
        return reporter.refuse(errors::not_a_file(&name, "it is the record of a Delta table", ANEW));
    }
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
    let mut prepared = prepare(&program, reporter)?;
    if let Some(what) = other_program(&was, &prepared) {
        return reporter.refuse(errors::features_changed(&name, &what, errors::ANEW));
    }
    for source in &was.sources {
        if let Some(table) = &source.files.table {
            let pinned = prepared.program.pin(&source.files.source, table);
            pinned.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
        }
    }
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
    let questions = prepared.spine(&spine, reporter)?;
    let aside = Aside::new(&program.run, reporter)?;
    let mut training = batch(
        &prepared,
        &program.run,
        questions,
        was.output.status,
        aside.as_ref(),
        reporter,
    )?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, &program.run, reporter)?;
    let mut is = recorder.end(&prepared, &training, format, was.output.status, reporter)?;
    // Its features and inputs have been compared. Where the program is, and what else it says, is no part of the set.
    is.program.clone_from(&was.program);
    is.spine.file.clone_from(&was.spine.file);
    for (is, was) in is
        .sources
        .iter_mut()
        .zip(&was.sources)
        .filter(|(is, was)| is.files.source == was.files.source)
    {
        is.files.clone_from(&was.files);
        // It decides no byte, and a record may lack it.
        is.differing_copies = was.differing_copies;
    }
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

/// What to do about a Delta table.
const ANEW: &str = "train anew: the record says the arguments, the inputs and the versions of tables";

/// Why a training set is not made again, and what to do: it is no file of this machine.
fn no_file(path: &Path) -> Option<(&'static str, &'static str)> {
    if path.join("_delta_log").is_dir() {
        Some((
            "it is a Delta table, whose record is in its log, as `featc.provenance` in the `commitInfo` of each commit",
            ANEW,
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
            ..args.run.clone()
        },
    }
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
    if !spine.spine.exists() {
        return reporter.refuse(errors::no_spine(&spine.spine.display().to_string()));
    }
    let is_hashed = was.spine.file.xxh3_128.is_some();
    let mut is = named_file(prepared, &spine.spine, is_hashed, reporter)?;
    // It may be named by another way to the same place.
    is.path.clone_from(&was.spine.file.path);
    let found = changes(std::slice::from_ref(&was.spine.file), &[is]).into_iter();
    let mut found: Vec<(String, Change)> = found.map(|change| ("the spine".to_owned(), change)).collect();
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
