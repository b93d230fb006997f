//! After the shards: pushes land one after another, what cannot be used is kept aside, and those who pushed are told.

use crate::aside::{About, Aside};
use crate::error::Refused;
use crate::group::Push;
use crate::locks::locked;
use crate::reads;
use crate::shared::{FailsInPanic, Pushed, Shared};
use crate::workers::Workers;
use featr::{PushReport, Pushing, StepReport};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Groups that may wait until they have landed.
const GROUPS_MAX: usize = 2;

/// A push that is durable, on its way into the shards.
pub struct Landing {
    pub push: Push,
    pub staged: Result<InShards, featr::Error>,
}

/// Rows that shards take in.
pub struct InShards {
    pub pushing: Pushing,
    /// What came of each part so far.
    pub reports: Vec<StepReport>,
    /// How many shards tell of the rest, and where.
    pub shards: usize,
    pub told: Receiver<(usize, Vec<StepReport>)>,
}

/// A group of them; or the question whether all before have landed.
pub enum Flight {
    Group(Vec<Landing>, i64),
    Wait(Sender<()>),
}

/// The thread that lands.
pub struct Lander {
    flights: SyncSender<Flight>,
    thread: Option<JoinHandle<()>>,
}

impl Lander {
    /// # Errors
    /// The system refuses.
    pub fn begin(shared: Arc<Shared>, aside: Arc<Mutex<Aside>>, workers: Arc<Workers>) -> std::io::Result<Lander> {
        let (flights, coming) = sync_channel(GROUPS_MAX);
        let thread = std::thread::Builder::new().name("featr-lander".to_owned());
        let thread = thread.spawn(move || {
            let _told = FailsInPanic(shared.clone());
            while let Ok(flight) = coming.recv() {
                match flight {
                    Flight::Group(group, now_us) => land(&shared, &aside, &workers, group, now_us),
                    Flight::Wait(told) => drop(told.send(())),
                }
            }
        })?;
        Ok(Lander {
            flights,
            thread: Some(thread),
        })
    }

    /// Sends a group on its way after the others; waits while there are too many.
    pub fn send(&self, group: Vec<Landing>, now_us: i64) {
        let refused = |landing: Landing| (landing.push.then)(Err(Refused::Stopping));
        if let Err(error) = self.flights.send(Flight::Group(group, now_us))
            && let Flight::Group(group, _) = error.0
        {
            group.into_iter().for_each(refused);
        }
    }

    /// Waits until all that was sent has landed.
    pub fn wait(&self) {
        let (tell, told) = std::sync::mpsc::channel();
        if self.flights.send(Flight::Wait(tell)).is_ok() {
            let _ = told.recv();
        }
    }
}

impl Drop for Lander {
    fn drop(&mut self) {
        // The thread ends when nothing can come any more.
        self.flights = sync_channel(1).0;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits for the shards, and lands a push.
fn landed(shared: &Shared, landing: Landing) -> (Push, Result<PushReport, featr::Error>) {
    let Landing { push, staged } = landing;
    let report = staged.and_then(|staged| {
        let InShards {
            mut pushing,
            reports: mut staged,
            shards,
            told,
        } = staged;
        let mut heard = 0;
        for (_, reports) in told {
            heard += 1;
            for (known, report) in staged.iter_mut().zip(reports) {
                known.add(report);
            }
        }
        if heard < shards {
            let why = "a thread broke off in the midst of the state".to_owned();
            shared.fail(&why);
            return Err(featr::Error::Bug { why });
        }
        let answered = shared.core().answered.clone();
        staged.into_iter().for_each(|staged| pushing.landed(staged, &answered));
        let mut report = pushing.finish();
        if shared.tables.contains(&push.incoming.source) {
            report.overdue = push.late.len() as u64;
            report.overdue_rows.clone_from(&push.late);
        }
        if let (Some(stamped_us), Some(source)) = (push.stamped_us, shared.source(&push.incoming.source)) {
            report.advise_late(source, &push.incoming, stamped_us);
        }
        Ok(report)
    });
    if push.arrives_from_us().is_some() {
        shared.core().landed(push.stamped_us);
    }
    (push, report)
}

/// Lands a group, keeps aside what is to be kept, and answers.
fn land(shared: &Shared, aside: &Mutex<Aside>, workers: &Workers, group: Vec<Landing>, now_us: i64) {
    let mut done: Vec<(Push, Result<PushReport, featr::Error>, bool)> = Vec::with_capacity(group.len());
    for landing in group {
        let (push, report) = landed(shared, landing);
        done.push((push, report, false));
    }
    let delay_us = shared.options.delay_us;
    let cuts = shared.core().prepare(&*shared.clock, &shared.sources, delay_us);
    if let Some(cuts) = cuts {
        let _ = workers.let_in(&Arc::new(cuts));
    }
    let mut kept = Ok(());
    let mut aside = locked(aside);
    for (push, report, has_lines) in &mut done {
        let source = shared.source(&push.incoming.source);
        if let (Ok(report), Some(source)) = (report, source) {
            let about = About::of(push, now_us);
            let noted = aside.note(source, (&push.incoming, report), about);
            *has_lines = *noted.as_ref().unwrap_or(&true);
            kept = kept.and(noted.map(|_| ()).map_err(|error| error.to_string()));
        }
    }
    let kept = reads::kept(&mut aside, shared).map_err(|(why, _)| why).and(kept);
    drop(aside);
    for (push, report, has_lines) in done {
        let result = report.map_err(Refused::Request).and_then(|report| {
            if let Err(why) = kept.clone()
                && has_lines
            {
                return Err(Refused::Unwritable { why });
            }
            shared.count(&push.incoming, &report);
            if let Some(read) = &push.read {
                locked(&shared.first_rejects).note(&push.incoming, &report, &read.from);
            }
            let pushed = Pushed::of(&push.incoming, report, push.stamped_us);
            Ok(Pushed {
                copies: push.copies,
                ..pushed
            })
        });
        let took = push.begun.elapsed().as_micros();
        shared.counters.pushes.add(u64::try_from(took).unwrap_or(u64::MAX));
        (push.then)(result);
    }
}
