//! Errors about files, data and arguments, as diagnostics. One function per cause; the pages are in `docs/errors`.

use crate::advice;
use featc_driver::diag::{Code, Diagnostic, suggest};
use featc_driver::{BuildError, LoadError};
use featr::provenance::{Change, Release};
use featr::{Absence, DecodeError, Error, Warning};

pub fn bug(why: &str) -> Diagnostic {
    Diagnostic::new(Code::Bug, format!("featc broke a promise of its own: {why}"))
        .with_help("this is not your fault: please report it with the program and the command")
}

pub fn load(error: &LoadError) -> Diagnostic {
    match error {
        LoadError::NotFound { path, why } => {
            Diagnostic::new(Code::FileNotFound, format!("no program at `{}`: {why}", path.display()))
                .with_help("give a `.feat` file, or a folder that holds some")
        }
        LoadError::Unreadable { path, why } => {
            let (file, said) = (path.display().to_string(), why.clone());
            let help = DecodeError::Unreadable { file, why: said }.help();
            Diagnostic::new(Code::UnreadableFile, format!("cannot read `{}`: {why}", path.display())).with_help(
                help.or_else(|| system_help(why))
                    .unwrap_or_else(|| "mend the permissions or the encoding of the file".to_owned()),
            )
        }
    }
}

