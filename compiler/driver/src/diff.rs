//! Two programs compared by what they mean: feature by feature, service by service, and the state of a server.
//!
//! A feature is told by its fingerprint, which changes exactly when a value or a status may. What a change consists in is
//! said by clauses, in the words of the language; they explain, and decide nothing.

mod features;
mod services;
mod state;

pub use features::{FeatureChange, FeatureDiff, Part};
pub use services::ServiceDiff;
pub use state::{Kept, LogDiff};

use crate::Plans;
use featc_ir::Program;
use featc_ir::hash::program_hash;

/// What a program means beside an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// The hash of the older program, in hexadecimal.
    pub old: String,
    /// The hash of the newer one.
    pub new: String,
    /// Every feature of either: those of the new program in declared order, then those that are gone.
    pub features: Vec<FeatureDiff>,
    /// Services in which something differs: those of the new program in declared order, then those that are gone.
    pub services: Vec<ServiceDiff>,
    /// The events that a server of the new program keeps, and what it finds of them in the state of the old one.
    pub state: Vec<LogDiff>,
}

impl Diff {
    /// Two programs, each with its plans.
    pub fn of((old, old_plans): (&Program, &Plans), (new, new_plans): (&Program, &Plans)) -> Diff {
        let features = features::compare(old, new);
        let services = services::compare(old, new, &features);
        Diff {
            old: program_hash(old),
            new: program_hash(new),
            services,
            features,
            state: state::compare((old, &old_plans.stream), (new, &new_plans.stream)),
        }
    }

    /// Whether all that the old program offers is there under its name with its values: at most something is added.
    pub fn keeps_everything(&self) -> bool {
        let kept = |feature: &FeatureDiff| matches!(feature.change, FeatureChange::Same | FeatureChange::Added);
        self.features.iter().all(kept) && self.services.iter().all(ServiceDiff::keeps_everything)
    }

    /// How many features there are of a kind.
    pub fn count(&self, of: impl Fn(&FeatureChange) -> bool) -> usize {
        self.features.iter().filter(|feature| of(&feature.change)).count()
    }
}

#[cfg(test)]
mod tests;
