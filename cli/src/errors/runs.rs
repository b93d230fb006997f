//! What a run refuses.

use super::bug;
use super::files::decode;
use crate::advice;
use featc_driver::diag::{Code, Diagnostic, suggest};
use featc_ir::Truth;
use featc_ir::display::instant;
use featc_ir::window::format_duration;
use featr::{Absence, Error, Example, LookupReport, Stray};

/// Of instants that are not those that were meant.
const UNITS: &str = "are the units of epochs right?";

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

/// A service that the program does not have; it may be one of these views.
pub fn no_service(error: &Error, views: &[&str]) -> Diagnostic {
    let told = run(error, None);
    match error {
        Error::UnknownService { service, .. } if views.contains(&service.as_str()) => told.with_note(format!(
            "`{service}` is a view; a service lists features that are asked together: `service {service}_v1 {{ {service}.* }}`"
        )),
        _ => told,
    }
}

/// A run that asks nothing, and why.
pub fn nothing_asked(why: &str) -> Diagnostic {
    Diagnostic::new(Code::NothingAsked, format!("nothing is asked: {why}"))
        .with_help("look at what should bring the questions; with `--strict` this is an error")
}

/// As [`nothing_asked`], under `--strict`.
pub fn nothing_asked_strict(why: &str) -> Diagnostic {
    let message = format!("nothing is asked, and --strict is set: {why}");
    Diagnostic::new(Code::NothingAskedStrict, message)
        .with_help("look at what should bring the questions, or run without --strict")
}

/// A source of which no row could be used.
pub fn nothing_accepted(source: &str, rejected: u64, examples: &[Example]) -> Diagnostic {
    let message = format!("none of the {rejected} rows of source `{source}` can be used");
    let step = advice::all_rows(examples);
    let step = step.unwrap_or_else(|| "check the format, the columns and the clauses of the source".to_owned());
    let help = format!("{step}; `--rejected FILE` writes the rows aside");
    let diagnostic = Diagnostic::new(Code::NothingAccepted, message).with_help(help);
    match advice::telling(examples) {
        Some(example) => diagnostic.with_note(format!("for example {}", example.text)),
        None => diagnostic,
    }
}

/// As [`run`], of a spine that a server wrote as a log.
pub fn served_log(error: &Error) -> Diagnostic {
    run(error, None)
        .with_note("the spine says which program answered, and has every column of the service, as a served log has")
        .with_help("pass it as what it is: `--served-log` in place of `--spine`")
}

