//! The engine with its instants: what an answer sees, and what is stamped.
//!
//! ```text
//! base    the instant that cuts follow from: the cut of a source is base − delay. It follows the clock, never goes back, and
//!         stays before the arrivals that were stamped and are not in the state yet.
//! bound   durable, with the cuts that follow from it: no answer is given with a base after it; after a crash the base and
//!         the cuts begin there.
//! stamp   the arrival of rows that say none: the clock, and after every base that was used.
//! ```
//!
//! Rows enter the state before somebody asks, as far as the next base will show them anyway: a question finds little to do. What
//! was *answered* with lies before that, and decides alone which rows came late.

use crate::clock::Clock;
use featc_ir::Source;
use featr::{Cuts, Error, Online};
use std::collections::BTreeSet;

#[derive(Debug)]
pub struct Core {
    pub online: Online,
    /// No base was greater.
    pub base_us: i64,
    pub bound_us: i64,
    /// The least arrival of rows that were stamped and are on their way.
    in_flight_us: Option<i64>,
    /// The greatest cuts that answers were given with, or may have been.
    pub answered: Cuts,
    /// Inputs whose cuts stand still.
    pub held: BTreeSet<String>,
    /// A snapshot is being taken, in parts: nothing is released meanwhile.
    pub is_taken: bool,
}

impl Core {
    /// `bound_us`: answers may have been given with bases up to it.
    pub fn new(online: Online, bound_us: Option<i64>) -> Core {
        let bound_us = bound_us.unwrap_or(i64::MIN);
        Core {
            online,
            base_us: bound_us,
            bound_us,
            in_flight_us: None,
            answered: Cuts::new(),
            held: BTreeSet::new(),
            is_taken: false,
        }
    }

    /// The base of an answer that is given now.
    pub fn base(&self, clock: &dyn Clock) -> i64 {
        let now_us = clock.now_us();
        let behind = self.in_flight_us.map_or(now_us, |stamp| now_us.min(stamp - 1));
        behind.max(self.base_us)
    }

    /// Stamps rows; until they have landed no base comes as far.
    pub fn stamp(&mut self, clock: &dyn Clock) -> i64 {
        let stamp = clock.now_us().max(self.base_us.saturating_add(1));
        self.in_flight_us = Some(stamp);
        stamp
    }

    /// No base comes as far until rows have landed that said this arrival themselves.
    pub fn guard(&mut self, arrival_us: i64) {
        let known = self.in_flight_us.unwrap_or(i64::MAX);
        self.in_flight_us = Some(known.min(arrival_us));
    }

    /// The rows with this stamp, if they have one, are in the state; those with the next one are not.
    pub fn landed_up_to(&mut self, stamp: Option<i64>, next: Option<i64>) {
        self.base_us = self.base_us.max(stamp.unwrap_or(i64::MIN));
        self.in_flight_us = next;
    }

    /// What was stamped will never be in the state. Of what may be in the log or not nobody says so: no base comes as far any
    /// more.
    pub fn never_lands(&mut self) {
        self.in_flight_us = None;
    }

    /// Releases what no question can reach that is asked so long before the base.
    pub fn release(&mut self, clock: &dyn Clock, history_us: u64) {
        // A question at the base has an answer, also if the clock goes back.
        self.base_us = self.base(clock);
        let horizon_us = self.base_us.saturating_sub_unsigned(history_us);
        if !self.is_taken && self.online.cut_us().is_none_or(|known| horizon_us > known) {
            // It does not go back.
            let _ = self.online.advance(horizon_us);
        }
    }

    /// Lets in what an answer would show that was given now, if it could be.
    ///
    /// # Errors
    /// None but bugs.
    pub fn prepare(&mut self, clock: &dyn Clock, sources: &[Source], delay_us: Option<u64>) -> Result<(), Error> {
        let base_us = self.base(clock);
        match base_us <= self.bound_us {
            true => self.let_in(base_us, sources, delay_us).map(drop),
            false => Ok(()),
        }
    }

    /// Lets in what a base shows. Whoever answers with these cuts adds them to those that were answered with.
    ///
    /// # Errors
    /// None but bugs.
    pub fn let_in(&mut self, base_us: i64, sources: &[Source], delay_us: Option<u64>) -> Result<Cuts, Error> {
        self.base_us = self.base_us.max(base_us);
        let cuts = self.cuts_at(base_us, sources, delay_us);
        if self.online.cuts() != Some(&cuts) {
            self.online.let_in(&cuts)?;
        }
        Ok(cuts)
    }

    /// What a base shows of each source that says when its rows arrive.
    pub fn cuts_at(&self, base_us: i64, sources: &[Source], delay_us: Option<u64>) -> Cuts {
        self.cuts_but(&self.held, base_us, sources, delay_us)
    }

    /// As [`Core::cuts_at`], where the cuts of other inputs stand still.
    pub fn cuts_but(&self, held: &BTreeSet<String>, base_us: i64, sources: &[Source], delay_us: Option<u64>) -> Cuts {
        let known = self.online.cuts();
        let mut cuts = cuts_at(known, base_us, sources, delay_us);
        for name in held {
            match known.and_then(|known| known.get(name)) {
                Some(known_us) => drop(cuts.insert(name.clone(), *known_us)),
                None => drop(cuts.remove(name)),
            }
        }
        cuts
    }

    /// Goes on behind answers with these cuts: rows that come from now on and lie there come late.
    ///
    /// # Errors
    /// None but bugs.
    pub fn resume(&mut self, answered: &Cuts, sources: &[Source]) -> Result<(), Error> {
        let known = self.online.cuts().cloned().unwrap_or_default();
        let has_cut = |source: &&Source| source.tells_arrival() && answered.contains_key(&source.name);
        let later = sources.iter().filter(has_cut).filter_map(|source| {
            let answered_us = answered[&source.name];
            let is_later = known.get(&source.name).is_none_or(|known_us| *known_us < answered_us);
            is_later.then(|| (source.name.clone(), answered_us))
        });
        let later: Cuts = later.collect();
        if !later.is_empty() {
            self.online.let_in(&later)?;
        }
        // What was let in was not behind them.
        self.answered = self.online.cuts().cloned().unwrap_or_default();
        Ok(())
    }
}

/// What a base shows of each source that says when its rows arrive; none goes back behind a cut that is `known`.
pub fn cuts_at(known: Option<&Cuts>, base_us: i64, sources: &[Source], delay_us: Option<u64>) -> Cuts {
    let cut = |source: &Source| {
        let cut_us = base_us.saturating_sub_unsigned(delay_us.unwrap_or(source.delay_us));
        // With a longer delay than before the cut stays until it is reached again.
        let known_us = known.and_then(|known| known.get(&source.name));
        (
            source.name.clone(),
            known_us.map_or(cut_us, |known_us| cut_us.max(*known_us)),
        )
    };
    sources
        .iter()
        .filter(|source| source.tells_arrival())
        .map(cut)
        .collect()
}
