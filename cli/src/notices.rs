//! `featc notices`: the licences of the crates that the binary contains.

use crate::report::{Refused, Reporter};

/// Written by `cli/notices.py`.
const NOTICES: &str = include_str!("../../NOTICES.txt");

pub fn run(reporter: &Reporter) -> Result<(), Refused> {
    reporter.result(NOTICES.trim_end(), &serde_json::json!({ "notices": NOTICES }));
    Ok(())
}