/// As [`run`], of a spine with every column of its service.
pub fn answered(error: &Error) -> Diagnostic {
    run(error, None)
        .with_note("the spine has every column of the service, as a training set has")
        .with_help(
            "take these columns out: `featc train` and `featc verify` are given the questions alone; \
             `featc train --from-provenance FILE` makes a training set again, and compares its bytes",
        )
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
        Error::TwoRowsOfAKey { .. } => Diagnostic::new(Code::TwoRowsOfAKey, error.to_string()).with_help(
            "keep one of them; if they are valid at different times, declare `valid from` and `arrival`",
        ),
        Error::UnusableRow { example, .. } => {
            let step = example.as_ref().and_then(|example| advice::row_of_table(&example.fault, &example.text));
            let step = step.unwrap_or_else(|| "mend it (`valid to` may be null where its type ends with `?`)".to_owned());
            let diagnostic = Diagnostic::new(Code::UnusableTableRow, error.to_string())
                .with_help(format!("{step}; without the row, what it says would be looked up as null"));
            match example {
                Some(example) => diagnostic.with_note(format!("for example {}", example.text)),
                None => diagnostic,
            }
        }
        Error::CutsNeeded => Diagnostic::new(Code::CutsNeeded, error.to_string()).with_help(
            "pass `--served-log PATH` to `featc train` or `featc verify`, or ask in truth as-of-arrival or complete",
        ),
        Error::CutsUnnamed { column, .. } => Diagnostic::new(Code::ServedLog, error.to_string()).with_help(format!(
            "give the key, the feature or the source that makes `{column}` another name, or ask in truth as-of-arrival"
        )),
        Error::ServedLog { help, .. } => Diagnostic::new(Code::ServedLog, error.to_string()).with_help(help.clone()),
        Error::TruthNotChosen { .. } => Diagnostic::new(Code::TruthNotChosen, error.to_string())
            .with_note("unless told, a question sees what was known at its instant")
            .with_help(
                "in a source, declare `arrival <column>`, a lag that is sure (`arrival time + 5m`), or `static` if its rows \
                 never change; or pass `--truth complete`, which shows what was not known yet",
            ),
        Error::TooManyRejected {
            of_any_source, example, ..
        } => {
            let step = example.as_ref().and_then(|example| advice::row(&example.fault, &example.text));
            let step = step.unwrap_or_else(|| {
                "check the format, the columns and the clauses of the source, and `at` and the keys of its transforms".to_owned()
            });
            // Rows that a wrong format rejects say that it reads the others wrongly, too.
            let others = match example.as_ref().is_some_and(|example| advice::is_of_format(&example.fault)) {
                true => String::new(),
                false => format!(", `--max-rejected {of_any_source}` allows so many"),
            };
            let diagnostic = Diagnostic::new(Code::TooManyRejected, error.to_string())
                .with_help(format!("{step}; `--rejected FILE` writes the rows aside{others}"));
            match example {
                Some(example) => diagnostic.with_note(format!("for example {}", example.text)),
                None => diagnostic,
            }
        }
        Error::NothingFound { why, .. } => {
            Diagnostic::new(Code::NothingFound, error.to_string()).with_help(found_nothing(why))
        }
        Error::NothingLookedUp { lookup, why } => Diagnostic::new(Code::NothingLookedUp, error.to_string())
            .with_help(looked_up(lookup, why.as_ref().as_ref())),
        Error::NothingSaid {
            failed: Some(failed), ..
        } => Diagnostic::new(Code::NothingFound, error.to_string()).with_help(format!(
            "{}, or pass `--max-missing 100%` if errors are meant",
            of_status(failed.frequent().unwrap_or_default())
        )),
        Error::NothingSaid { .. } => Diagnostic::new(Code::NothingFound, error.to_string()).with_help(format!(
            "ask when events lie in a window ({UNITS}), widen the windows, or pass `--max-missing 100%` if nothing is to be found"
        )),
        Error::TooManyMissing { missing, .. } => {
            Diagnostic::new(Code::TooManyMissing, error.to_string()).with_help(format!(
                "compare keys and instants with those of the source; `--max-missing {missing}` allows so many, and \
                 `--status` shows which"
            ))
        }
        Error::NoFiles { source } => Diagnostic::new(Code::NoFilesDeclared, error.to_string()).with_help(format!(
            "add `batch parquet \"data/*.parquet\"` to it, or pass `--source {source}=PATH`"
        )),
        Error::ColumnClash { of_spine, .. } => {
            Diagnostic::new(Code::ColumnClash, error.to_string()).with_help(match of_spine {
                true => "rename the column in the spine",
                false => "rename the feature: `--status` adds `<feature>__status` after each",
            })
        }
        Error::Columns { .. } => Diagnostic::new(Code::MissingColumn, error.to_string())
            .with_help("give the columns that the service needs, with their types"),
        Error::SharedIdentity { column, is_key, names } => shared_identity(column, *is_key, names),
        Error::BelowHorizon { .. } => {
            Diagnostic::new(Code::InstantReleased, error.to_string()).with_help("ask about a later instant")
        }
        // No command loads a build or a snapshot from outside, replays move the cut along, and who interrupts a run knows it.
        Error::Interrupted
        | Error::Build { .. }
        | Error::Snapshot { .. }
        | Error::SnapshotVersion { .. }
        | Error::NotAtCut { .. }
        | Error::CutGoesBack { .. }
        | Error::Unreadable { .. }
        | Error::ToBeRebuilt { .. } => bug(&error.to_string()),
        Error::Resources { .. } => Diagnostic::new(Code::UnwritableOutput, error.to_string())
            .with_help("free memory or space in the temporary folder"),
        Error::Text { .. } => Diagnostic::new(Code::UnwritableOutput, error.to_string())
            .with_help("keep less: fewer items of `first_n` and `last_n`, shorter texts"),
        Error::Bug { why } => bug(why),
    }
}

/// As [`run`], of questions that find nothing in a truth.
pub fn not_found(error: &Error, truth: Truth) -> Diagnostic {
    let told = run(error, None);
    let (Error::NothingFound { why, .. }, Truth::AsOfArrival { delay_us: Some(us) }) = (error, truth) else {
        return told;
    };
    let hides =
        |(first, _): (i64, i64), (_, last): (i64, i64)| first <= last && first.saturating_add_unsigned(us) > last;
    match **why {
        Absence::Instants { asked, events, .. } if hides(events, asked) => {
            let delay = format_duration(i64::try_from(us).unwrap_or(i64::MAX));
            told.with_help(format!(
                "a question sees what had arrived `--delay {delay}` before it: give a shorter one, or ask later; or pass \
                 `--max-missing 100%`"
            ))
        }
        _ => told,
    }
}

