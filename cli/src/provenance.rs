//! What a result is made of: the record of a training set, and whether inputs are what a record says.

use crate::answered::Answered;
use crate::args::{ProgramArgs, SpineArgs};
use crate::errors;
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use featc_driver::diag::{Diagnostic, SourceMap};
use featc_ir::{Program, Service, hash};
use featr::Table;
use featr::provenance::{
    Change, FileRecord, HASHED_BYTES, HashInputs, ProgramRecord, Provenance, SourceFiles, SpineRecord, changes,
    file_record, name_of, relative,
};
use std::collections::BTreeMap;
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
    spine: Vec<FileRecord>,
    path: PathBuf,
    memory: bool,
}

impl Inputs {
    /// As they are now; of rows in memory, where `memory` says so, by a hash of their values.
    pub fn look(prepared: &Prepared, spine: &Path, memory: bool, reporter: &Reporter) -> Result<Inputs, Refused> {
        let hash = if memory {
            HashInputs::Memory
        } else {
            HashInputs::Nothing
        };
        let hashed = |_: &Path| memory && prepared.spine_rows.is_some();
        Ok(Inputs {
            sources: source_files(prepared, hash, reporter)?,
            spine: spine_files(prepared, spine, hashed, reporter)?,
            path: spine.to_owned(),
            memory,
        })
    }

    /// Refuses inputs that changed since.
    pub fn unchanged(&self, prepared: &Prepared, reporter: &Reporter) -> Result<(), Refused> {
        let now = Inputs::look(prepared, &self.path, self.memory, reporter)?;
        unchanged(&self.sources, &now.sources, errors::DURING, reporter)?;
        let what = prepared.questions();
        refuse_changes(what, &self.spine, &now.spine, errors::DURING, reporter)
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
    file_record(path, name, hash).or_else(|error| reporter.refuse(errors::of_questions(&error, None)))
}

/// Rows in memory as records name them.
pub fn memory_record(rows: &Arc<Table>, hash: bool, reporter: &Reporter) -> Result<FileRecord, Refused> {
    let record = FileRecord::in_memory(&rows.clone().into(), hash);
    record.or_else(|error| reporter.refuse(errors::run(&error, None)))
}

/// The questions: rows in memory, or their files, of which some are recorded by the hash of their bytes.
fn spine_files(
    prepared: &Prepared,
    path: &Path,
    hash: impl Fn(&Path) -> bool,
    reporter: &Reporter,
) -> Result<Vec<FileRecord>, Refused> {
    if let Some(rows) = &prepared.spine_rows {
        return Ok(vec![memory_record(rows, hash(path), reporter)?]);
    }
    let files = prepared.question_files(path).into_iter();
    files
        .map(|file| named_file(prepared, file, hash(file), reporter))
        .collect()
}

/// Output column → fingerprint, of the service that was prepared.
pub fn fingerprints(prepared: &Prepared) -> BTreeMap<String, String> {
    let service = prepared.ir.service(&prepared.service);
    service
        .map(|service| of_service(&prepared.ir, service))
        .unwrap_or_default()
}

/// As [`fingerprints`], by service.
pub fn of_services(ir: &Program) -> BTreeMap<String, BTreeMap<String, String>> {
    let services = ir.services.iter();
    services
        .map(|service| (service.name.clone(), of_service(ir, service)))
        .collect()
}

fn of_service(ir: &Program, service: &Service) -> BTreeMap<String, String> {
    hash::service_fingerprints(ir, service).into_iter().collect()
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
        let quick = Inputs::look(prepared, &spine.spine, false, reporter)?;
        let (files, mut questions) = match hash {
            // The caller knows them.
            HashInputs::Nothing => (quick.sources.clone(), quick.spine.clone()),
            hash => {
                let always = matches!(hash, HashInputs::All);
                let hashed = |file: &Path| prepared.spine_rows.is_some() || is_hashed(file, always);
                (
                    source_files(prepared, hash, reporter)?,
                    spine_files(prepared, &spine.spine, hashed, reporter)?,
                )
            }
        };
        let further = questions.split_off(questions.len().min(1));
        let Some(file) = questions.pop() else {
            return reporter.refuse(errors::bug("a run without a file of questions"));
        };
        let questions = SpineRecord {
            file,
            further,
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
pub fn source_changes(were: &[SourceFiles], are: &[SourceFiles]) -> Vec<(String, Change)> {
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

pub fn refuse_all(found: &[(String, Change)], since: &str, reporter: &Reporter) -> Result<(), Refused> {
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
