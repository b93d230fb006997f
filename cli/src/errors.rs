//! Errors about files, data and arguments, as diagnostics. One function per cause; the pages are in `docs/errors`.

mod build;
mod columns;
mod files;
mod named;
mod records;
mod runs;
mod serve;
mod store;
#[cfg(test)]
mod tests;

pub use build::{
    bad_lock, build, certify, load, load_of_tests, no_lock, no_program_nor_revision, no_revision, no_such_test,
    no_tests, not_as_locked, refused,
};
pub use named::{no_served_log, of_command, of_log, of_questions, of_spine};
pub use records::{
    ANEW, DURING, begun_otherwise, cannot_grow, changed, damaged_part, features_changed, foreign_file, no_record,
    no_spine, not_made_again, not_reproduced, other_release, request_unknown, several_entities, too_many_parts,
    unusable_folder,
};
pub use runs::{
    answered, no_service, not_found, nothing_accepted, nothing_asked, nothing_asked_strict, run, served_log,
    shared_identity, strict, unknown_view,
};
pub use serve::{ended, kept_state, no_state, nothing_for_feast, state, state_of_another, unfollowable, unservable};

use crate::advice;
use crate::args::is_address;
use featc_driver::diag::{Code, Diagnostic};
use featr::{AlikeVersions, DecodeError, LeftOut, Warning};

pub fn bug(why: &str) -> Diagnostic {
    Diagnostic::new(Code::Bug, format!("featc broke a promise of its own: {why}"))
        .with_help("this is not your fault: please report it with the program and what was run")
}

/// Why nothing can be written or read in a folder that is not there.
pub const NO_FOLDER: &str = "no such folder";
/// What is said of a target that is there, and that no file replaces.
pub const NOT_PLAIN: &str = "it exists and is not a plain file";

pub fn unwritable(path: &str, why: &str) -> Diagnostic {
    let error = DecodeError::Unwritable {
        file: path.to_owned(),
        why: why.to_owned(),
    };
    let help = error.help().or_else(|| system_help(why));
    Diagnostic::new(Code::UnwritableOutput, format!("cannot write `{path}`: {why}")).with_help(help.unwrap_or_else(
        || {
            match why {
                NO_FOLDER => "make the folder first, or choose another place",
                NOT_PLAIN => "choose another name: nothing takes the place of a pipe, a link, a device or a folder",
                _ => "make the folder writable, free space, or choose another place",
            }
            .to_owned()
        },
    ))
}

/// The next step for words of the operating system that end in their number: `Too many open files (os error 24)`.
fn system_help(why: &str) -> Option<String> {
    let number = why.rsplit_once("(os error ")?.1.strip_suffix(')')?.parse().ok()?;
    let error = std::io::Error::from_raw_os_error(number);
    DecodeError::unreadable("", &error).help()
}

/// A training set beside which its record cannot stand.
pub fn long_name_of_record(path: &str) -> Diagnostic {
    let message =
        format!("cannot write `{path}`: the name of its record, `….provenance.json`, is too long for the file system");
    Diagnostic::new(Code::UnwritableOutput, message)
        .with_help("give `--out` a shorter name: most file systems take 255 bytes, of which the record needs 16")
}

/// Why an address is not read that stands where only files of this machine are.
const ADDRESS: &str = "an address, where a path is wanted";

/// Of such an address: what to do instead, and which addresses are read.
fn of_address(name: &str) -> Option<String> {
    let path = name.strip_prefix("file://").filter(|path| path.starts_with('/'));
    let help = path.map_or_else(
        || {
            "fetch it, and give the file: programs, spines and entities are read from this machine; an address such as \
             `s3://bucket/key` may stand for the files of a source, as in `--source NAME=PATH`"
                .to_owned()
        },
        |path| format!("give the path: `{path}`"),
    );
    is_address(name).then_some(help)
}

/// A file that is to be written, named `out.csv/`.
pub fn named_like_a_folder(path: &str) -> Diagnostic {
    let message = format!("cannot write `{path}`: a name that ends so is that of a folder");
    Diagnostic::new(Code::UnwritableOutput, message).with_help("leave out what stands after the name of the file")
}

pub fn unknown_code(code: &str, nearest: Option<&str>) -> Diagnostic {
    let help = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if code.ends_with(".feat") => format!("`featc check {code}` prints the messages of a program"),
        // `spend.total`
        None if code.contains('.') => format!(
            "codes of messages and words are explained here; what `{code}` computes stands in the `program.txt` that \
             `featc build PROGRAM` writes, and what ran for it is printed by `featc train --explain`"
        ),
        None => "codes look like E0203, and stand in messages; words are those of the glossary, such as `spine`, `lateness`, \
                 `cut` or `retention`"
            .to_owned(),
    };
    Diagnostic::new(Code::InvalidArgument, format!("there is no code and no word `{code}`")).with_help(help)
}

