//! Making the parts of a backfill, one after the other.

use super::checkpoint::{Checkpoint, Done, FILE};
use super::folder::Locked;
use super::plan::{Part, Questions};
use crate::answered::options;
use crate::args::{BackfillArgs, RunArgs};
use crate::errors;
use crate::progress::Pace;
use crate::provenance::{source_files, unchanged};
use crate::report::{Refused, Reporter, counted};
use crate::run::Prepared;
use featr::RowsWriter;
use featr::provenance::{HashInputs, SourceFiles, file_record};
use std::collections::{BTreeMap, BTreeSet};

/// A backfill that is settled, ready to run.
pub struct Job<'a> {
    pub args: &'a BackfillArgs,
    pub prepared: &'a Prepared,
    pub questions: &'a Questions,
    pub parts: &'a [Part],
    /// The sources by length, time stamp and footer.
    pub quick: &'a [SourceFiles],
    pub folder: &'a Locked,
}

/// By view, the questions that find nothing, and all, of the parts that are made in this run.
type Missing = BTreeMap<String, (u64, u64)>;

impl Job<'_> {
    /// The closing line.
    pub fn tell(&self, state: &Checkpoint, made: u64, reporter: &Reporter) {
        let out = self.args.out.display().to_string();
        let text = format!(
            "{out}: {} in {}, {}, truth {}; {} made in this run",
            counted(state.rows, "row"),
            counted(state.parts, "part"),
            self.what(),
            self.prepared.truth_words(),
            counted(made, "part")
        );
        let value = serde_json::json!({
            "out": out,
            "program": state.program,
            "rows": state.rows,
            "parts": state.parts,
            "made": made,
        });
        reporter.result(&text, &value);
    }

    /// In words.
    fn what(&self) -> String {
        match &self.args.view {
            Some(view) => format!("view {view}"),
            None => format!("service {}", self.prepared.service),
        }
    }

    /// Makes the parts that are not there; returns how many.
    pub fn run(&self, state: &mut Checkpoint, reporter: &Reporter) -> Result<u64, Refused> {
        let begun = state.clone();
        state.done.clear();
        let by_file: BTreeMap<&str, &Done> = begun.done.iter().map(|done| (done.file.as_str(), done)).collect();
        let mut passed: BTreeSet<&str> = BTreeSet::new();
        let mut made = 0;
        let mut pace = Pace::new(reporter.json, self.parts.len() as u64, state.rows, reporter.listener());
        let mut missing = Missing::new();
        self.save(&begun, reporter)?;
        for part in self.parts {
            passed.insert(&part.file);
            let known = by_file.get(part.file.as_str()).copied();
            if let Some(done) = known.filter(|done| done.is_there(&self.folder.path)) {
                state.done.push(done.clone());
                pace.skip(part.rows);
                continue;
            }
            if self.folder.path.join(&part.file).exists() {
                reporter.note(&format!(
                    "`{}` is there, but not as `{FILE}` has it: it is made again",
                    part.file
                ));
            }
            state.done.push(self.make(part, &mut missing, reporter)?);
            made += 1;
            // What is done further on stays done.
            let mut saved = state.clone();
            let later = begun.done.iter().filter(|done| !passed.contains(done.file.as_str()));
            saved.done.extend(later.cloned());
            self.save(&saved, reporter)?;
            pace.tell(part.rows);
        }
        self.save(state, reporter)?;
        pace.done();
        for (view, (missing, questions)) in missing.into_iter().filter(|(_, (missing, _))| *missing > 0) {
            reporter.note(&format!("view {view}: {missing} of {questions} questions find nothing"));
        }
        Ok(made)
    }

    fn save(&self, state: &Checkpoint, reporter: &Reporter) -> Result<(), Refused> {
        let path = self.folder.path.join(FILE);
        let written = state.write(&self.folder.path);
        written.or_else(|error| reporter.refuse(errors::run(&featr::DecodeError::refused(&path, &error).into(), None)))
    }

    /// Answers the questions of a part and puts its file in place.
    fn make(&self, part: &Part, missing: &mut Missing, reporter: &Reporter) -> Result<Done, Refused> {
        let refuse = |error: featr::Error| reporter.refuse::<Done>(errors::run(&error, None)).expect_err("refused");
        let rows = part.first..part.first + part.rows;
        let spine = self.questions.spine(rows, &self.args.at_column);
        let spine = spine.or_else(|why| reporter.refuse(errors::bug(&why)))?;
        let questions = Questions::hash(&spine).map_err(refuse)?;
        // What cannot be used was told by the survey.
        let run = RunArgs {
            rejected: None,
            ..self.args.run.clone()
        };
        let options = options(self.prepared, &run, self.args.status);
        let rows = self.prepared.program.training(&self.prepared.service, spine, options);
        let rows = rows.map_err(refuse)?;
        for view in rows.report().views {
            let known = missing.entry(view.view).or_default();
            *known = (known.0 + view.missing, known.1 + view.questions);
        }
        let now = source_files(self.prepared, HashInputs::Nothing, reporter)?;
        unchanged(self.quick, &now, errors::DURING, reporter)?;
        let path = self.folder.path.join(&part.file);
        let write = || -> Result<Done, featr::Error> {
            if path.is_symlink() {
                return Err(featr::Error::Decode(featr::DecodeError::Unwritable {
                    file: path.display().to_string(),
                    why: "it is a link, and a part is a file of its folder".to_owned(),
                }));
            }
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
                questions: questions.clone(),
            };
            sealed.put()?;
            Ok(done)
        };
        write().map_err(refuse)
    }
}
