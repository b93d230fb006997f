mod compact;
mod cuts;
// Parts of it are for the tests of all engines alone.
#[allow(dead_code)]
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
