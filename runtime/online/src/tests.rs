mod compact;
mod cuts;
#[allow(dead_code, reason = "parts of it are for the tests of all engines alone")]
#[path = "../../../tests/support/disk.rs"]
mod disk;
mod entities;
mod faults;
mod feeds;
mod fill;
mod fixture;
mod gates;
mod inspect;
mod logs;
mod store;

use crate::disk::{Append, Disk};
