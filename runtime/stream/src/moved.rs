//! What goes from a log to a sibling of it.

use crate::log::{Entities, Storing};
use crate::waiting::Waiting;

/// Some entities of a log, what waits of them, and what was released.
#[derive(Debug)]
pub(crate) struct Moved {
    pub entities: Entities,
    pub waiting: Waiting,
    pub floor_us: Option<i64>,
    pub swept_us: Option<i64>,
    pub to_be_rebuilt: bool,
    pub storing: Storing,
}
