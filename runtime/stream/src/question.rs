//! Questions to a service, and why they could not be answered.

use crate::restored::LogName;
use featc_ir::display::instant;
use featc_ir::plan::Spine;
use featc_ir::{Key, Type};
use featr_kernels::Column;
use std::fmt;

/// Questions to one service. All columns have one row per question.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    /// The instants, in microseconds since the epoch.
    pub times: Vec<i64>,
    // Law: null_key (proofs/theory/Laws.v)
    /// The service's key columns, in its order. A null is nobody: nothing is known of it.
    pub keys: Vec<Column>,
    /// The service's self columns, in its order: the identity of the event that `excluding self` takes out.
    /// A question with a null among them takes nothing out.
    pub self_columns: Vec<Column>,
    /// The fields of requests that the service reads, in its order.
    pub request: Vec<Column>,
}

impl Questions {
    /// Some of them, in this order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Questions {
        let take = |columns: &[Column]| columns.iter().map(|column| column.take(rows)).collect();
        Questions {
            times: rows.iter().map(|row| self.times[*row as usize]).collect(),
            keys: take(&self.keys),
            self_columns: take(&self.self_columns),
            request: take(&self.request),
        }
    }
}

/// Why questions could not be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// The graph has no such service.
    UnknownService(String),
    /// The questions' columns are not the service's: their number, types or lengths differ.
    WrongShape { wanted: String },
    /// As of arrival: a question at an instant other than the cut (`None`: there is none yet).
    NotAtCut { at_us: i64, cut_us: Option<i64> },
    /// Windows of this instant reach back to events that have been released.
    BelowHorizon { log: LogName, at_us: i64, horizon_us: i64 },
    /// The events that came before a restore are missing; see [`Engine::rebuilt`](crate::Engine::rebuilt).
    ToBeRebuilt { log: LogName },
    /// Events that stand in files could not be read, for this reason. Nothing is answered any more.
    Unreadable { log: LogName, why: String },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::UnknownService(name) => write!(f, "there is no service `{name}`"),
            ReadError::WrongShape { wanted } => write!(f, "the questions do not have the columns {wanted}"),
            ReadError::NotAtCut { at_us, cut_us } => {
                let cut = cut_us.map_or_else(|| "nowhere yet".to_owned(), |cut_us| format!("at {}", instant(cut_us)));
                write!(f, "asked at {}, but the cut is {cut}", instant(*at_us))
            }
            ReadError::BelowHorizon { log, at_us, horizon_us } => {
                let (at, horizon) = (instant(*at_us), instant(*horizon_us));
                write!(
                    f,
                    "asked at {at}, but {log} can be asked from {horizon} on: older ones have been released"
                )
            }
            ReadError::ToBeRebuilt { log } => write!(f, "{log} are not there: they are to be rebuilt"),
            ReadError::Unreadable { log, why } => write!(f, "{log} cannot be read: {why}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Whether a column is of a type, in its storage, with this many rows.
pub(crate) fn has_type(column: &Column, ty: Type, rows: usize) -> bool {
    let storage = featr_kernels::Data::zeros(ty, 0);
    column.ty == ty
        && std::mem::discriminant(&column.data) == std::mem::discriminant(&storage)
        && column.data.len() == rows
        && column.tags.as_ref().is_none_or(|tags| tags.len() == rows)
}

/// Whether questions bring what a service asks for.
///
/// # Errors
/// [`ReadError::WrongShape`].
pub(crate) fn check_questions(spine: &Spine, questions: &Questions) -> Result<(), ReadError> {
    let rows = questions.times.len();
    let fits = |keys: &[Key], columns: &[Column]| {
        keys.len() == columns.len()
            && keys
                .iter()
                .zip(columns)
                .all(|(key, column)| has_type(column, key.ty, rows))
    };
    let fits_own = fits(&spine.self_columns, &questions.self_columns) && fits(&spine.request, &questions.request);
    if fits(&spine.keys, &questions.keys) && fits_own {
        return Ok(());
    }
    let wanted = [&spine.keys, &spine.self_columns, &spine.request].into_iter().flatten();
    let wanted: Vec<String> = wanted.map(|key| format!("{}: {}", key.name, key.ty)).collect();
    Err(ReadError::WrongShape {
        wanted: format!("({})", wanted.join(", ")),
    })
}