/// What is allowed, and probably not meant.
pub fn warning(warning: &Warning) -> Diagnostic {
    let (code, help) = match warning {
        Warning::OnlyErrors { status, .. } => (Code::OnlyErrors, runs::of_status(status)),
        Warning::AskedAtEvents { .. } => (
            Code::AskedAtEvents,
            "if a question is about that event, say `excluding now` or `excluding self` after the window",
        ),
        Warning::NullColumns { .. } => (
            Code::NullInAllRows,
            "compare the keys of the file with the column's name, or with the path after `from`: \"user.id\" leads into an object",
        ),
        Warning::NullInQuestions { .. } => (
            Code::NullInAllRows,
            "look at the join that made the spine: a field of a request that is null leaves its features null, or their defaults, and \
             `excluding self` takes out nothing for a question without an id",
        ),
        Warning::AllIn1970 { .. } => (
            Code::AllIn1970,
            "numbers that count seconds are read `as epoch_seconds`, millis `as epoch_millis`: look at them in the file",
        ),
        Warning::EndsBeforeBeginning { .. } => (
            Code::EndsBeforeBeginning,
            "if the columns after `valid from` and `valid to` are exchanged, exchange them in the program; otherwise mend these rows: a \
             lookup finds nothing from where such a version begins until the next one does",
        ),
        Warning::AllAhead { .. } => (
            Code::AllAhead,
            "`time` is when something happened, `arrival` when it was known: if they name the right columns, compare their zones",
        ),
        Warning::NothingExcluded { .. } => (
            Code::NothingExcluded,
            "write the ids into the questions as the source has them, ask at the instants of their events or later, and write null \
             where a question is about no event",
        ),
    };
    Diagnostic::new(code, warning.to_string()).with_help(help)
}

/// Files in a folder of a source that look like its own and are not read.
pub fn left_out(left_out: &LeftOut) -> Diagnostic {
    let LeftOut {
        source,
        folder,
        files,
        first,
    } = left_out;
    let (files, verb) = match files {
        1 => ("1 file".to_owned(), "is"),
        many => (format!("{many} files"), "are"),
    };
    let message = format!("source `{source}`: {files} in `{folder}` {verb} not read, such as `{first}`");
    Diagnostic::new(Code::FilesLeftOut, message).with_help(format!(
        "give their extension small letters and the folders in it names such as `month=05`, or name all files by a glob such \
         as `{folder}/**/*`"
    ))
}

/// Ids under which a source has different rows; `examples` are some of them.
pub fn several_rows_of_an_id(source: &str, ids: u64, examples: &str) -> Diagnostic {
    let ids = match ids {
        1 => "1 id has".to_owned(),
        many => format!("{many} ids have"),
    };
    let message = format!("source `{source}`: {ids} different rows, which all count ({examples})");
    Diagnostic::new(Code::SeveralRowsOfAnId, message).with_help(
        "if later rows replace earlier ones, write only the last of each id into the file, or, where versions have a number, keep the \
         first by `where version = 1` in a transform (this warning looks at the rows before the transform, and stays); if they are \
         different events, name in `unique` the column that tells them apart",
    )
}

/// Versions of a table of which a lookup takes one by the order of their columns.
pub fn alike_versions(alike: &AlikeVersions) -> Diagnostic {
    let AlikeVersions {
        table,
        instants: [from, arrival],
        keys,
        examples,
    } = alike;
    let has = match keys {
        1 => "1 key has".to_owned(),
        many => format!("{many} keys have"),
    };
    let shown = examples.join("; ");
    let more = match keys.saturating_sub(examples.len() as u64) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "table `{table}`: {has} different rows of one `{from}` and one `{arrival}`, of which a lookup takes the greatest \
         ({shown}{more})"
    );
    Diagnostic::new(Code::SeveralRowsOfAnId, message).with_help(format!(
        "keep one row of each; if one replaced the other, give it the `{arrival}` at which it was known"
    ))
}

/// An option whose value cannot be used.
pub fn argument(option: &str, value: &str, why: &str, help: &str) -> Diagnostic {
    Diagnostic::new(Code::InvalidArgument, format!("`{option} {value}`: {why}")).with_help(help)
}

