//! The instants of a state: what an answer sees, and what is stamped.
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
use std::collections::{BTreeSet, VecDeque};

#[derive(Debug)]
pub struct Core {
    /// No base was greater.
    pub base_us: i64,
    pub bound_us: i64,
    /// Of each push that is on its way, as they land, from when on its rows arrive.
    in_flight_us: VecDeque<i64>,
    /// The last stamp, and the last one of rows that have landed.
    stamped_us: i64,
    landed_us: i64,
    /// The greatest cuts that rows were let in up to.
    pub shown: Cuts,
    /// The greatest cuts that answers were given with, or may have been.
    pub answered: Cuts,
    /// Inputs whose cuts stand still.
    pub held: BTreeSet<String>,
    /// A snapshot is being taken, in parts: nothing is released meanwhile.
    pub is_taking: bool,
}

impl Core {
    /// `bound_us`: answers may have been given with bases up to it; `shown` is what the state shows.
    pub fn new(bound_us: Option<i64>, shown: Cuts) -> Core {
        let bound_us = bound_us.unwrap_or(i64::MIN);
        Core {
            base_us: bound_us,
            bound_us,
            in_flight_us: VecDeque::new(),
            stamped_us: i64::MIN,
            landed_us: i64::MIN,
            shown,
            answered: Cuts::new(),
            held: BTreeSet::new(),
            is_taking: false,
        }
    }

    /// The base of an answer that is given now.
    pub fn base(&self, clock: &dyn Clock) -> i64 {
        let now_us = clock.now_us();
        let first = self.in_flight_us.iter().min();
        let before_in_flight = first.map_or(now_us, |first| now_us.min(first.saturating_sub(1)));
        before_in_flight.max(self.base_us)
    }

    /// A stamp for rows, after all others.
    pub fn stamp(&mut self, clock: &dyn Clock) -> i64 {
        let least = self.base_us.max(self.stamped_us).saturating_add(1);
        self.stamped_us = clock.now_us().max(least);
        self.stamped_us
    }

    /// A push is on its way whose rows arrive at this instant at the earliest: until it has landed no base comes as far.
    pub fn sent(&mut self, from_us: i64) {
        self.in_flight_us.push_back(from_us);
    }

    /// The first of the pushes that are on their way is in the state, its rows with this stamp if they have one.
    pub fn landed(&mut self, stamp_us: Option<i64>) {
        self.landed_us = self.landed_us.max(stamp_us.unwrap_or(i64::MIN));
        self.in_flight_us.pop_front();
        // One after it may have rows that arrived before.
        let others = self.in_flight_us.iter().min();
        let most = others.map_or(i64::MAX, |first| first.saturating_sub(1));
        self.base_us = self.base_us.max(self.landed_us.min(most));
    }

    /// The last so many pushes will never be in the state. Of what may be in the log or not nobody says so: no base comes as far
    /// any more.
    pub fn never_lands(&mut self, pushes: usize) {
        let left = self.in_flight_us.len().saturating_sub(pushes);
        self.in_flight_us.truncate(left);
    }

    /// Moves the base along with the clock; tells the instant from which on questions are asked.
    pub fn horizon(&mut self, clock: &dyn Clock, history_us: u64) -> i64 {
        // A question at the base has an answer, also if the clock goes back.
        self.base_us = self.base(clock);
        self.base_us.saturating_sub_unsigned(history_us)
    }

    /// What an answer would show that was given now, if it could be.
    pub fn prepare(&mut self, clock: &dyn Clock, sources: &[Source], delay_us: Option<u64>) -> Option<Cuts> {
        let base_us = self.base(clock);
        (base_us <= self.bound_us).then(|| self.show(base_us, sources, delay_us).clone())
    }

    /// The cuts of a base. Whoever answers with them says so.
    pub fn show(&mut self, base_us: i64, sources: &[Source], delay_us: Option<u64>) -> &Cuts {
        self.base_us = self.base_us.max(base_us);
        self.shown = self.cuts_at(base_us, sources, delay_us);
        &self.shown
    }

    /// Answers were given with these cuts.
    pub fn answer(&mut self, cuts: &Cuts) {
        for (source, cut_us) in cuts {
            match self.answered.get_mut(source) {
                Some(known_us) => *known_us = (*known_us).max(*cut_us),
                None => drop(self.answered.insert(source.clone(), *cut_us)),
            }
        }
    }

    /// What a base shows of each source that says when its rows arrive.
    pub fn cuts_at(&self, base_us: i64, sources: &[Source], delay_us: Option<u64>) -> Cuts {
        self.cuts_but(&self.held, base_us, sources, delay_us)
    }

    /// As [`Core::cuts_at`], where the cuts of other inputs stand still.
    pub fn cuts_but(&self, held: &BTreeSet<String>, base_us: i64, sources: &[Source], delay_us: Option<u64>) -> Cuts {
        let mut cuts = cuts_at(Some(&self.shown), base_us, sources, delay_us);
        for name in held {
            match self.shown.get(name) {
                Some(known_us) => drop(cuts.insert(name.clone(), *known_us)),
                None => drop(cuts.remove(name)),
            }
        }
        cuts
    }

    /// Goes on after answers with these cuts: rows that come from now on and lie there come late.
    ///
    /// # Errors
    /// None but bugs.
    pub fn resume(&mut self, online: &mut Online, answered: &Cuts, sources: &[Source]) -> Result<(), Error> {
        let known = online.cuts().cloned().unwrap_or_default();
        let has_cut = |source: &&Source| source.tells_arrival() && answered.contains_key(&source.name);
        let later = sources.iter().filter(has_cut).filter_map(|source| {
            let answered_us = answered[&source.name];
            let is_later = known.get(&source.name).is_none_or(|known_us| *known_us < answered_us);
            is_later.then(|| (source.name.clone(), answered_us))
        });
        let later: Cuts = later.collect();
        if !later.is_empty() {
            online.let_in(&later)?;
        }
        // What was let in was not behind them.
        self.answered = online.cuts().cloned().unwrap_or_default();
        self.shown.clone_from(&self.answered);
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
