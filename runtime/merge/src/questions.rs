//! What is asked.

use featr_kernels::StrData;
use std::ops::Range;

/// Questions about one or more entities, in groups.
#[derive(Debug, Clone)]
pub struct Questions {
    /// The instants `t`.
    pub times: Vec<i64>,
    /// In order; together they cover all questions.
    pub groups: Vec<Group>,
    /// The last arrival that each question sees, or `None` if it sees none; empty where questions bring no cuts.
    pub cuts: Vec<Option<i64>>,
    /// The questions' own identities, when some window says `excluding self`.
    pub selves: Option<Selves>,
}

/// Questions about one entity, and its events. From one question to the next neither `t` nor the cut decreases, so
/// questions about one entity may be several groups ([`crate::chains`]).
#[derive(Debug, Clone)]
pub struct Group {
    pub questions: Range<usize>,
    /// Rows of the run; empty for an unknown entity or a null key.
    pub events: Range<u32>,
}

/// Identities as order keys, one per question.
#[derive(Debug, Clone)]
pub struct Selves {
    pub keys: StrData,
    /// False where one of the columns is null: such a question excludes nothing.
    pub known: Vec<bool>,
}

impl Questions {
    /// Their number.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}
