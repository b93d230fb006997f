//! The compiler as a library: one function per phase, a project on disk.
//!
//! ```
//! use featc_driver::{compile, diag::SourceMap, lower};
//!
//! let mut sources = SourceMap::new();
//! let file = sources.add("shop.feat", "
//!     module shop
//!     entity card (card: string)
//!     source txn {
//!       columns (id: int64, card: string, amount: int64, at: timestamp)
//!       unique id
//!       time at
//!     }
//!     view spend of card from txn {
//!       owner \"payments\"
//!       /// What the card spent in a day.
//!       feature total = sum(amount) over 1d
//!     }
//!     service risk { spend.total }
//! ");
//! let outcome = compile(&sources, &[file]);
//! assert!(outcome.diagnostics.is_empty());
//! let program = outcome.value.expect("no errors");
//! let plans = lower(&program);
//! assert_eq!(plans.batch.len(), 1);
//! ```
//!
//! ```text
//! SourceMap ─parse─▶ ast::File ─analyse─▶ ir::Program ─┬─lower_batch──▶ BatchPlan ──┐
//!    text     (T, Diags)        names, types, time     └─lower_stream─▶ StreamGraph ┴─certify, build─▶ target/feat/<module>/
//! ```
//!
//! Architecture invariant: nothing of `runtime/` is known here.

#![warn(missing_docs)]

mod build;
mod certify;
pub mod diff;
mod elsewhere;
mod listed;
mod lock;
mod plain;
mod project;

pub use build::{BuildError, build};
pub use certify::{CertifyError, certify, certify_folder, program_of_folder};
pub use elsewhere::read_elsewhere;
pub use featc_ir::manifest::{FeatureEntry, Manifest};
pub use featc_syntax::{diag, is_reserved};
pub use featc_validate::{Certificate, Difference, Refusal};
pub use lock::Lock;
pub use project::{LOCK_FILE, LoadError, PROGRAM_BYTES_MAX, Project, is_build};

use diag::{FileId, Outcome, SourceMap};
use featc_ir::Program;
use featc_ir::plan::{BatchPlan, StreamGraph};
use featc_ir::testing::Test;

/// What a program is lowered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plans {
    /// One per service, in declared order.
    pub batch: Vec<BatchPlan>,
    /// One per service, in declared order.
    pub stream: Vec<StreamGraph>,
}

/// A program, and what its tests say, which is no part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The program.
    pub program: Program,
    /// In the order of the text.
    pub tests: Vec<Test>,
}

/// Text to typed program. The value is there iff no diagnostic is an error.
pub fn compile(sources: &SourceMap, files: &[FileId]) -> Outcome<Option<Program>> {
    let outcome = compile_with_tests(sources, files);
    Outcome {
        value: outcome.value.map(|compiled| compiled.program),
        diagnostics: outcome.diagnostics,
    }
}

/// As [`compile`], with the tests.
pub fn compile_with_tests(sources: &SourceMap, files: &[FileId]) -> Outcome<Option<Compiled>> {
    deep(|| diag::suggest::bounded(|| compile_all(sources, files)))
}

/// Works with a stack that holds expressions of any depth that is allowed, whatever the stack of the caller is.
fn deep<T>(work: impl FnOnce() -> T) -> T {
    const NEEDED: usize = 4 << 20;
    stacker::maybe_grow(NEEDED, 2 * NEEDED, work)
}

fn compile_all(sources: &SourceMap, files: &[FileId]) -> Outcome<Option<Compiled>> {
    let mut diagnostics = Vec::new();
    let mut parsed: Vec<featc_syntax::ast::File> = Vec::new();
    for file in files {
        let outcome = featc_syntax::parse(*file, sources.text(*file));
        diagnostics.extend(outcome.diagnostics);
        parsed.push(outcome.value);
    }
    if let Some(mixed) = mixed_modules(sources, files, &parsed) {
        // Names of several programs would be compared with each other.
        diagnostics.push(mixed);
        return Outcome {
            value: None,
            diagnostics,
        };
    }
    let analysed = featc_sema::analyse(&parsed, sources);
    diagnostics.extend(analysed.diagnostics);
    let failed = diagnostics.iter().any(diag::Diagnostic::is_error);
    let Some(program) = analysed.value.filter(|_| !failed) else {
        return Outcome {
            value: None,
            diagnostics,
        };
    };
    let tests = featc_sema::tests(&parsed, &program, sources);
    let failed = tests.has_errors();
    diagnostics.extend(tests.diagnostics);
    let tests = tests.value;
    Outcome {
        value: (!failed).then_some(Compiled { program, tests }),
        diagnostics,
    }
}

/// Typed program to both plans.
pub fn lower(program: &Program) -> Plans {
    deep(|| Plans {
        batch: featc_lower::lower_batch(program),
        stream: featc_lower::lower_stream(program),
    })
}

/// The canonical text of a file, or why there is none (it has syntax errors).
///
/// # Errors
/// The file's syntax errors.
pub fn format(sources: &SourceMap, file: FileId) -> Result<String, Vec<diag::Diagnostic>> {
    let text = sources.text(file);
    deep(|| {
        let outcome = featc_syntax::parse(file, text);
        if outcome.has_errors() {
            return Err(outcome.diagnostics);
        }
        featc_syntax::format(&outcome.value, text).ok_or(outcome.diagnostics)
    })
}

/// The complaint about files whose module is not that of the first file.
fn mixed_modules(
    sources: &SourceMap,
    files: &[FileId],
    parsed: &[featc_syntax::ast::File],
) -> Option<diag::Diagnostic> {
    let named = files
        .iter()
        .zip(parsed)
        .filter_map(|(file, tree)| Some((*file, tree.module.as_ref()?)));
    let mut named = named.map(|(file, module)| (file, module.name.text.clone()));
    let (first_file, first) = named.next()?;
    let (other_file, other) = named.find(|(_, module)| *module != first)?;
    let message = format!(
        "`{}` is of module `{other}`, `{}` of module `{first}`",
        sources.name(other_file),
        sources.name(first_file)
    );
    let help = "a folder is one program: name one file, keep the programs in folders of their own, or give both files one module name";
    Some(diag::Diagnostic::new(diag::Code::MixedModules, message).with_help(help))
}

/// Whether a text is a duration but for its length: more than 106751991 days.
pub fn is_too_long(text: &str) -> bool {
    featc_syntax::is_too_long(text)
}

/// Whether a text is a number of periods of the calendar, which vary in length: `1month`.
pub fn is_of_periods(text: &str) -> bool {
    featc_syntax::is_of_periods(text)
}

/// What to write in place of a text that names no time zone, with names in quotes as programs have them; `None` if it names one.
pub fn step_for_zone(zone: &str) -> Option<String> {
    featc_sema::step_for_zone(zone)
}

/// A duration as programs write it (`5s`, `1h30m`), in microseconds; `None` for anything else.
pub fn parse_duration(text: &str) -> Option<i64> {
    featc_syntax::duration(text)
}
