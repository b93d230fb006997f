//! `featc build`: plans, IR and manifest on disk.

use crate::args::BuildArgs;
use crate::check::compile;
use crate::errors;
use crate::report::{Refused, Reporter, counted};

pub fn run(args: &BuildArgs, reporter: &Reporter) -> Result<(), Refused> {
    let (_, program) = compile(&args.program, reporter)?;
    let plans = featc_driver::lower(&program);
    let folder =
        featc_driver::build(&program, &plans, &args.out).or_else(|error| reporter.refuse(errors::build(&error)))?;
    let text = format!(
        "built {} (program {}): {}, {}",
        folder.display(),
        plans.stream.program,
        counted(plans.batch.len(), "batch plan"),
        counted(plans.stream.operators.len(), "stream operator")
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
