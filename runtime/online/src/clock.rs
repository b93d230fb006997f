//! What time it is.

use crate::error::StateError;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time, in microseconds since 1970-01-01T00:00:00Z.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present, in microseconds since 1970-01-01T00:00:00Z; negative before it. It may go back.
    fn now_us(&self) -> i64;

    /// Waits until it is so late.
    fn wait_until(&self, us: i64);
}

/// How far the clock may lie behind what was answered.
const BEHIND_US: i64 = 10_000_000;

/// How far the clock is behind the instant up to which answers may have been given; no more than 0 where it is not.
///
/// # Errors
/// So far that it must be wrong.
pub fn lag_us(answered_us: i64, clock: &dyn Clock) -> Result<i64, StateError> {
    let now_us = clock.now_us();
    match answered_us.saturating_sub(now_us) {
        behind_us if behind_us > BEHIND_US => Err(StateError::ClockBehind { now_us, answered_us }),
        behind_us => Ok(behind_us),
    }
}

/// The clock of the system.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
        }
    }

    fn wait_until(&self, us: i64) {
        let left_us = us.saturating_sub(self.now_us());
        std::thread::sleep(Duration::from_micros(u64::try_from(left_us).unwrap_or(0)));
    }
}

/// A clock that is set by hand, for tests.
#[derive(Debug, Default)]
pub struct SetClock(pub AtomicI64);

impl SetClock {
    /// One that stands at this instant, in microseconds since the epoch, until it is set.
    pub fn at(us: i64) -> SetClock {
        SetClock(AtomicI64::new(us))
    }

    /// Sets it to this instant, in microseconds since the epoch; back, too.
    pub fn set(&self, us: i64) {
        self.0.store(us, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now_us(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// The hands are moved there, if they are not beyond.
    fn wait_until(&self, us: i64) {
        self.0.fetch_max(us, Ordering::SeqCst);
    }
}
