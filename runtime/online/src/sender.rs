//! The way of rows into the state: in order, one push at a time, until it is durable.

use crate::error::Refused;
use crate::feed::Feed;
use crate::positions::Reading;
use crate::shared::Pushed;
use featr::Incoming;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The state is closed, or can no longer be written.
#[derive(Debug)]
pub struct Ended;

/// How often somebody who waits looks whether the state is closed.
const SLICE: Duration = Duration::from_millis(25);
/// The pause before a push that was refused is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Sends what a reader of a source has read.
///
/// # Contract
/// A push is sent when the one before it is durable. So a position never stands after rows that were refused.
#[derive(Debug)]
pub struct Sender {
    /// The feed that the rows go into.
    pub feed: Feed,
    /// Bytes of text whose rows are on their way.
    pub sent_bytes: u64,
    in_flight: Option<Sent>,
}

/// A push that is on its way.
#[derive(Debug)]
struct Sent {
    incoming: Incoming,
    reading: Reading,
    told: Receiver<Result<Pushed, Refused>>,
}

impl Sender {
    /// One that has sent nothing yet.
    pub fn new(feed: Feed) -> Sender {
        Sender {
            feed,
            sent_bytes: 0,
            in_flight: None,
        }
    }

    /// Sends rows after those before, when these are durable.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn send(&mut self, incoming: Incoming, reading: Reading) -> Result<(), Ended> {
        self.settle()?;
        self.push(incoming, reading)
    }

    /// As [`Sender::send`], of positions that moved without rows.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn moved(&mut self, reading: Reading) -> Result<(), Ended> {
        let source = &self.feed.source().name;
        let nothing = self
            .feed
            .program()
            .incoming(source, featc_ir::FileFormat::Jsonl, Vec::new());
        match nothing {
            Ok(nothing) => self.send(nothing, reading),
            Err(error) => {
                self.bug(&reading.from, &error);
                Ok(())
            }
        }
    }

    fn push(&mut self, incoming: Incoming, reading: Reading) -> Result<(), Ended> {
        loop {
            let (tell, told) = channel();
            let then = Box::new(move |result| drop(tell.send(result)));
            match self.feed.push(incoming.clone(), reading.clone(), then) {
                Ok(()) => {
                    self.in_flight = Some(Sent {
                        incoming,
                        reading,
                        told,
                    });
                    return Ok(());
                }
                Err(Refused::Request(error)) => {
                    self.bug(&reading.from, &error);
                    return Ok(());
                }
                Err(Refused::Stopping | Refused::Unwritable { .. }) => return Err(Ended),
                Err(Refused::Busy) => self.pause(AGAIN)?,
            }
        }
    }

    /// Waits until all that was sent is durable.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn settle(&mut self) -> Result<(), Ended> {
        while let Some(sent) = self.in_flight.take() {
            match sent.told.recv().unwrap_or(Err(Refused::Stopping)) {
                Ok(_) => {}
                Err(Refused::Request(error)) => self.bug(&sent.reading.from, &error),
                Err(Refused::Stopping) => return Err(Ended),
                Err(Refused::Busy | Refused::Unwritable { .. }) => {
                    if self.feed.failure().is_some() {
                        return Err(Ended);
                    }
                    self.pause(AGAIN)?;
                    self.push(sent.incoming, sent.reading)?;
                }
            }
        }
        self.sent_bytes = 0;
        Ok(())
    }

    /// Waits for so long.
    ///
    /// # Errors
    /// [`Ended`]: sooner, if so.
    pub fn pause(&self, time: Duration) -> Result<(), Ended> {
        let mut left = time;
        while !left.is_zero() {
            self.check()?;
            let slice = left.min(SLICE);
            std::thread::sleep(slice);
            left -= slice;
        }
        self.check()
    }

    /// # Errors
    /// [`Ended`], if so.
    pub fn check(&self) -> Result<(), Ended> {
        match self.feed.is_ending() {
            true => Err(Ended),
            false => Ok(()),
        }
    }

    fn bug(&self, from: &str, error: &featr::Error) {
        let help = "this is not your fault: please report it with what was read";
        self.feed.tell("E9999", from, error.to_string(), help);
    }
}
