mod backup;
mod compact;
mod cuts;
#[allow(dead_code, reason = "parts of it are for the tests of all engines alone")]
#[path = "../../../tests/support/disk.rs"]
mod disk;
mod embedded;
mod entities;
mod faults;
mod feeds;
mod fill;
mod fixture;
mod gates;
mod inspect;
mod logs;
#[path = "../../../tests/support/objects.rs"]
mod objects;
mod store;

use crate::backup::Objects;
use crate::disk::{Append, Disk};
