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
    let hash = featc_ir::hash::program_hash(&program);
    let operators: usize = plans.stream.iter().map(featc_ir::plan::StreamGraph::operators).sum();
    let text = format!(
        "built {} (program {hash}): {}, {}",
        folder.display(),
        counted(plans.batch.len(), "batch plan"),
        counted(operators, "stream operator")
    );
    let value = serde_json::json!({
        "folder": folder.display().to_string(),
        "program": hash,
        "batch_plans": plans.batch.len(),
        "stream_operators": operators,
    });
    reporter.result(&text, &value);
    Ok(())
}
