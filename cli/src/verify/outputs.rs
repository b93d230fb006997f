//! What `--junit` and `--report` write: aside, and named so when the run has ended.

use super::case::Fields;
use super::checks::{Check, Counted, Difference};
use crate::args::VerifyArgs;
use crate::errors;
use crate::foreign::{JUNIT_MARK, REPORT_MARK, check_text};
use crate::outputs::{check_overwrites, claim, same_file};
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use featr::{Aside, Claim};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// The files of a run, taken before any work is done.
pub struct Outputs {
    junit: Option<(Claim, Aside)>,
    report: Option<(Claim, Aside)>,
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
        let [junit, report] = targets.map(|target| target.map(|target| take(target, reporter)).transpose());
        Ok(Outputs {
            junit: junit?,
            report: report?,
        })
    }

    /// Writes both.
    pub fn write(self, junit: &str, report: &Value, reporter: &Reporter) -> Result<(), Refused> {
        put(self.junit, junit, reporter)?;
        put(self.report, &format!("{report:#}\n"), reporter)
    }
}

fn take(target: &Path, reporter: &Reporter) -> Result<(Claim, Aside), Refused> {
    let claimed = claim(target, reporter)?;
    match Aside::create(target) {
        Ok(aside) => Ok((claimed, aside)),
        Err(error) => reporter.refuse(errors::unwritable(&target.display().to_string(), &featr::plain(&error))),
    }
}

fn put(output: Option<(Claim, Aside)>, text: &str, reporter: &Reporter) -> Result<(), Refused> {
    let Some((claimed, aside)) = output else { return Ok(()) };
    let name = claimed.target().display().to_string();
    let written = aside.file().write_all(text.as_bytes()).and_then(|()| aside.put());
    written.or_else(|error| reporter.refuse(errors::unwritable(&name, &featr::plain(&error))))
}

/// One suite per check, one test case per feature in it.
pub fn junit(service: &str, fields: &Fields, checks: &[Check]) -> String {
    let (mut suites, mut all) = (String::new(), [0u64; 3]);
    for check in checks {
        let (mut cases, mut own) = (String::new(), [0u64; 3]);
        for (field, feature) in fields.names.iter().enumerate() {
            own[0] += 1;
            let (failed, skipped) = (failure(check, field), skip(check, field));
            let class = escaped(&format!("{service}.{}", check.name()));
            let _ = write!(
                cases,
                "    <testcase classname=\"{class}\" name=\"{}\"",
                escaped(feature)
            );
            if let Some((message, text)) = failed {
                own[1] += 1;
                let _ = writeln!(cases, ">");
                let (message, text) = (escaped(&message), escaped(&text));
                let _ = writeln!(
                    cases,
                    "      <failure message=\"{message}\">{text}</failure>\n    </testcase>"
                );
            } else if let Some(why) = skipped {
                own[2] += 1;
                let _ = writeln!(cases, "><skipped message=\"{}\"/></testcase>", escaped(why));
            } else {
                let _ = writeln!(cases, "/>");
            }
        }
        let name = escaped(&check.name());
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{name}\"{}>\n{cases}  </testsuite>",
            numbers(own)
        );
        all.iter_mut().zip(own).for_each(|(all, own)| *all += own);
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    format!(
        "{head}\n<testsuites name=\"featc verify\"{}>\n{suites}</testsuites>\n",
        numbers(all)
    )
}

fn numbers([tests, failures, skipped]: [u64; 3]) -> String {
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
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

/// As XML 1.0 takes it; characters that it lacks become U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(letter));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_well_formed_xml() {
        assert_eq!(
            escaped("a<b>&\"c\"\u{1}\n\u{ffff}é"),
            "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}&#10;\u{fffd}é"
        );
    }
}
