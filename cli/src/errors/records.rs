//! What is compared with a record: training sets that are made again, backfills that go on.

use featc_driver::diag::{Code, Diagnostic};
use featr::provenance::{Change, Release};

/// When an input changed that was read.
pub const DURING: &str = "during the run";

/// An input that is not what it was, `since` then: `since the record was made`, or [`DURING`].
pub fn changed(what: &str, change: &Change, since: &str) -> Diagnostic {
    let message = format!("`{}` of {what} changed {since}: it {}", change.file, change.how);
    Diagnostic::new(Code::InputChanged, message).with_help(match since {
        DURING if change.file == featr::provenance::MEMORY => "pass a copy of the rows, to which nobody writes",
        DURING => "read a copy, or only files that are no longer written",
        _ if change.is_new => "take the file away, run anew with the files as they are, or let a backfill `--grow`",
        _ => "bring the file back, or run anew with the files as they are",
    })
}

/// What to do instead of making a training set again.
pub const ANEW: &str = "run anew";

/// A program whose features do not mean what they meant when a record or checkpoint was made; `instead` is what to do
/// if that is meant.
pub fn features_changed(record: &str, what: &str, instead: &str) -> Diagnostic {
    Diagnostic::new(
        Code::ProgramChanged,
        format!("the program changed since `{record}` was made: {what}"),
    )
    .with_help(format!("check the program out as it was, or {instead}"))
}

/// A file that should hold a record, and does not.
pub fn no_record(path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::NoRecord,
        format!("`{path}` has no record that can be used: {why}"),
    )
    .with_help("give a training set that `featc train --out FILE` wrote, or its `.provenance.json`")
}

/// A training set that is not made again from its record, and what to do instead.
pub fn not_made_again(path: &str, why: &str, help: &str) -> Diagnostic {
    Diagnostic::new(
        Code::NoRecord,
        format!("`{path}` cannot be made again from a record: {why}"),
    )
    .with_help(help)
}

/// A record of another release.
pub fn other_release(path: &str, was: &Release) -> Diagnostic {
    let is = Release::this();
    let words = |release: &Release| format!("featc {}, {}, tzdb {}", release.featc, release.kernels, release.tzdb);
    Diagnostic::new(
        Code::OtherRelease,
        format!("`{path}` was made by {}; this is {}", words(was), words(&is)),
    )
    .with_help("bytes are promised by one release only: use that one, or run anew")
}

/// What came out is not what the record says.
pub fn not_reproduced(path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::NotReproduced,
        format!("the training set of `{path}` cannot be made again: {why}"),
    )
    .with_help(
        "an input changed in a way that its record cannot see (`--hash-inputs` sees all), or the set was changed",
    )
}

/// A spine that a record names, and that is not there.
pub fn no_spine(path: &str) -> Diagnostic {
    Diagnostic::new(
        Code::FileNotFound,
        format!("cannot read {path}: no such file or folder"),
    )
    .with_help("bring the spine back to where the record says that it was, seen from the program's folder")
}

/// A backfill that goes on differently than it began: `with --every 6h`, `without --chunk`. `grows` if it was begun with what
/// a part spans.
pub fn begun_otherwise(folder: &str, was: &str, is: &str, grows: bool) -> Diagnostic {
    Diagnostic::new(
        Code::BegunOtherwise,
        format!("the backfill in `{folder}` was begun {was}, not {is}"),
    )
    .with_help(match grows {
        true => "give the same arguments to go on with it (`--grow` goes on with a later `--to`), or choose another folder",
        false => {
            "give the same arguments to go on with it, or choose another folder: one that is begun with `--chunk` can grow to a \
             later `--to`"
        }
    })
}

/// A backfill that cannot go on with a later end.
pub fn cannot_grow(folder: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::BegunOtherwise,
        format!("the backfill in `{folder}` cannot grow: {why}"),
    )
    .with_help("choose another folder, with `--chunk` and a `--to` that is a multiple of it, such as a midnight of `--chunk 1d`")
}

/// A folder in which no backfill can be begun or continued.
pub fn unusable_folder(folder: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::UnusableFolder,
        format!("no backfill can go on in `{folder}`: {why}"),
    )
    .with_help("choose another folder")
}

/// A folder of a backfill with a file that is none of its own.
pub fn foreign_file(folder: &str, file: &str, is_begun: bool) -> Diagnostic {
    let why = match is_begun {
        true => format!("`{file}` in it is not of this backfill"),
        false => format!("it holds `{file}` and no `_checkpoint.json`"),
    };
    Diagnostic::new(
        Code::UnusableFolder,
        format!("no backfill can go on in `{folder}`: {why}"),
    )
    .with_help(match is_begun {
        true => "move that file away, or choose another folder: readers take all files of a folder for one result",
        false => "choose another folder, or move that file away: readers take all files of a folder for one result",
    })
}

/// A backfill of more parts than are made without being told to; `plan` says how much it would be.
pub fn too_many_parts(plan: &str, parts: u128, most: u64, bound: u64) -> Diagnostic {
    let help = match u64::try_from(parts).ok().filter(|parts| *parts <= bound) {
        Some(parts) => format!("give a longer `--every` or `--chunk`; or `--max-parts {parts}` if that is meant"),
        None => "give a longer `--every` or a shorter range of time".to_owned(),
    };
    Diagnostic::new(
        Code::TooManyParts,
        format!("the backfill would make {plan}, and the bound is {most} parts"),
    )
    .with_help(help)
}

/// A part of a backfill that is not what was written.
pub fn damaged_part(folder: &str, part: &str) -> Diagnostic {
    Diagnostic::new(
        Code::UnusableFolder,
        format!("`{part}` in `{folder}` is not the file that was written"),
    )
    .with_help("remove that file and run the same again: it is made anew")
}

/// A service whose features read what only a question says.
pub fn request_unknown(service: &str, fields: &[String]) -> Diagnostic {
    let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    let fields = fields.join(", ");
    Diagnostic::new(
        Code::RequestUnknown,
        format!("service `{service}` reads {fields} of its questions, and a backfill has no questions"),
    )
    .with_help(
        "build a training set with `featc train`, from a spine that has the column, or materialise a view with `--view`",
    )
}

/// A service about several things at once.
pub fn several_entities(service: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::SeveralEntities,
        format!("it is not known which entities to ask service `{service}` about: {why}"),
    )
    .with_help("name a view with `--view`, or with `--every` list the entities in a file for `--entities`")
}
