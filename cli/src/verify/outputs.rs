//! What `--junit` and `--report` write: aside, and named so when the run has ended.

use super::case::Fields;
use super::checks::{Check, Counted, Difference};
use crate::args::VerifyArgs;
use crate::errors;
use crate::foreign::{JUNIT_MARK, REPORT_MARK, check_text};
use crate::junit::{Outcome, Suite, TestCase, TextFile, render};
use crate::outputs::{check_overwrites, same_file};
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use serde_json::{Value, json};

/// The files of a run, taken before any work is done.
pub struct Outputs {
    junit: Option<TextFile>,
    report: Option<TextFile>,
}

impl Outputs {
    /// Refuses files that are inputs, or one file, and a folder for the case that holds something.
    pub fn take(prepared: &Prepared, args: &VerifyArgs, reporter: &Reporter) -> Result<Outputs, Refused> {
        let run = &args.program.run;
        let spine = Some(args.spine.spine.as_path());
        check_overwrites(prepared, run, spine, None, reporter)?;
        let targets = [args.junit.as_deref(), args.report.as_deref()];
        let marks = [("--junit", JUNIT_MARK), ("--report", REPORT_MARK)];
        for (target, mark) in targets.into_iter().zip(marks) {
            let Some(target) = target else { continue };
            check_overwrites(prepared, run, spine, Some(target), reporter)?;
            check_text(target, mark, reporter)?;
        }
        if let [Some(junit), Some(report)] = targets
            && same_file(junit, report)
        {
            return reporter.refuse(errors::overwrites(&report.display().to_string(), "the JUnit file"));
        }
        if let Some(folder) = &args.case {
            let name = folder.display().to_string();
            if let Some(why) = super::reproduce::refusal(folder) {
                return reporter.refuse(errors::unwritable(&name, &why));
            }
            let program = &prepared.program;
            let files = ["spine.parquet", "events.parquet", "events.csv", "events.jsonl"];
            if files
                .iter()
                .any(|file| program.would_read(&prepared.service, &folder.join(file)))
            {
                let what = "a folder that a source would read from now on, and so an input";
                return reporter.refuse(errors::overwrites(&name, what));
            }
        }
        let [junit, report] = targets.map(|target| target.map(|target| TextFile::take(target, reporter)).transpose());
        Ok(Outputs {
            junit: junit?,
            report: report?,
        })
    }

    /// Writes both.
    pub fn write(self, junit: &str, report: &Value, reporter: &Reporter) -> Result<(), Refused> {
        self.junit.map_or(Ok(()), |file| file.put(junit, reporter))?;
        let report = format!("{report:#}\n");
        self.report.map_or(Ok(()), |file| file.put(&report, reporter))
    }
}

/// One suite per check, one test case per feature in it.
pub fn junit(service: &str, fields: &Fields, checks: &[Check]) -> String {
    let suite = |check: &Check| {
        let case = |(field, feature): (usize, &String)| TestCase {
            class: format!("{service}.{}", check.name()),
            name: feature.clone(),
            outcome: match (failure(check, field), skip(check, field)) {
                (Some((message, text)), _) => Outcome::Failed { message, text },
                (None, Some(why)) => Outcome::Skipped(why.to_owned()),
                (None, None) => Outcome::Passed,
            },
        };
        Suite {
            name: check.name(),
            cases: fields.names.iter().enumerate().map(case).collect(),
        }
    };
    let suites: Vec<Suite> = checks.iter().map(suite).collect();
    render("featc verify", &suites)
}

fn failure(check: &Check, field: usize) -> Option<(String, String)> {
    let counted = check.outcome.as_ref().ok()?;
    let differ = counted.differ[field];
    let first = counted.first[field].as_ref().filter(|_| differ > 0)?;
    let said: Vec<String> = first
        .said
        .iter()
        .map(|(who, said)| format!("{who} says {said}"))
        .collect();
    let text = format!("question {}: {}", first.row, said.join("; "));
    Some((format!("{differ} differ"), text))
}

fn skip(check: &Check, field: usize) -> Option<&str> {
    match &check.outcome {
        Ok(counted) => counted.excluded[field].as_deref(),
        Err(why) => Some(why),
    }
}

/// The checks for machines.
pub fn checks_json(fields: &Fields, checks: &[Check]) -> Value {
    let check = |check: &Check| {
        let mut value = json!({
            "check": check.name(),
            "what": check.what,
            "compared": check.compared(),
            "differ": check.differ(),
        });
        match &check.outcome {
            Ok(counted) => value["features"] = features_json(fields, counted),
            Err(why) => value["skipped"] = why.as_str().into(),
        }
        value
    };
    checks.iter().map(check).collect()
}

fn features_json(fields: &Fields, counted: &Counted) -> Value {
    let feature = |(field, name): (usize, &String)| {
        let mut value = json!({ "feature": name, "differ": counted.differ[field] });
        if let Some(why) = &counted.excluded[field] {
            value["excluded"] = why.as_str().into();
        }
        if let Some(first) = &counted.first[field] {
            value["first"] = json!({ "row": first.row, "said": said_json(first) });
        }
        value
    };
    fields.names.iter().enumerate().map(feature).collect()
}

/// What the evaluators said, for machines.
pub fn said_json(difference: &Difference) -> Value {
    let said = difference.said.iter();
    said.map(|(who, said)| json!({ "who": who, "value": said })).collect()
}
