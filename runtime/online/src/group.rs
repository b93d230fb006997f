//! Requests to the writer, and those that are done together.

use crate::error::Refused;
use crate::positions::Reading;
use crate::shared::Pushed;
use featr::Incoming;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Told when a request is done.
pub type Then<T> = Box<dyn FnOnce(Result<T, Refused>) + Send>;

/// What the writer is asked for.
pub enum Command {
    Push(Push),
    /// Answers are to be given with later bases.
    Extend(Then<()>),
    Checkpoint(Then<u64>),
    Stop,
}

pub struct Push {
    pub incoming: Incoming,
    pub request_id: Option<String>,
    pub begun: Instant,
    /// The arrival of its rows that said none.
    pub stamped_us: Option<i64>,
    /// Until when no base may come before its rows have landed, because of arrivals that they say.
    pub guard_us: Option<i64>,
    /// Rows of a table that said an arrival which had been used.
    pub late: Vec<u64>,
    /// Where they were read, if nobody pushed them.
    pub read: Option<Reading>,
    pub then: Then<Pushed>,
}

impl Push {
    fn bytes(&self) -> usize {
        self.incoming.rows.get_array_memory_size()
    }
}

/// Requests of one group, at most.
const GROUP_MAX: usize = 512;
/// Rows of one group, about.
const GROUP_ROWS: usize = 65_536;
/// Bytes of one group, at most; a push that has more is a group by itself.
pub const GROUP_BYTES: usize = 32 << 20;

/// Requests that are done together.
#[derive(Default)]
pub struct Group {
    pub pushes: Vec<Push>,
    pub extend: Vec<Then<()>>,
    pub checkpoint: Vec<Then<u64>>,
    pub stop: bool,
    rows: usize,
    bytes: usize,
}

impl Group {
    /// Waits until something comes, for so long, and takes what waits with it. A push that does not fit is left in `held`, and
    /// begins the next group.
    pub fn collect(commands: &Receiver<Command>, held: &mut Option<Push>, wait: Duration) -> Group {
        let mut group = Group::default();
        match held.take() {
            Some(push) => group.put(push),
            None => match commands.recv_timeout(wait) {
                Ok(command) => *held = group.add(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => group.stop = true,
            },
        }
        while !group.is_full() {
            let Ok(command) = commands.try_recv() else { break };
            *held = group.add(command);
            if held.is_some() {
                break;
            }
        }
        group
    }

    /// Gives back what does not fit.
    fn add(&mut self, command: Command) -> Option<Push> {
        match command {
            Command::Push(push) if !self.pushes.is_empty() && self.bytes + push.bytes() > GROUP_BYTES => {
                return Some(push);
            }
            Command::Push(push) => self.put(push),
            Command::Extend(then) => self.extend.push(then),
            Command::Checkpoint(then) => self.checkpoint.push(then),
            Command::Stop => self.stop = true,
        }
        None
    }

    fn put(&mut self, push: Push) {
        self.rows += push.incoming.rows.num_rows();
        self.bytes += push.bytes();
        self.pushes.push(push);
    }

    fn is_full(&self) -> bool {
        self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES || self.pushes.len() + self.extend.len() >= GROUP_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, RecordBatch};
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    fn push(rows: usize) -> Command {
        let column = Arc::new(Int64Array::from(vec![1; rows]));
        let rows = RecordBatch::try_from_iter([("id", column as _)]).unwrap();
        Command::Push(Push {
            incoming: Incoming {
                source: "txn".to_owned(),
                rows,
                places: Vec::new(),
                rejected: Vec::new(),
            },
            request_id: None,
            begun: Instant::now(),
            stamped_us: None,
            guard_us: None,
            late: Vec::new(),
            read: None,
            then: Box::new(|_| ()),
        })
    }

    #[test]
    fn groups_are_bounded_in_bytes() {
        let (tell, told) = channel();
        let large = GROUP_BYTES / 8 + 1;
        for rows in [10, 10, large, 10, large, large] {
            tell.send(push(rows)).unwrap();
        }
        let mut held = None;
        let mut sizes = || {
            let group = Group::collect(&told, &mut held, Duration::ZERO);
            let rows = group.pushes.iter().map(|push| push.incoming.rows.num_rows());
            rows.collect::<Vec<_>>()
        };
        assert_eq!(
            [sizes(), sizes(), sizes(), sizes(), sizes(), sizes()],
            [vec![10, 10], vec![large], vec![10], vec![large], vec![large], vec![]]
        );
    }
}
