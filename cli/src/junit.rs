//! JUnit XML: suites of test cases.

use crate::errors;
use crate::outputs::claim;
use crate::report::{Refused, Reporter};
use featr::{Aside, Claim};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Cases of one kind, or of one program.
#[derive(Debug)]
pub struct Suite {
    pub name: String,
    pub cases: Vec<TestCase>,
}

#[derive(Debug)]
pub struct TestCase {
    pub class: String,
    pub name: String,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    Passed,
    Failed { message: String, text: String },
    Skipped(String),
}

/// The document.
pub fn render(name: &str, suites: &[Suite]) -> String {
    let (mut text, mut all) = (String::new(), [0u64; 3]);
    for suite in suites {
        let (mut cases, mut own) = (String::new(), [0u64; 3]);
        for case in &suite.cases {
            own[0] += 1;
            let (class, name) = (escaped(&case.class), escaped(&case.name));
            let _ = write!(cases, "    <testcase classname=\"{class}\" name=\"{name}\"");
            match &case.outcome {
                Outcome::Passed => {
                    let _ = writeln!(cases, "/>");
                }
                Outcome::Failed { message, text } => {
                    own[1] += 1;
                    let (message, text) = (escaped(message), escaped(text));
                    let _ = writeln!(cases, ">");
                    let _ = writeln!(
                        cases,
                        "      <failure message=\"{message}\">{text}</failure>\n    </testcase>"
                    );
                }
                Outcome::Skipped(why) => {
                    own[2] += 1;
                    let _ = writeln!(cases, "><skipped message=\"{}\"/></testcase>", escaped(why));
                }
            }
        }
        let name = escaped(&suite.name);
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\"{}>\n{cases}  </testsuite>",
            numbers(own)
        );
        all.iter_mut().zip(own).for_each(|(all, own)| *all += own);
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    format!(
        "{head}\n<testsuites name=\"{}\"{}>\n{text}</testsuites>\n",
        escaped(name),
        numbers(all)
    )
}

fn numbers([tests, failures, skipped]: [u64; 3]) -> String {
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
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

/// A text that is written aside, and named when the run has ended.
pub struct TextFile(Claim, Aside);

impl TextFile {
    /// Takes the place of the file.
    ///
    /// # Errors
    /// It cannot be written, or another run writes it.
    pub fn take(target: &Path, reporter: &Reporter) -> Result<TextFile, Refused> {
        let claimed = claim(target, reporter)?;
        match Aside::create(target) {
            Ok(aside) => Ok(TextFile(claimed, aside)),
            Err(error) => reporter.refuse(errors::unwritable(&target.display().to_string(), &featr::plain(&error))),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(self, text: &str, reporter: &Reporter) -> Result<(), Refused> {
        let TextFile(claimed, aside) = self;
        let name = claimed.target().display().to_string();
        let written = aside.file().write_all(text.as_bytes()).and_then(|()| aside.put());
        written.or_else(|error| reporter.refuse(errors::unwritable(&name, &featr::plain(&error))))
    }
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
