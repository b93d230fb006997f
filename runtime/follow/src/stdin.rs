//! Standard input: read once, from its beginning to its end.
//!
//! It has no positions: what was read and was not durable when the process ended is gone with the pipe.

use crate::cutter::Cutter;
use featc_ir::FileFormat;
use featr_online::{Ended, Positions, Progress, Reading, Sender};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// What messages call it.
const NAME: &str = "standard input";
/// Bytes that are read at once, and parts of so many that may wait.
const PART_BYTES: usize = 1 << 20;
const PARTS: usize = 2;
/// How often it is looked whether the state is closed.
const TICK: Duration = Duration::from_millis(25);

/// Reads until the end, or until the state is closed.
///
/// # Errors
/// [`Ended`].
pub fn read(sender: &mut Sender, format: FileFormat, input: impl Read + Send + 'static) -> Result<(), Ended> {
    let parts = match parts(input) {
        Ok(parts) => parts,
        Err(error) => {
            refused(sender, &featr::plain(&error));
            return Ok(());
        }
    };
    let mut cutter = Cutter::new(NAME, format);
    let mut is_end = false;
    while !is_end {
        sender.check()?;
        match parts.recv_timeout(TICK) {
            Ok(Ok(part)) => cutter.add(&part),
            Ok(Err(error)) => {
                refused(sender, &featr::plain(&error));
                is_end = true;
            }
            Err(RecvTimeoutError::Timeout) => {
                sender.settle()?;
                sender.feed.caught_up();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => is_end = true,
        }
        loop {
            match cutter.next(&sender.feed, is_end) {
                Ok(None) => break,
                Ok(Some(taken)) => {
                    if let Some(rows) = taken.rows {
                        let from = NAME.to_owned();
                        let positions = Positions::new();
                        sender.send(rows, Reading { from, positions })?;
                    }
                }
                Err(error) => {
                    refused(sender, &error.to_string());
                    is_end = true;
                    break;
                }
            }
        }
    }
    sender.settle()?;
    sender.feed.caught_up();
    sender.feed.show(Progress {
        has_ended: true,
        ..Progress::default()
    });
    Ok(())
}

fn refused(sender: &Sender, why: &str) {
    let help = "mend what writes it, and start the server again";
    sender.feed.tell("E0816", NAME, why, help);
}

/// What comes, on a thread of its own: to read may last for ever.
fn parts(mut input: impl Read + Send + 'static) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (tell, told) = sync_channel(PARTS);
    let thread = std::thread::Builder::new().name("featr-stdin".to_owned());
    thread.spawn(move || {
        loop {
            let mut part = vec![0; PART_BYTES];
            let read = input.read(&mut part);
            let part = match read {
                Ok(0) => return,
                Ok(bytes) => {
                    part.truncate(bytes);
                    Ok(part)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_broken = part.is_err();
            if tell.send(part).is_err() || is_broken {
                return;
            }
        }
    })?;
    Ok(told)
}
