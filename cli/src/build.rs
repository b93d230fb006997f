//! `featc build`: plans, IR and manifest on disk.

use crate::args::BuildArgs;
use crate::check::compile;
use crate::errors;
use crate::report::{Refused, Reporter};

pub fn run(args: &BuildArgs, reporter: &Reporter) -> Result<(), Refused> {
    let (_, program) = compile(&args.program, reporter)?;
    let plans = featc_driver::lower(&program);
    let folder =
        featc_driver::build(&program, &plans, &args.out).or_else(|error| reporter.refuse(errors::build(&error)))?;
    let text = format!(
        "built {} (program {}): {} batch plans, {} stream operators",
        folder.display(),
        plans.stream.program,
        plans.batch.len(),
        plans.stream.operators.len()
    );
    let value = serde_json::json!({
        "folder": folder.display().to_string(),
        "program": plans.stream.program,
        "batch_plans": plans.batch.len(),
        "stream_operators": plans.stream.operators.len(),
    });
    reporter.result(&text, &value);
    Ok(())
}
