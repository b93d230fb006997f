//! Whether the data of a run go beyond its limits.

use crate::error::Error;
use crate::limits::{Limits, Most};
use crate::program::Program;
use crate::recorded::Side;
use crate::results::RunReport;
use crate::spine::Spine;

impl Program {
    /// Refuses a run whose data go beyond the limits. `questions` are those of the run, `side` is what it read.
    ///
    /// # Errors
    /// [`Error::TooManyRejected`], [`Error::NothingLookedUp`], [`Error::NothingFound`], [`Error::TooManyMissing`]; what reading the files again says,
    /// which is done to tell why a view finds nothing.
    pub fn check_limits(
        &self,
        service: &str,
        report: &RunReport,
        questions: &Spine,
        side: Side,
        limits: &Limits,
    ) -> Result<(), Error> {
        report.check_rejected(limits)?;
        self.check_lookups(service, report, limits)?;
        for view in &report.views {
            let exceeded = match limits.missing {
                None => view.questions > 0 && view.missing == view.questions,
                Some(most) => most.is_exceeded(view.missing, view.questions),
            };
            if !exceeded {
                continue;
            }
            if view.missing == view.questions {
                let why = self.absence(service, &view.view, questions, side)?;
                return Err(Error::NothingFound {
                    view: view.view.clone(),
                    questions: view.questions,
                    why: Box::new(why),
                });
            }
            return Err(Error::TooManyMissing {
                view: view.view.clone(),
                missing: view.missing,
                questions: view.questions,
                most: limits.missing.unwrap_or(Most::ALL),
            });
        }
        Ok(())
    }

    /// Refuses a lookup none of whose keys finds a row, unless every question may find nothing.
    ///
    /// # Errors
    /// [`Error::NothingLookedUp`]; what reading the table again says.
    pub fn check_lookups(&self, service: &str, report: &RunReport, limits: &Limits) -> Result<(), Error> {
        let may = |asked: u64| limits.missing.is_some_and(|most| !most.is_exceeded(asked, asked));
        let mut lookups = report.lookups.iter();
        let Some(lookup) = lookups.find(|lookup| lookup.asked > 0 && lookup.missing() == lookup.asked) else {
            return Ok(());
        };
        if may(lookup.asked) {
            return Ok(());
        }
        Err(Error::NothingLookedUp {
            why: Box::new(self.stray(service, lookup)?),
            lookup: Box::new(lookup.clone()),
        })
    }
}
