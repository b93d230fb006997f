//! Suites that run model, batch and stream: the spec pages, the randomised agreement, the examples.

#[path = "suite/agree.rs"]
mod agree;
#[path = "suite/alone.rs"]
mod alone;
#[allow(dead_code, reason = "parts of it are for other tests alone")]
#[path = "support/broker.rs"]
mod broker;
#[allow(dead_code, reason = "parts of it are for the tests of `featr-online` alone")]
#[path = "support/disk.rs"]
mod disk;
#[path = "suite/evaluators.rs"]
mod evaluators;
#[path = "suite/examples.rs"]
mod examples;
#[path = "suite/lake.rs"]
mod lake;
#[allow(dead_code, reason = "parts of it are for the tests of `featr-online` alone")]
#[path = "support/objects.rs"]
mod objects;
#[path = "suite/oracle.rs"]
mod oracle;
#[path = "suite/physical.rs"]
mod physical;
#[allow(dead_code, reason = "parts of it are for other tests alone")]
#[path = "support/registry.rs"]
mod registry;
#[path = "suite/rejects.rs"]
mod rejects;
#[path = "suite/sessions.rs"]
mod sessions;
#[path = "suite/spec.rs"]
mod spec;
#[path = "suite/witness.rs"]
mod witness;

use featr_online::{Append, Disk, Objects};