pub fn unwritable(path: &str, why: &str) -> Diagnostic {
    let error = DecodeError::Unwritable {
        file: path.to_owned(),
        why: why.to_owned(),
    };
    let help = error.help().or_else(|| system_help(why));
    Diagnostic::new(Code::UnwritableOutput, format!("cannot write `{path}`: {why}")).with_help(help.unwrap_or_else(
        || {
            match why {
                "no such folder" => "make the folder first, or choose another place",
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

/// A file that is to be written, named `out.csv/`.
pub fn named_like_a_folder(path: &str) -> Diagnostic {
    let message = format!("cannot write `{path}`: a name that ends so is that of a folder");
    Diagnostic::new(Code::UnwritableOutput, message).with_help("leave out what stands behind the name of the file")
}

pub fn build(error: &BuildError) -> Diagnostic {
    match error {
        BuildError::Unwritable { path, why } if path.iter().any(|name| name.len() > 255) => Diagnostic::new(
            Code::UnwritableOutput,
            format!("cannot write `{}`: {why}", path.display()),
        )
        .with_help("give the module, or the service, a shorter name: files are named by them, with at most 255 bytes"),
        BuildError::Unwritable { path, why } => unwritable(&path.display().to_string(), why),
        BuildError::TooLarge {
            services,
            features,
            most,
        } => {
            let message = format!(
                "the build would have more than {} MiB: its {services} services have {features} features together",
                most >> 20
            );
            Diagnostic::new(Code::UnwritableOutput, message).with_help(
                "name in each service the features that it needs instead of `view.*`, or give some services a module of their own",
            )
        }
        BuildError::Foreign { path } => {
            let message = format!("`{}` is in the way: it is not of a build", path.display());
            Diagnostic::new(Code::UnwritableOutput, message)
                .with_help("move it away, or build into another folder with `--out`")
        }
        BuildError::Unfinished { path, why } => {
            let message = format!("cannot write `{}`: {why}", path.display());
            Diagnostic::new(Code::UnwritableOutput, message)
                .with_note("the new build is whole all the same, and readers find it: its files wait in `.featc-next`")
                .with_help("make the path writable, and build again: that puts them in place")
        }
        BuildError::Busy { folder } => busy(&folder.display().to_string()),
        BuildError::Refused(refusal) => refused(refusal),
    }
}

/// A plan that does not mean what the program says, with both terms where they differ.
pub fn refused(refusal: &featc_driver::Refusal) -> Diagnostic {
    let message = format!(
        "the {} of service `{}`: {}",
        refusal.plan, refusal.service, refusal.what
    );
    let mut diagnostic = Diagnostic::new(Code::PlanDiffers, message);
    for difference in &refusal.differences {
        diagnostic = diagnostic.with_note(format!(
            "at {}\n     plan: {}\n  program: {}",
            difference.path, difference.plan, difference.program
        ));
    }
    diagnostic.with_help(
        "the folder was changed after it was built, or the compiler has a bug: build again, and report it if this stays",
    )
}

/// A folder whose build cannot be compared.
pub fn certify(folder: &str, error: &featc_driver::CertifyError) -> Diagnostic {
    match error {
        featc_driver::CertifyError::Refused(refusal) => refused(refusal),
        featc_driver::CertifyError::Unusable { why } => Diagnostic::new(
            Code::UnreadableFile,
            format!("no build in `{folder}` that can be compared: {why}"),
        )
        .with_help("give the folder that `featc build` wrote, `target/feat/<module>`; or build the program again"),
    }
}

pub fn unknown_code(code: &str, nearest: Option<&str>) -> Diagnostic {
    let help = nearest.map_or_else(
        || "codes look like E0203; `docs/errors` lists them, docs/glossary.md the words".to_owned(),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    Diagnostic::new(Code::InvalidArgument, format!("there is no code and no word `{code}`")).with_help(help)
}

/// What is allowed, and probably not meant.
pub fn warning(warning: &Warning) -> Diagnostic {
    let (code, help) = match warning {
        Warning::AskedAtEvents { .. } => (
            Code::AskedAtEvents,
            "if a question is about that event, say `excluding now` or `excluding self` behind the window",
        ),
        Warning::NothingExcluded { .. } => (
            Code::NothingExcluded,
            "write the ids into the questions as the source has them, and null where a question is about no event",
        ),
    };
    Diagnostic::new(code, warning.to_string()).with_help(help)
}

/// An option whose value cannot be used.
pub fn argument(option: &str, value: &str, why: &str, help: &str) -> Diagnostic {
    Diagnostic::new(Code::InvalidArgument, format!("`{option} {value}`: {why}")).with_help(help)
}

pub fn strict(count: u64, notes: &[String]) -> Diagnostic {
    let rows = if count == 1 {
        "1 row was rejected".to_owned()
    } else {
        format!("{count} rows were rejected")
    };
    let mut diagnostic = Diagnostic::new(Code::RejectedRows, format!("{rows} and --strict is set"));
    for note in notes {
        diagnostic = diagnostic.with_note(note.clone());
    }
    diagnostic.with_help("write them aside with `--rejected FILE` and mend the source, or run without --strict")
}

/// A source of which no row could be used.
pub fn nothing_accepted(source: &str, rejected: u64, example: Option<&str>) -> Diagnostic {
    let message = format!("none of the {rejected} rows of source `{source}` can be used");
    let step = example.and_then(advice::row);
    let step = step.unwrap_or_else(|| "check the format, the columns and the clauses of the source".to_owned());
    let help = format!("{step}; `--rejected FILE` writes the rows aside");
    let diagnostic = Diagnostic::new(Code::NothingAccepted, message).with_help(help);
    match example {
        Some(example) => diagnostic.with_note(format!("for example {example}")),
        None => diagnostic,
    }
}

/// An answer that text cannot hold.
pub fn beyond_answer(column: &str, why: &str) -> Diagnostic {
    Diagnostic::new(Code::BeyondText, format!("cannot print the answer: `{column}` {why}"))
        .with_help("ask with `featc train --out FILE.parquet`, which holds every value, or bound the feature")
}

/// An output that is one of the command's own inputs or other outputs.
pub fn overwrites(path: &str, what: &str) -> Diagnostic {
    Diagnostic::new(Code::UnwritableOutput, format!("`{path}` is {what} of this command"))
        .with_help("choose another file")
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

/// When an input changed that was read.
pub const DURING: &str = "during the run";

/// An input that is not what it was, `since` then: `since the record was made`, or [`DURING`].
pub fn changed(what: &str, change: &Change, since: &str) -> Diagnostic {
    let message = format!("`{}` of {what} changed {since}: it {}", change.file, change.how);
    Diagnostic::new(Code::InputChanged, message).with_help(match since {
        DURING => "read a copy, or only files that are no longer written",
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
    .with_help("give a training set that `featc train` wrote, or its `.provenance.json`")
}

/// A training set that is not made again from its record, and what to do instead.
pub fn not_a_file(path: &str, why: &str, help: &str) -> Diagnostic {
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

/// A backfill that goes on differently than it began: `with --every 6h`, `without --chunk`.
pub fn begun_otherwise(folder: &str, was: &str, is: &str) -> Diagnostic {
    Diagnostic::new(
        Code::BegunOtherwise,
        format!("the backfill in `{folder}` was begun {was}, not {is}"),
    )
    .with_help("give the same arguments to go on with it, or choose another folder")
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
    .with_help("remove that file and run the same command again: it is made anew")
}

/// A folder that another run is writing to.
pub fn busy(folder: &str) -> Diagnostic {
    Diagnostic::new(Code::FolderBusy, format!("another run is writing to `{folder}`"))
        .with_help("wait for it, or choose another folder")
}

/// A service about several things at once.
pub fn several_entities(service: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::SeveralEntities,
        format!("it is not known which entities to ask service `{service}` about: {why}"),
    )
    .with_help("name a view with `--view`, or with `--every` list the entities in a file for `--entities`")
}

/// A question that brings an identity under a name that stands for something else too: a key (`is_key`), or the identity of
/// another source. `names` are the columns to bring.
pub fn shared_identity(column: &str, is_key: bool, names: &[String]) -> Diagnostic {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let (why, bring) = match is_key {
        true => ("a key of the service, and not the identity of an event", "too"),
        false => ("the identity of several sources of the service", "instead"),
    };
    let message = format!("`{column}` is {why}: `excluding self` cannot tell which is meant");
    let null = match names.len() {
        1 => "null",
        _ => "each null",
    };
    Diagnostic::new(Code::SharedIdentity, message).with_help(format!(
        "bring {} {bring}, {null} where the question is about no event of that source",
        names.join(" and ")
    ))
}

pub fn disagree(differ: u64, compared: u64) -> Diagnostic {
    Diagnostic::new(Code::EnginesDisagree, format!("{differ} of {compared} comparisons differ"))
        .with_help("if batch and stream side of a source hold the same events, this is a bug in featc: please report the case above")
}

/// As [`run`], of a file that the command line names: a spine, entities, a record.
pub fn of_command(error: &Error, at_column: Option<&str>) -> Diagnostic {
    match error {
        Error::Decode(DecodeError::Unreadable { why, .. }) if is_missing(why) => {
            Diagnostic::new(Code::FileNotFound, error.to_string())
                .with_help("give a file that is there: paths of the command line are relative to the current folder")
        }
        Error::Decode(DecodeError::MissingColumn { column, found, .. })
            if at_column.is_none() && ill_header(column, found).is_none() =>
        {
            Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(format!("the file has: {}", listed(found)))
                .with_help(format!(
                    "the first line names the columns of the file: write `{column}` into it"
                ))
        }
        other => run(other, at_column),
    }
}

/// A spine that a record names, and that is not there.
pub fn no_spine(path: &str) -> Diagnostic {
    Diagnostic::new(
        Code::FileNotFound,
        format!("cannot read {path}: no such file or folder"),
    )
    .with_help("bring the spine back to where the record says that it was, seen from the program's folder")
}

fn is_missing(why: &str) -> bool {
    why.starts_with("no such file")
}

/// What went wrong at run time. `at_column` is the spine's time column, where there is a spine.
pub fn run(error: &Error, at_column: Option<&str>) -> Diagnostic {
    match error {
        Error::Decode(error) => decode(error, at_column),
        Error::UnknownService { service, known } => named(
            Code::UnknownService,
            &format!("unknown service `{service}`"),
            service,
            known,
        ),
        Error::UnknownSource { source, known } => named(
            Code::InvalidArgument,
            &format!("`--source {source}=…`: unknown source `{source}`"),
            source,
            known,
        ),
        Error::ArrivalNeeded { source } => Diagnostic::new(Code::ArrivalNeeded, error.to_string()).with_help(format!(
            "declare `arrival <column>` or a lag that is sure (`arrival time + 5m`) in source `{source}`, or `static` if its \
             rows never change; or pass `--truth complete`"
        )),
        Error::TruthNotChosen { .. } => Diagnostic::new(Code::TruthNotChosen, error.to_string())
            .with_note("unless told, a question sees what was known at its instant")
            .with_help(
                "in a source, declare `arrival <column>`, a lag that is sure (`arrival time + 5m`), or `static` if its rows \
                 never change; or pass `--truth complete`, which shows what was not known yet",
            ),
        Error::TooManyRejected { rejected, example, .. } => {
            let step = example.as_deref().and_then(advice::row);
            let step = step.unwrap_or_else(|| {
                "check the format, the columns and the clauses of the source, and `at` and the keys of its transforms".to_owned()
            });
            let diagnostic = Diagnostic::new(Code::TooManyRejected, error.to_string()).with_help(format!(
                "{step}; `--rejected FILE` writes the rows aside, `--max-rejected {rejected}` allows so many"
            ));
            match example {
                Some(example) => diagnostic.with_note(format!("for example {example}")),
                None => diagnostic,
            }
        }
        Error::NothingFound { why, .. } => Diagnostic::new(Code::NothingFound, error.to_string()).with_help(match **why {
            Absence::Keys { .. } => "write the keys as the source has them, or pass `--max-missing 100%`",
            Absence::Instants { .. } => {
                "ask when the events are known and lie in a window (are the units of epochs right?), or pass `--max-missing 100%`"
            }
            Absence::NullKeys => "fill the key column, or pass `--max-missing 100%`",
            Absence::NoEvents => "check the files and the filters of the source, or pass `--max-missing 100%`",
        }),
        Error::TooManyMissing { missing, .. } => {
            Diagnostic::new(Code::TooManyMissing, error.to_string()).with_help(format!(
                "compare keys and instants with those of the source; `--max-missing {missing}` allows so many, and \
                 `--status` shows which"
            ))
        }
        Error::NoFiles { source } => Diagnostic::new(Code::NoFilesDeclared, error.to_string()).with_help(format!(
            "add `batch parquet \"data/*.parquet\"` to it, or pass `--source {source}=PATH`"
        )),
        Error::ColumnClash { .. } => {
            Diagnostic::new(Code::ColumnClash, error.to_string()).with_help("rename the column in the spine")
        }
        Error::Columns { .. } => Diagnostic::new(Code::MissingColumn, error.to_string())
            .with_help("give the columns that the service needs, with their types"),
        Error::SharedIdentity { column, is_key, names } => shared_identity(column, *is_key, names),
        // No command loads a build or a snapshot from outside, replays move the cut along, and who interrupts a run knows it.
        Error::Interrupted
        | Error::Build { .. }
        | Error::Snapshot { .. }
        | Error::NotAtCut { .. }
        | Error::CutGoesBack { .. }
        | Error::BelowHorizon { .. }
        | Error::ToBeRebuilt { .. } => bug(&error.to_string()),
        Error::Resources { .. } => Diagnostic::new(Code::UnwritableOutput, error.to_string())
            .with_help("free memory or space in the temporary folder"),
        Error::Bug { why } => bug(why),
    }
}

/// A view that the program does not declare.
pub fn unknown_view(view: &str, known: &[String]) -> Diagnostic {
    named(
        Code::InvalidArgument,
        &format!("`--view {view}`: unknown view"),
        view,
        known,
    )
}

fn named(code: Code, message: &str, name: &str, known: &[String]) -> Diagnostic {
    let list = known.join(", ");
    let help = match suggest::nearest(name, known.iter().map(String::as_str)) {
        Some(nearest) => format!("did you mean `{nearest}`? the program declares: {list}"),
        None => format!("the program declares: {list}"),
    };
    Diagnostic::new(code, message).with_help(help)
}

fn decode(error: &DecodeError, at_column: Option<&str>) -> Diagnostic {
    let code = match error {
        DecodeError::NoFiles { .. } => Code::FileNotFound,
        // Files of a source are looked for by pattern, see above: this one was found by then.
        DecodeError::Unreadable { why, .. } if is_missing(why) => {
            return Diagnostic::new(Code::FileNotFound, error.to_string()).with_help(
                "bring it back: it was there when the files were listed, or a Delta table names it and it is gone",
            );
        }
        DecodeError::Changed { .. } => Code::InputChanged,
        DecodeError::Unreadable { .. } => Code::UnreadableFile,
        DecodeError::Corrupt { .. } => Code::CorruptFile,
        DecodeError::MissingColumn { column, found, .. } if ill_header(column, found).is_some() => {
            return Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(format!("the file has: {}", listed(found)))
                .with_help(ill_header(column, found).unwrap_or_default());
        }
        DecodeError::MissingColumn { column, found, .. } if Some(column.as_str()) == at_column => {
            return Diagnostic::new(Code::MissingSpineTime, error.to_string())
                .with_note(format!("the file has: {}", listed(found)))
                .with_help("pass its name, for example `--at-column decided_at`");
        }
        DecodeError::MissingColumn { column, found, .. } => {
            // A file may have columns under names that no program can write.
            let reserved = |name: &&String| featc_driver::is_reserved(name);
            let renamed = found
                .iter()
                .filter(reserved)
                .find(|name| column.trim_matches('_') == name.as_str());
            if let Some(name) = renamed {
                return Diagnostic::new(Code::MissingColumn, error.to_string())
                    .with_note(format!("the file has: {}", listed(found)))
                    .with_help(format!(
                        "rename the column in the file: `{name}` is a reserved word, which no program can name"
                    ));
            }
            // Half of the letters of a short name agree by chance.
            let resembles = |name: &&str| 2 * name.len() > column.len();
            let names = found.iter().filter(|name| !reserved(name)).map(String::as_str);
            let nearest = suggest::nearest(column, names.filter(resembles));
            let help = nearest.map_or_else(
                || {
                    match at_column {
                        None => "declare the column under the name that it has in the file, or add it to the file",
                        Some(_) => "the service asks for it: rename the column in the spine, or add it",
                    }
                    .to_owned()
                },
                |nearest| match at_column {
                    None => format!("did you mean `{nearest}`?"),
                    Some(_) => format!("did you mean `{nearest}`? rename the column in the spine"),
                },
            );
            return Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(format!("the file has: {}", listed(found)))
                .with_help(help);
        }
        DecodeError::WrongType { expected, .. } if expected == "timestamp" && at_column.is_none() => {
            return Diagnostic::new(Code::WrongColumnType, error.to_string())
                .with_help("write the column of the file as timestamps: no cast makes an event time of other types");
        }
        DecodeError::AmbiguousColumn { .. } => Code::MissingColumn,
        DecodeError::WrongType { .. } => Code::WrongColumnType,
        DecodeError::NaiveTimestamp { .. } => Code::NaiveTimestamp,
        DecodeError::UnknownZone { .. } => Code::InvalidArgument,
        DecodeError::SpineInstant { .. } | DecodeError::SpineKey { .. } | DecodeError::SpineLine { .. } => {
            Code::UnusableSpineRow
        }
        DecodeError::Unwritable { .. } => Code::UnwritableOutput,
        DecodeError::BeyondText { .. } => Code::BeyondText,
        DecodeError::Busy { .. } => Code::OutputBusy,
        DecodeError::UnknownFormat { .. } | DecodeError::UnknownExtension { .. } => Code::UnknownOutputFormat,
        DecodeError::Lake { cause, .. } => return crate::lake::problem(*cause, error),
    };
    let of_spine = at_column.and_then(|_| spine_step(error, code));
    let by_value = match error {
        DecodeError::SpineInstant { why, .. } => advice::instant_of_spine(why),
        DecodeError::UnknownFormat { file, .. } => advice::format(file),
        DecodeError::Corrupt { why, .. } if why.ends_with("header line is broken: not UTF-8") => {
            Some("the text has another encoding, such as Latin-1: write it as UTF-8".to_owned())
        }
        DecodeError::Corrupt { .. } => error.help(),
        _ => None,
    };
    let help = by_value.or(of_spine).or_else(|| error.help());
    let help = help.unwrap_or_else(|| next_step(code).to_owned());
    Diagnostic::new(code, error.to_string()).with_help(help)
}

/// What is wrong with the header of a text file in which a column is not found, if it is one of the usual things.
fn ill_header(column: &str, found: &[String]) -> Option<String> {
    if let [all] = found
        && let Some(mark) = all.chars().find(|mark| [';', '\t', '|', ','].contains(mark))
    {
        let own = |what: &str, format: &str| {
            format!(
                "{what} stand between its columns: write `batch {format}` in the source, or name the file .{format}"
            )
        };
        return Some(match mark {
            '\t' => own("tabs", "tsv"),
            ',' => own("commas", "csv"),
            mark => format!("write the file with commas between its columns: its header has {mark:?}"),
        });
    }
    let padded = found
        .iter()
        .find(|name| name.as_str() != column && name.trim() == column && !name.contains('\r'));
    let blanks =
        |padded: &String| format!("remove the blanks around the name in the header of the file: it is {padded:?}");
    padded.map(blanks).or_else(|| advice::header(found))
}

/// Names in a message: the first of them, and how many more there are.
fn listed(names: &[String]) -> String {
    const MOST: usize = 30;
    match names.len().saturating_sub(MOST) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}

/// The next step where the file is a spine, which no program declares.
fn spine_step(error: &DecodeError, code: Code) -> Option<String> {
    if let DecodeError::WrongType { expected, .. } = error
        && expected != "one type"
    {
        return Some(format!("write the column of the spine as {expected}"));
    }
    let step = match code {
        Code::WrongColumnType => "write the column of the spine in one type, such as text, or leave it out",
        Code::NaiveTimestamp => "say which zone such values are in: `--zone UTC`, `--zone Europe/Paris`",
        Code::CorruptFile => "the spine is damaged or named by another format: write it again",
        Code::MissingColumn => "give each column of the spine one name",
        _ => return None,
    };
    Some(step.to_owned())
}

fn next_step(code: Code) -> &'static str {
    match code {
        Code::FileNotFound => {
            "paths in a program are relative to its folder, that of `--source NAME=PATH` to the current one"
        }
        Code::UnreadableFile => "mend the permissions of the file",
        Code::CorruptFile => {
            "the file is damaged or of another format: fetch it again, or correct the format in the source"
        }
        Code::WrongColumnType => "declare the type that the file has and cast in a transform, or rewrite the file",
        Code::UnusableSpineRow => "correct or remove the row: no row of a spine is dropped silently",
        Code::UnwritableOutput => "make the folder, free space, or choose another place",
        Code::MissingColumn => "give each column one name",
        _ => "see `featc explain` and the code above",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_told_with_its_own_next_step() {
        let help = |diagnostic: Diagnostic| (diagnostic.code, diagnostic.help.expect("a help").text);
        // EIO, EMFILE, ENFILE, ENOMEM, and EACCES for comparison: equal numbers on every Unix.
        for (number, words) in [
            (5, "check the disk"),
            (24, "ulimit -n"),
            (23, "ulimit -n"),
            (12, "memory"),
        ] {
            let error = || std::io::Error::from_raw_os_error(number);
            let read = DecodeError::unreadable("f.csv", &error());
            let written = DecodeError::refused(std::path::Path::new("o.csv"), &error());
            let loaded = LoadError::Unreadable {
                path: "p.feat".into(),
                why: error().to_string(),
            };
            for (code, (is, help)) in [
                (Code::UnreadableFile, help(run(&read.into(), None))),
                (Code::UnwritableOutput, help(run(&written.into(), None))),
                (Code::UnreadableFile, help(load(&loaded))),
                (Code::UnwritableOutput, help(unwritable("o.csv", &error().to_string()))),
            ] {
                assert_eq!(is, code);
                assert!(help.contains(words), "{number}: {help}");
            }
        }
        let denied = DecodeError::unreadable("f.csv", &std::io::Error::from_raw_os_error(13));
        assert_eq!(help(run(&denied.into(), None)).1, "mend the permissions of the file");
    }

    #[test]
    fn a_spine_is_not_declared_by_a_program() {
        let wrong = |expected: &str| DecodeError::WrongType {
            file: "s.parquet".into(),
            column: "card".into(),
            expected: expected.into(),
            found: "int64".into(),
        };
        let help = |error: DecodeError, at| run(&error.into(), at).help.expect("a help").text;
        assert_eq!(
            help(wrong("string"), Some("timestamp")),
            "write the column of the spine as string"
        );
        assert!(help(wrong("string"), None).contains("cast in a transform"));
        let missing = || DecodeError::MissingColumn {
            file: "s.parquet".into(),
            column: "card".into(),
            found: vec!["x".into()],
        };
        assert!(help(missing(), Some("timestamp")).contains("in the spine"));
        for error in [wrong("one type"), wrong("string"), missing()] {
            assert!(!help(error, Some("timestamp")).contains("declare"));
        }
    }

    #[test]
    fn many_names_are_not_all_told() {
        let found: Vec<String> = (0..100_000).map(|column| format!("c{column}")).collect();
        let missing = DecodeError::MissingColumn {
            file: "s.csv".into(),
            column: "card".into(),
            found,
        };
        let note = &run(&missing.into(), Some("timestamp")).notes[0];
        assert!(note.len() < 300 && note.ends_with("c29 and 99970 more"), "{note}");
    }

    #[test]
    fn only_a_file_of_the_command_line_is_relative_to_the_current_folder() {
        let gone = DecodeError::unreadable("f.csv", &std::io::ErrorKind::NotFound.into());
        let gone = Error::from(gone);
        for (diagnostic, words) in [
            (of_command(&gone, None), "relative to the current folder"),
            (run(&gone, None), "it was there when the files were listed"),
        ] {
            assert_eq!(diagnostic.code, Code::FileNotFound);
            let help = diagnostic.help.expect("a help").text;
            assert!(help.contains(words), "{help}");
        }
    }
}
