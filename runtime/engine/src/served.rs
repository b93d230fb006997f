//! Served logs: answers of a server, each with the cuts that it was given at, as questions in truth `as_served`.

mod misfit;

use crate::archive_names::leave_out_replaced;
use crate::conform::{aligned, conformed, in_words, schema_in_words};
use crate::error::Error;
use crate::log_columns::{FINGERPRINTS_KEY, PROGRAM, REQUEST, SERVICE, status};
use crate::program::Program;
use crate::spine::{Spine, shared_identity, whole_column};
use arrow::array::{Array as _, ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{Schema, SchemaRef};
use featc_ir::plan::Spine as Asked;
use featc_ir::{FileFormat, FileSet, Key, Truth, Type};
use featr_decode::{DecodeError, LocalStore, arrow_type, expand_in, read_metadata, read_spine};
use featr_kernels::{Column, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Answers of one service, in the order of the log.
#[derive(Debug, Clone)]
pub struct ServedLog {
    /// What was asked: the log's columns but for the answers, and in them instants, keys and cuts.
    pub spine: Spine,
    /// The files with their answers, in the order of the log.
    pub files: Vec<ServedFile>,
    /// How many answers each program gave, by its hash.
    pub programs: BTreeMap<String, u64>,
    /// Per column that `excluding self` compares with and some file does not have, how many answers are without: there it is
    /// null. The programs that gave them did not ask for it.
    pub without_identity: BTreeMap<String, u64>,
}

/// The answers in a file of a log.
#[derive(Debug, Clone)]
pub struct ServedFile {
    /// Where it is.
    pub path: PathBuf,
    /// How many answers it has.
    pub rows: usize,
    /// The column that says what the caller called its question, if there is one.
    pub requests: Option<ArrayRef>,
    /// Per output column of the service: values and statuses, if the file has them and they are asked for.
    pub answers: Vec<Option<[ArrayRef; 2]>>,
    /// Output column → fingerprint of its feature in the program that answered, where the file says it.
    pub fingerprints: Option<BTreeMap<String, String>>,
}

/// The files of a served log: folders and globs of Parquet, and files in any format of a spine, relative to the working
/// directory; each once.
///
/// # Errors
/// [`Error::Decode`] of a pattern that means nothing.
pub fn served_files(patterns: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files: Vec<PathBuf> = vec![];
    let mut known = BTreeSet::new();
    for pattern in patterns {
        let Some(text) = pattern.to_str() else {
            let file = pattern.display().to_string();
            let why = "its name is no text in UTF-8".to_owned();
            return Err(DecodeError::Unreadable { file, why }.into());
        };
        let set = FileSet {
            format: FileFormat::Parquet,
            paths: vec![text.to_owned()],
            version: None,
        };
        for file in expand_in(&LocalStore, &set, Path::new(""))? {
            // One file may have several names.
            if known.insert(std::fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone())) {
                files.push(file.path);
            }
        }
    }
    leave_out_replaced(&mut files);
    Ok(files)
}

fn refused(file: &Path, why: impl Into<String>, help: impl Into<String>) -> Error {
    Error::ServedLog {
        file: file.display().to_string(),
        why: why.into(),
        help: help.into(),
    }
}

impl Program {
    /// Reads a served log of a service, all files of it; with `answers`, what was answered as well.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::ArrivalNeeded`]; [`Error::Decode`] of a file or a column that cannot be read;
    /// [`Error::ServedLog`] of one that is no log of this service.
    pub fn read_served(
        &self,
        service: &str,
        files: &[PathBuf],
        (at_column, zone): (&str, Option<&str>),
        answers: bool,
    ) -> Result<ServedLog, Error> {
        self.check_truth(service, Truth::AsServed)?;
        let plan = self.batch_plan(service)?;
        let reader = Reader {
            program: self.hash(),
            service,
            declared: self.service(service)?,
            asked: self.service(service)?.columns(),
            cuts: plan.cut_keys(Truth::AsServed),
            sources: self.inputs().into_iter().map(|source| source.name).collect(),
            outputs: plan.columns(),
            at_column,
            zone,
            answers,
        };
        let mut parts = vec![];
        for path in files {
            self.check_interrupt()?;
            parts.push(reader.read(path)?);
        }
        joined(parts)
    }
}

/// The parts of a log as one.
fn joined(parts: Vec<ServedLog>) -> Result<ServedLog, Error> {
    let times: Vec<i64> = parts.iter().flat_map(|part| part.spine.times.iter().copied()).collect();
    let mut parts = parts.into_iter();
    let mut log = parts.next().ok_or_else(|| Error::Bug {
        why: "a served log without a file".to_owned(),
    })?;
    for part in parts {
        log.append(part)?;
    }
    if times.is_empty() {
        let first = log.files.first().map_or(Path::new(""), |first| first.path.as_path());
        return Err(refused(
            first,
            "holds no answer",
            "name files that the server wrote answers to",
        ));
    }
    log.spine.times = times.into();
    Ok(log)
}

impl ServedLog {
    /// Adds all of a part but its instants.
    fn append(&mut self, part: ServedLog) -> Result<(), Error> {
        let all = &mut self.spine;
        let aligned = aligned(&part.spine.batches, (&part.spine.schema, &all.schema))?;
        for file in &part.files {
            if aligned.is_none() {
                let why = format!(
                    "says what was asked in other columns ({}) than `{}` ({})",
                    schema_in_words(&part.spine.schema, &all.schema),
                    self.files.first().map_or(Path::new(""), |first| &first.path).display(),
                    schema_in_words(&all.schema, &part.spine.schema)
                );
                return Err(refused(&file.path, why, "name the files of one server and one service"));
            }
        }
        all.batches.extend(aligned.unwrap_or_default());
        for ((_, column), (_, more)) in all.columns.iter_mut().zip(&part.spine.columns) {
            column.append(more);
        }
        self.files.extend(part.files);
        for (program, rows) in part.programs {
            *self.programs.entry(program).or_default() += rows;
        }
        for (column, rows) in part.without_identity {
            *self.without_identity.entry(column).or_default() += rows;
        }
        Ok(())
    }
}

/// What is read of a log.
struct Reader<'a> {
    /// The hash of the program.
    program: &'a str,
    service: &'a str,
    declared: &'a Asked,
    asked: Vec<Key>,
    cuts: Vec<Key>,
    /// Of the program.
    sources: Vec<String>,
    outputs: Vec<(&'a str, Type)>,
    at_column: &'a str,
    zone: Option<&'a str>,
    answers: bool,
}

/// The columns that say who answered.
const ANSWERED: [&str; 2] = [SERVICE, PROGRAM];

fn text(name: &str) -> Key {
    Key {
        name: name.to_owned(),
        ty: Type::String,
    }
}

impl Reader<'_> {
    fn read(&self, path: &Path) -> Result<ServedLog, Error> {
        let mut keys: Vec<Key> = self.asked.iter().chain(&self.cuts).cloned().collect();
        let of_questions = keys.len();
        keys.extend(ANSWERED.map(text));
        let (read, without) = self.rows(path, &keys)?;
        let (questions, about) = read.keys.split_at(of_questions);
        self.check_service(path, &about[0])?;
        self.check_cuts(path, &read.schema)?;
        let (schema, batches) = self.asked_columns(&read, &without)?;
        let mut programs = BTreeMap::new();
        for row in 0..read.times.len() {
            if let Value::String(program) = about[1].value(row) {
                *programs.entry(program).or_default() += 1;
            }
        }
        let whole = |place: usize| whole_column(&read.schema, &read.batches, place);
        let place = |name: &str| read.schema.fields().iter().position(|field| field.name() == name);
        let file = ServedFile {
            path: path.to_owned(),
            rows: read.times.len(),
            requests: place(REQUEST).map(whole).transpose()?,
            answers: match self.answers {
                true => self.answers(path, &read.schema, whole)?,
                false => vec![],
            },
            fingerprints: self.answers.then(|| fingerprints(path)).transpose()?.flatten(),
        };
        Ok(ServedLog {
            spine: Spine {
                schema,
                batches,
                times: read.times.into(),
                columns: keys.into_iter().zip(questions.iter().cloned()).collect(),
            },
            without_identity: without.into_iter().map(|key| (key.name, file.rows as u64)).collect(),
            files: vec![file],
            programs,
        })
    }

    /// Whether a column is there for `excluding self` alone.
    fn is_identity(&self, key: &Key) -> bool {
        self.declared.self_columns.contains(key) && !self.declared.keys.contains(key)
    }

    /// The rows of a file with these columns, and the identities that it does not have: those are null.
    fn rows(&self, path: &Path, keys: &[Key]) -> Result<(featr_decode::Spine, Vec<Key>), Error> {
        let mut without: Vec<Key> = vec![];
        loop {
            let there: Vec<Key> = keys.iter().filter(|key| !without.contains(key)).cloned().collect();
            let mut read = match read_spine(path, &there, self.at_column, self.zone) {
                Ok(read) => read,
                Err(missing) => {
                    let DecodeError::MissingColumn { column, found, .. } = &missing else {
                        return Err(missing.into());
                    };
                    let has = |name: &str| found.iter().any(|known| known == name);
                    let identity = keys.iter().find(|key| key.name == *column && self.is_identity(key));
                    match identity {
                        Some(key) => match shared_identity(self.declared, &key.name, has) {
                            Some(shared) => return Err(shared),
                            None => without.push(key.clone()),
                        },
                        None => return Err(self.lacking(path, keys, missing)),
                    }
                    continue;
                }
            };
            let rows = read.times.len();
            let mut columns = read.keys.into_iter();
            let column = |key: &Key| match without.contains(key) {
                true => Some(Column::new(key.ty, rows)),
                false => columns.next(),
            };
            read.keys = keys.iter().filter_map(column).collect();
            return Ok((read, without));
        }
    }

    /// The columns of a file that say what was asked, in our Arrow types, and after them those that it is without.
    fn asked_columns(
        &self,
        read: &featr_decode::Spine,
        without: &[Key],
    ) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
        let kept: Vec<usize> = (0..read.schema.fields().len())
            .filter(|place| self.is_asked(read.schema.field(*place).name()))
            .collect();
        let of_file = |batch: &RecordBatch| {
            let there = kept.iter().map(|place| {
                let (name, array) = (read.schema.field(*place).name(), batch.column(*place));
                let conformed = conformed(array, self.type_of(name));
                (name.clone(), conformed.unwrap_or_else(|| array.clone()), true)
            });
            let nulls = |key: &Key| new_null_array(&arrow_type(key.ty), batch.num_rows());
            let missing = without.iter().map(|key| (key.name.clone(), nulls(key), true));
            let batch = RecordBatch::try_from_iter_with_nullable(there.chain(missing));
            batch.map_err(|error| Error::Bug { why: error.to_string() })
        };
        let schema = of_file(&RecordBatch::new_empty(read.schema.clone()))?.schema();
        Ok((schema, read.batches.iter().map(of_file).collect::<Result<_, _>>()?))
    }

    /// The type of a column that says what was asked.
    fn type_of(&self, name: &str) -> Type {
        let key = self.asked.iter().find(|key| key.name == name);
        match key {
            Some(key) => key.ty,
            None if [SERVICE, PROGRAM, REQUEST].contains(&name) => Type::String,
            // The instant, and the cuts.
            None => Type::Timestamp,
        }
    }

    /// Whether a column says what was asked, and not what was answered.
    fn is_asked(&self, name: &str) -> bool {
        let known = [SERVICE, PROGRAM, REQUEST, self.at_column];
        let is_key = |keys: &[Key]| keys.iter().any(|key| key.name == name);
        known.contains(&name) || is_key(&self.asked) || self.is_cut(name)
    }

    /// What the file says that was answered, by output column.
    fn answers(
        &self,
        path: &Path,
        schema: &Schema,
        whole: impl Fn(usize) -> Result<ArrayRef, Error>,
    ) -> Result<Vec<Option<[ArrayRef; 2]>>, Error> {
        let place = |name: &str| schema.fields().iter().position(|field| field.name() == name);
        let column = |name: &str, wanted: Type, place: usize| {
            let array = whole(place)?;
            conformed(&array, wanted).ok_or_else(|| {
                let found = in_words(array.data_type());
                let why = format!("has `{name}` as {found}, which is not what `{name}` is now: {wanted}");
                let help = "name the file as the server wrote it: a tool that wrote it anew has changed values; or verify with the \
                            program that answered, if the feature has another type now";
                refused(path, why, help)
            })
        };
        let of_output = |(name, ty): &(&str, Type)| {
            let of_status = status(name);
            match (place(name), place(&of_status)) {
                (Some(value), Some(at)) => Ok(Some([column(name, *ty, value)?, column(&of_status, Type::String, at)?])),
                (_, _) => Ok(None),
            }
        };
        self.outputs.iter().map(of_output).collect()
    }
}

fn fingerprints(path: &Path) -> Result<Option<BTreeMap<String, String>>, Error> {
    let text = read_metadata(path, FINGERPRINTS_KEY)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
