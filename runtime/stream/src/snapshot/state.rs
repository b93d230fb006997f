//! What a snapshot is made of: the state of an operator.

use super::{RestoreError, Section};
use crate::kept::Kept;
use crate::log::Log;
use crate::moved::Moved;
use crate::now::Now;
use crate::report::LogStats;
use crate::restored::{LogName, Rebuild};
use crate::waiting::Run;
use featc_ir::Type;
use featr_kernels::Value;
use std::collections::BTreeMap;

/// The state of an operator.
///
/// # Contract
/// - **Canonical**: what is put is a function of the set of rows that is in the state, and of the cut.
/// - **Exact**: a state that `restore` keeps is the one that the operator would have had, had it been fed every row itself.
pub(crate) trait State {
    /// What its snapshots can be restored into.
    fn schema(&self) -> &Schema;

    /// How reports call it.
    fn name(&self) -> LogName;

    /// Its rows up to this event time have been released.
    fn floor_us(&self) -> Option<i64>;

    /// The keys of its entities, in any order.
    fn entities(&self) -> Vec<Box<[u8]>>;

    /// An entity as bytes, without its rows up to the floor; whether it has others.
    fn put_entity(&self, key: &[u8], floor_us: Option<i64>, out: &mut Vec<u8>) -> bool;

    /// What waits, in the order of snapshots.
    fn waiting(&self) -> Run;

    fn kind(&self) -> StateKind;

    /// Of a table: when a version was known first that is this row but for its arrival, if one is held.
    fn arrival_of(&self, _row: &[Value]) -> Option<i64> {
        None
    }

    /// Takes out some of its entities, with what waits of them; nothing where it is not made of such.
    fn split_off(&mut self, _is_theirs: &dyn Fn(&[u8]) -> bool) -> Option<Moved> {
        None
    }

    /// Puts in what was taken out of a state of the same log; this one has been given nothing yet.
    fn put_moved(&mut self, _moved: Moved) {}

    /// Why the state in a section cannot be taken over as what it would be here; `None`: it can.
    fn refuses(&self, section: &Section<'_>, now: &Now) -> Option<Rebuild>;

    /// Takes over the state in a section that is not refused. The operator has none yet.
    ///
    /// # Errors
    /// Damaged bytes.
    fn restore(&mut self, section: &Section<'_>, now: &Now) -> Result<(), RestoreError>;

    /// Begins at the cut without the rows that came before: no question may be answered.
    fn begin_empty(&mut self, now: &Now);

    /// Whether it began empty, and the rows have not been brought since.
    fn is_to_be_rebuilt(&self) -> bool;

    /// The rows have been brought.
    fn set_rebuilt(&mut self);

    /// Questions need the rows with event times after this; `None`: all rows.
    fn needed_after_us(&self, now: &Now) -> Option<i64>;

    fn stats(&self) -> LogStats;

    /// What a log keeps of an entity, whose keys go by name; `None` where a key of the log is not among them.
    fn kept(&self, _entity: &BTreeMap<String, Value>) -> Option<Kept> {
        None
    }

    /// Its log, where it is one: the events of entities can stand in files of their own.
    fn log(&self) -> Option<&Log> {
        None
    }

    /// As [`State::log`].
    fn log_mut(&mut self) -> Option<&mut Log> {
        None
    }
}

/// Whose state it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateKind {
    /// Made of the entities that questions are about; it can go apart by them.
    Log,
    /// What lookups find, whatever the entity.
    Table,
    /// Nothing but what waits for others: these say what is to be rebuilt.
    Queue,
}

/// What decides whether stored state means the same: equal keys and columns, equal state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema {
    /// Of everything that decides which events there are.
    pub key: String,
    /// What the events carry.
    pub columns: Vec<StateColumn>,
}

/// A column that stored events carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateColumn {
    /// Its meaning, in hexadecimal.
    pub key: String,
    pub ty: Type,
}
