//! A difference in words: the question, what each evaluator says, the events that contribute; and what it is shrunk to.

use super::case::{Asked, Case, Fields};
use super::checks::{Check, Difference, Kind, shrink_to};
use super::engines::{Setting, evaluators};
use super::events::{Behind, behind, contribute, in_lines};
use super::outputs::said_json;
use super::reproduce;
use super::{Verified, ground, named, source_rows, told};
use crate::args::VerifyArgs;
use crate::report::{Refused, Reporter, counted};
use crate::run::Prepared;
use featc_ir::AskedFeature;
use featr_model::Question;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Features of a line that are named.
const NAMES_MAX: usize = 5;

/// What is told of the first difference.
pub struct Told {
    pub text: String,
    pub first: Value,
    /// The shrunk case, or why there is none.
    pub case: Value,
}

/// The line of a relation.
pub fn line(check: &Check, fields: &Fields) -> String {
    let mut line = match &check.outcome {
        Err(why) => return format!("metamorphic: {}: not asked, {why}", check.name()),
        Ok(_) => format!(
            "metamorphic: {} ({}): {} compared: {} differ",
            check.name(),
            check.what,
            super::values_and_statuses(check.compared()),
            check.differ()
        ),
    };
    let excluded = check
        .outcome
        .iter()
        .flat_map(|counted| fields.names.iter().zip(&counted.excluded));
    let mut by_cause: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in excluded.filter_map(|(name, why)| Some((name, why.as_deref()?))) {
        match by_cause.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => by_cause.push((why, vec![name])),
        }
    }
    for (why, names) in by_cause {
        let shown = names[..names.len().min(NAMES_MAX)].join(", ");
        let more = match names.len().saturating_sub(NAMES_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = write!(line, "\n  without {shown}{more}: {why}");
    }
    line
}

/// Explains the first difference of the first check that has one, and shrinks it.
pub fn difference(
    prepared: &Prepared,
    fields: &Fields,
    spine: &Asked,
    verified: &Verified,
    args: &VerifyArgs,
    reporter: &Reporter,
) -> Result<Told, Refused> {
    let first = verified.checks.iter().find_map(|check| Some((check, check.first()?)));
    let (Some((check, difference)), Some(ground)) = (first, ground(prepared, fields, args.seed)) else {
        return reporter.refuse(crate::errors::bug("a difference that is nowhere"));
    };
    let asked = if check.at_edges { &verified.edges } else { spine };
    let events = contributing(prepared, verified, &asked.question(difference.row), difference);
    let mut text = shown(prepared, fields, asked, (check, difference), &events);
    let first = json!({
        "check": check.name(),
        "row": difference.row,
        "feature": fields.names[difference.field],
        "said": said_json(difference),
        "events": contribute(&events),
    });
    let case = told(Case::read(prepared, &verified.recorded, asked.clone()), reporter)?;
    let setting = Setting::new(&args.program.run, &args.options);
    let evaluators = evaluators(prepared, ground, args.program.run.temp_dir.clone());
    let Some(shrunk) = shrink_to((check.kind, difference), &ground, &evaluators, &case, &setting) else {
        let why = "the rows as they were decoded do not show it again, written as Parquet";
        let _ = write!(text, "not shrunk: {why}");
        return Ok(Told {
            text,
            first,
            case: json!({ "not_shrunk": why }),
        });
    };
    let is_metamorphic = matches!(check.kind, Kind::Relation(_));
    let (events, questions) = (shrunk.case.events(), shrunk.case.asked.len());
    let fewest = if shrunk.is_fewest {
        ""
    } else {
        ", and not yet the fewest"
    };
    let _ = writeln!(
        text,
        "shrunk in {} runs to {} and {}{fewest}",
        shrunk.runs,
        counted(events, "event"),
        counted(questions, "question")
    );
    let mut case = json!({
        "events": events, "questions": questions, "runs": shrunk.runs, "fewest": shrunk.is_fewest,
    });
    match reproduce::write(prepared, args, &shrunk.case, (&setting, is_metamorphic)) {
        Ok(written) => {
            let _ = write!(
                text,
                "written to {}; again:\n  {}",
                written.folder.display(),
                written.command
            );
            case["folder"] = written.folder.display().to_string().into();
            case["command"] = written.command.into();
        }
        Err(why) => {
            let _ = write!(text, "not written: {why}; name another folder by `--case`");
            case["not_written"] = why.into();
        }
    }
    Ok(Told { text, first, case })
}

fn contributing(prepared: &Prepared, verified: &Verified, question: &Question, difference: &Difference) -> Vec<Behind> {
    let Some(service) = prepared.ir.service(&prepared.service) else {
        return Vec::new();
    };
    let rows = source_rows(prepared, &verified.recorded);
    let of_feature = |read: AskedFeature| {
        let question = featr_model::asked_of(&prepared.ir, service, read, question);
        let events = featr_model::contributing(&prepared.ir, read.view, read.feature, &rows, &question, prepared.truth);
        behind(service.name_of(&prepared.ir, read), prepared.ir.view(read.view), events)
    };
    match service.fields.get(difference.field) {
        Some(field) => of_feature(field.asked()),
        // Of a feature of the service's own: those of all that it reads.
        None => {
            let own = difference.field - service.fields.len();
            let read = service.features_read_by(own).into_iter();
            read.flat_map(of_feature).collect()
        }
    }
}

fn shown(
    prepared: &Prepared,
    fields: &Fields,
    asked: &Asked,
    (check, difference): (&Check, &Difference),
    events: &[Behind],
) -> String {
    let place = match (check.at_edges, check.kind) {
        (true, _) => format!("question {} at edges", difference.row),
        (false, Kind::Relation(relation)) => format!("{}, spine row {}", relation.name(), difference.row),
        (false, Kind::Stream | Kind::Model) => format!("spine row {}", difference.row),
    };
    let mut text = format!(
        "first difference: {place}, feature {}\n",
        fields.names[difference.field]
    );
    for (name, value) in named(&asked.columns, difference.row) {
        let _ = writeln!(text, "  {name} = {value}");
    }
    let instant = featc_ir::display::instant;
    let _ = writeln!(
        text,
        "  t = {}, truth {}",
        instant(asked.times[difference.row]),
        prepared.truth_text()
    );
    for (who, said) in &difference.said {
        let _ = writeln!(text, "  {who:6} says {said}");
    }
    text + &in_lines(events, |row| format!("row {row}"))
}
