//! `featc train`: a training set from the batch engine.

use crate::answered::{Answered, batch};
use crate::args::{ProgramArgs, RunArgs, SpineArgs, TrainArgs, TrainCommand};
use crate::errors;
use crate::found;
use crate::lake::Out;
use crate::outputs::{Aside, check_columns};
use crate::provenance::Recorder;
use crate::report::{Refused, Reporter};
use crate::reproduce::reproduce;
use crate::run::{Prepared, prepare};
use crate::settle::{check_spine, settle};
use featr::provenance::{HashInputs, Provenance};

/// The arguments of a training set that is not made from a record.
pub fn set(args: &TrainCommand, reporter: &Reporter) -> Result<TrainArgs, Refused> {
    // Of a served log the files are known once they are looked for.
    let spine = args.spine.as_ref().or(args.served_log.first());
    let (Some(program), Some(service), Some(spine), Some(out)) = (&args.program, &args.service, spine, &args.out)
    else {
        return reporter.refuse(errors::bug("an argument that is required is missing"));
    };
    Ok(TrainArgs {
        program: ProgramArgs {
            program: program.clone(),
            service: service.clone(),
            run: RunArgs {
                served_log: args.served_log.clone(),
                ..args.run.clone()
            },
        },
        spine: SpineArgs {
            spine: spine.clone(),
            at_column: args.at_column.clone(),
            zone: args.zone.clone(),
        },
        out: out.clone(),
        lake: args.lake.clone(),
        status: args.status,
    })
}

pub fn run(args: &TrainCommand, reporter: &Reporter) -> Result<(), Refused> {
    if let Some(file) = &args.from_provenance {
        return reproduce(args, file, reporter);
    }
    let set = set(args, reporter)?;
    let out = Out::check(&set, reporter)?;
    let prepared = prepare(&set.program, reporter)?;
    out.check_overwrites(&prepared, &set, reporter)?;
    let (mut training, record) = answer(&prepared, &set, args.hash_inputs, out.format(&set), reporter)?;
    out.write(&prepared, &mut training, &set, Some(&record), reporter)?;
    if args.explain {
        let plan = training.measured().unwrap_or_default();
        let lines: Vec<&str> = plan.lines().collect();
        reporter.result(plan.trim_end(), &serde_json::json!({ "plan": lines }));
    }
    Ok(())
}

/// Answers the questions and tells of them; with the record of the training set.
pub fn answer(
    prepared: &Prepared,
    set: &TrainArgs,
    hash_inputs: bool,
    format: &str,
    reporter: &Reporter,
) -> Result<(Answered, Provenance), Refused> {
    let run = &set.program.run;
    let hash = match hash_inputs {
        true => HashInputs::All,
        false => HashInputs::Usual,
    };
    let recorder = Recorder::begin(prepared, &set.program, &set.spine, hash, reporter)?;
    let spine = prepared.spine(&set.spine, reporter)?;
    check_spine(prepared, &spine, run, reporter)?;
    check_columns(prepared, &spine, set, reporter)?;
    let aside = Aside::new(run, reporter)?;
    let training = batch(prepared, run, spine, set.status, aside.as_ref(), reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    settle(&training.report, run, reporter)?;
    training.check_found(prepared, run, reporter)?;
    found::tell(prepared, &training, reporter);
    let record = recorder.end(prepared, &training, format, set.status, reporter)?;
    Ok((training, record))
}
