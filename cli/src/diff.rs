//! `featc diff`: what a program means beside an older one.

mod read;
mod shown;

use crate::args::DiffArgs;
use crate::report::{Refused, Reporter};
use featc_driver::diff::Diff;

pub fn run(args: &DiffArgs, reporter: &Reporter) -> Result<(), Refused> {
    let old = read::program(&args.old, reporter)?;
    let new = read::program(&args.new, reporter)?;
    let plans = [&old, &new].map(featc_driver::lower);
    let diff = Diff::of((&old, &plans[0]), (&new, &plans[1]));
    let text = match args.markdown {
        true => shown::markdown(args, &diff),
        false => shown::text(&diff),
    };
    reporter.result(&text, &shown::json(&diff));
    match diff.keeps_everything() {
        true => Ok(()),
        false => Err(Refused),
    }
}
