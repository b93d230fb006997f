//! What is allowed and probably not meant, in words.

use std::fmt;

/// What is allowed, and probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Questions at the very instant of an event. What a spine row shares with an event at another instant, such as its
    /// id, is not looked for.
    AskedAtEvents {
        /// As reports name views: `txn by (card)`.
        view: String,
        /// Questions at the very instant of an event.
        at_events: u64,
        /// All questions.
        questions: u64,
    },
    /// Questions that bring an identity, and no event that was read has one of them.
    NothingExcluded {
        /// As reports name views.
        view: String,
        /// Questions that bring an identity.
        with_id: u64,
        /// All questions.
        questions: u64,
    },
    /// Columns of a JSONL file that no line fills.
    NullColumns {
        /// Of which.
        source: String,
        /// As files call them.
        columns: Vec<String>,
        /// All rows that were read.
        rows: u64,
    },
    /// Columns that questions bring beside their keys, and that are null in all of them.
    NullInQuestions {
        /// Identities for `excluding self`, and fields of requests.
        columns: Vec<String>,
        /// All questions.
        questions: u64,
    },
    /// A source whose rows all arrive before their event time.
    AllAhead {
        /// Its name.
        source: String,
        /// All rows that were read.
        rows: u64,
    },
    /// Features of whose answers some are errors, and all others null or zero, but for defaults.
    OnlyErrors {
        /// As results name them.
        features: Vec<String>,
        /// The status of most of these answers: `error(cap)`.
        status: String,
        /// All questions.
        questions: u64,
    },
    /// Columns that count time since 1970, all of whose instants lie in that year.
    AllIn1970 {
        /// Of what: "source `payments`", "table `profiles`".
        what: String,
        /// As the program calls them.
        columns: Vec<String>,
    },
    /// Versions of a table that end before they begin.
    EndsBeforeBeginning {
        /// Its name.
        table: String,
        /// The columns of `valid from` and `valid to`.
        instants: [String; 2],
        /// How many there are.
        found: u64,
        /// All rows of the table.
        rows: u64,
    },
}

/// "`a`, `b` are"
fn quoted_are(columns: &[String]) -> String {
    let verb = if columns.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", quoted(columns))
}

/// "`a`, `b`"
fn quoted(columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    columns.join(", ")
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::AskedAtEvents {
                view,
                at_events,
                questions,
            } => write!(
                f,
                "{at_events} of {questions} questions are asked at the very instant of an event of `{view}`; that event \
                 counts in windows without `excluding now` or `excluding self`"
            ),
            Warning::NullColumns { source, columns, rows } => write!(
                f,
                "source `{source}`: no line has a value of {}: null in all {rows} rows",
                quoted(columns)
            ),
            Warning::NullInQuestions { columns, questions } => {
                write!(f, "{} null in all {questions} questions", quoted_are(columns))
            }
            Warning::AllAhead { source, rows } => {
                write!(
                    f,
                    "source `{source}`: every row arrives before its event time ({rows} are read)"
                )
            }
            Warning::OnlyErrors {
                features,
                status,
                questions,
            } => write!(
                f,
                "every answer of {} is an error, null or 0, but for defaults ({questions} are asked): {status}",
                quoted(features)
            ),
            Warning::AllIn1970 { what, columns } => {
                write!(f, "{what}: all instants of {} lie in 1970", quoted(columns))
            }
            Warning::EndsBeforeBeginning {
                table,
                instants: [from, to],
                found,
                rows,
            } => write!(
                f,
                "table `{table}`: in {found} of {rows} rows `{to}` lies before `{from}`: such a version is never valid"
            ),
            Warning::NothingExcluded {
                view,
                with_id,
                questions,
            } => write!(
                f,
                "`excluding self` excludes nothing: {with_id} of {questions} questions bring an identity, and no event of \
                 `{view}` that they can reach has one of these"
            ),
        }
    }
}