/// What to do where no question finds anything in a view.
fn found_nothing(why: &Absence) -> String {
    let step = match why {
        Absence::Keys { .. } => "write the keys as the source has them, or",
        Absence::Instants { known: Some(_), .. } => {
            "ask when the events are known; if their arrivals say when a file was written, declare a lag that is sure instead, \
             such as `arrival time + 5m`; or"
        }
        Absence::Instants { .. } => {
            return format!(
                "ask when the events are known and lie in a window ({UNITS}), or pass `--max-missing 100%`"
            );
        }
        Absence::NullKeys => "fill the key column, or",
        Absence::NoEvents { filtered: 1.. } => {
            "compare its `where` with what the files hold: texts are equal letter for letter, capitals too; or"
        }
        Absence::NoEvents { filtered: 0 } => "check the files and the filters of the source, or",
    };
    format!("{step} pass `--max-missing 100%`")
}

/// What to do about answers of a status.
pub(super) fn of_status(status: &str) -> &'static str {
    match status {
        "error(overflow)" => {
            "compute in a wider type: cast the values to float64, or to a decimal of more digits, before they are added or multiplied"
        }
        "error(cap)" => "raise the `cap` of the aggregate, or shorten its window",
        _ => {
            "look at the values that are cast: texts with signs or units are taken apart first, as in \
             `cast(replace(amount, \" €\", \"\") as float64)`"
        }
    }
}

/// What to do about a lookup that never finds a row.
fn looked_up(lookup: &LookupReport, why: Option<&Stray>) -> String {
    let table = &lookup.table;
    let events = format!("transform `{}`", lookup.transform);
    let rows = format!("table `{table}`");
    let (step, instants) = match why {
        None | Some(Stray::Key { .. }) => ("look up keys as the table has them".to_owned(), vec![]),
        Some(Stray::NoRows) => (format!("check the files of table `{table}`"), vec![]),
        Some(Stray::NotYet {
            at_us,
            valid_from_us,
            known_us,
            ..
        }) => (
            format!(
                "give table `{table}` the rows that were valid then, with an `arrival` that says since when they were known"
            ),
            vec![(*at_us, &events), (*valid_from_us, &rows), (*known_us, &rows)],
        ),
        Some(Stray::Ended { at_us, end_us, .. }) => (
            format!("give table `{table}` the rows that were valid then"),
            vec![(*at_us, &events), (*end_us, &rows)],
        ),
        Some(Stray::TooOld {
            at_us, valid_from_us, ..
        }) => (
            format!("give table `{table}` younger rows, or `within` a longer duration"),
            vec![(*at_us, &events), (*valid_from_us, &rows)],
        ),
    };
    match instants.iter().find(|(us, _)| is_of_other_units(*us)) {
        Some((us, of)) => {
            let at = instant(*us);
            let year = at.split('-').next().unwrap_or_default();
            format!(
                "rows of {of} are of the year {year}: {UNITS} `epoch_seconds`, `epoch_millis` and `epoch_micros` say what the \
                 numbers of a column count; if they are, {step}, or pass `--max-missing 100%`"
            )
        }
        None => format!("{step}, or pass `--max-missing 100%`"),
    }
}

/// Whether an instant is one that numbers in other units make: of the year 1970, or after 2199.
fn is_of_other_units(us: i64) -> bool {
    const YEAR_1971_US: i64 = 365 * 86_400_000_000;
    const YEAR_2200_US: i64 = 84_006 * 86_400_000_000;
    (0..YEAR_1971_US).contains(&us) || us >= YEAR_2200_US
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
        names.join(if names.len() > 2 { ", " } else { " and " })
    ))
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
    // A table may be read by lookups and by views.
    let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut listed = std::collections::BTreeSet::new();
    names.retain(|name| listed.insert(*name));
    let list = names.join(", ");
    let help = match suggest::nearest(name, known.iter().map(String::as_str)) {
        Some(nearest) => format!("did you mean `{nearest}`? the program declares: {list}"),
        None => format!("the program declares: {list}"),
    };
    Diagnostic::new(code, message).with_help(help)
}
