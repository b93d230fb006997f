//! Files that are no log of the service that is asked, or not of this program.

use super::{ANSWERED, Reader, refused, text};
use crate::error::Error;
use crate::log_columns::{self, status};
use arrow::datatypes::Schema;
use featc_ir::{Key, Source};
use featr_decode::{DecodeError, read_spine};
use featr_kernels::{Column, Value};
use std::path::Path;

impl Reader<'_> {
    /// Whether a column holds the cuts of a source of the program.
    pub(super) fn is_cut(&self, name: &str) -> bool {
        self.sources.iter().any(|source| log_columns::cut(source) == name)
    }

    /// The source whose cuts a column holds that has the name of such a one, and is no answer: those stand beside their
    /// statuses.
    fn unknown_cut<'n>(&self, name: &'n str, schema: &Schema) -> Option<&'n str> {
        let has = |name: &str| schema.fields().iter().any(|field| field.name() == name);
        let is_answer = has(&status(name)) || featc_ir::of_status_column(name).is_some_and(has);
        name.strip_prefix(Source::CUT)
            .filter(|_| !is_answer && !self.is_cut(name))
    }

    pub(super) fn check_service(&self, path: &Path, of_rows: &Column) -> Result<(), Error> {
        let is_other = |row: &usize| of_rows.value(*row) != Value::String(self.service.to_owned());
        let Some(row) = (0..of_rows.len()).find(is_other) else {
            return Ok(());
        };
        let why = match of_rows.value(row) {
            Value::String(other) => format!("has an answer of service `{other}` in row {}", row + 1),
            _ => format!("does not say in row {} which service answered", row + 1),
        };
        Err(refused(
            path,
            why,
            format!("name the files of service `{}`", self.service),
        ))
    }

    pub(super) fn check_cuts(&self, path: &Path, schema: &Schema) -> Result<(), Error> {
        let mut names = schema.fields().iter().map(|field| field.name());
        match names.find_map(|name| self.unknown_cut(name, schema)) {
            None => Ok(()),
            Some(source) => {
                let why = format!("has the cut of a source `{source}`, which the program does not have");
                let help = "use the program that answered, or one whose sources have the names that they had then";
                Err(refused(path, why, help))
            }
        }
    }

    /// What a file is that does not have a column of these: no log, one of another service, or of another program.
    pub(super) fn lacking(&self, path: &Path, keys: &[Key], missing: DecodeError) -> Error {
        let DecodeError::MissingColumn { found, .. } = &missing else {
            return missing.into();
        };
        let is_lacked = |key: &&Key| !found.contains(&key.name) && !self.is_identity(key);
        let lacked: Vec<&Key> = keys.iter().filter(is_lacked).collect();
        let names: Vec<String> = lacked.iter().map(|key| format!("`{}`", key.name)).collect();
        let names = names.join(", ");
        let Ok(answered) = read_spine(path, &ANSWERED.map(text), self.at_column, self.zone) else {
            return missing.into();
        };
        let [services, programs] = &answered.keys[..] else {
            return missing.into();
        };
        if let Err(of_another) = self.check_service(path, services) {
            return of_another;
        }
        let program = match (!programs.is_empty()).then(|| programs.value(0)) {
            Some(Value::String(program)) => program,
            _ => return missing.into(),
        };
        let why = format!(
            "has no {names}, which service `{}` asks for now: its answers are of program `{program}`",
            self.service
        );
        let help = if program == self.program {
            "the program is the one that answered: name the files as the server wrote them".to_owned()
        } else if lacked.iter().any(|key| self.cuts.contains(key)) {
            "use the program that answered, or one whose service reads the same sources by the same names: no log says how \
             far a server would have known another one"
                .to_owned()
        } else {
            format!(
                "use the program that answered; or write the log anew with {names}, where you know what each question had there"
            )
        };
        refused(path, why, help)
    }
}
