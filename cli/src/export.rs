//! `featc export`: what other tools read.

mod catalogue;
mod feast;
mod texts;

use crate::args::{ExportCommand, ExportTarget};
use crate::report::{Refused, Reporter};

pub fn run(command: &ExportCommand, reporter: &Reporter) -> Result<(), Refused> {
    match &command.what {
        ExportTarget::Feast(args) => feast::run(args, reporter),
    }
}