/// An option that takes an instant and has none.
pub fn no_instant(option: &str, text: &str) -> Diagnostic {
    argument(option, text, "not an instant with an offset", &advice::option(text))
}

/// An option that takes a duration and has none; `why` says so, `like` shows some.
pub fn no_duration(option: &str, text: &str, why: &str, like: &str) -> Diagnostic {
    match featc_driver::is_too_long(text) {
        true => argument(option, text, "too long", "durations go up to 106751991d"),
        false if option == "--every" && featc_driver::is_of_periods(text) => argument(
            option,
            text,
            "months, quarters and years differ in length, a duration does not",
            "ask with `--every 1d` and keep the days that are wanted, or give `featc train` a spine with these instants",
        ),
        false => argument(
            option,
            text,
            why,
            &format!("write it like {like}; the units are d, h, m, s, ms and us"),
        ),
    }
}

/// An answer that text cannot hold.
pub fn beyond_answer(column: &str, why: &str) -> Diagnostic {
    Diagnostic::new(Code::BeyondText, format!("cannot print the answer: `{column}` {why}"))
        .with_help("ask with `featc train --out FILE.parquet`, which holds every value, or bound the feature")
}

/// An output that is one of the command's own inputs or other outputs.
pub fn overwrites(path: &str, what: &str) -> Diagnostic {
    Diagnostic::new(Code::UnwritableOutput, format!("`{path}` is {what} of this run")).with_help("choose another file")
}

/// A file that a result was to take the place of, and that nothing says to be one. `mark` is what a result has.
pub fn no_result(path: &str, option: &str, mark: &str) -> Diagnostic {
    let message = format!("`{path}` is there, and {mark}: it would be lost");
    Diagnostic::new(Code::UnwritableOutput, message).with_help(format!(
        "give `{option}` another name, or move that file away if it may go"
    ))
}

/// A file that rejected rows were to take the place of, and that holds something else.
pub fn no_rejects(path: &str) -> Diagnostic {
    let message = format!("`{path}` is there, and it holds no rejected rows: it would be lost");
    Diagnostic::new(Code::UnwritableOutput, message).with_help("give `--rejected` another name, or remove that file")
}

/// A folder for results in which something is.
pub fn not_empty(folder: &str) -> Diagnostic {
    Diagnostic::new(
        Code::UnwritableOutput,
        format!("cannot write into `{folder}`: there are files in it"),
    )
    .with_help("name an empty folder, or one that does not exist")
}

/// A folder that another run is writing to.
pub fn busy(folder: &str) -> Diagnostic {
    Diagnostic::new(Code::FolderBusy, format!("another run is writing to `{folder}`"))
        .with_help("wait for it, or choose another folder")
}

/// A folder of state that a server has.
pub fn busy_state(folder: &str) -> Diagnostic {
    Diagnostic::new(Code::FolderBusy, format!("another run is writing to `{folder}`")).with_help(
        "a `featc serve` that runs has this state: end it first, or ask it while it runs (`/metrics`); another server needs a \
         folder of its own",
    )
}

/// A served log of which no answer can be compared; `why` says it per feature.
pub fn nothing_compared(why: &std::collections::BTreeMap<&str, &str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::ServedLog, "no answer of the served log can be compared");
    let with_note =
        |diagnostic: Diagnostic, (feature, why): (&&str, &&str)| diagnostic.with_note(format!("{feature}: {why}"));
    why.iter()
        .fold(diagnostic, with_note)
        .with_help("run the program that answered, or name files that it wrote: what is not compared is not verified")
}

/// A served log that is not what comes out when it is computed again; `by_feature` says how often.
pub fn served_otherwise(
    differ: u64,
    compared: u64,
    by_feature: &std::collections::BTreeMap<&String, u64>,
) -> Diagnostic {
    let message = format!("{differ} of {compared} values and statuses were served otherwise");
    let diagnostic = Diagnostic::new(Code::ServedOtherwise, message);
    let with_note = |diagnostic: Diagnostic, (feature, count): (&&String, &u64)| {
        diagnostic.with_note(format!("{feature}: {count}"))
    };
    by_feature.iter().fold(diagnostic, with_note).with_help(
        "look for rows that came after an answer with an arrival at or below its cut, for rows that the server had and the \
         files lack, or the files have and the server lacks, as a table that nobody pushed, and for a program that computes something else",
    )
}

pub fn disagree(differ: u64, compared: u64) -> Diagnostic {
    Diagnostic::new(Code::EnginesDisagree, format!("{differ} of {compared} comparisons differ"))
        .with_help("if batch and stream side of a source hold the same events, this is a bug in featc: please report the case above")
}
