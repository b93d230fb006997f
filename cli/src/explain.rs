//! `featc explain`: the page of a code.

use crate::args::ExplainArgs;
use crate::errors;
use crate::report::{Refused, Reporter};
use featc_driver::diag::{Code, suggest};

pub fn run(args: &ExplainArgs, reporter: &Reporter) -> Result<(), Refused> {
    let Some(code) = Code::from_code(&args.code) else {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.code()).collect();
        let nearest = suggest::nearest(&args.code.to_uppercase(), known.iter().copied());
        return reporter.refuse(errors::unknown_code(&args.code, nearest));
    };
    let value = serde_json::json!({ "code": code.code(), "title": code.title(), "since": code.since(), "page": code.explain() });
    reporter.result(code.explain().trim_end(), &value);
    Ok(())
}
