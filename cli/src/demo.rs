//! `featc demo`: the whole tour, on real flights that come with the binary.

mod serving;

use crate::answered::{Answered, batch, write};
use crate::args::{
    AT_COLUMN, BuildArgs, DemoArgs, GetArgs, Given, ProgramArgs, ReplayOptions, RunArgs, SpineArgs, TruthArg,
    VerifyArgs,
};
use crate::outputs::check_out;
use crate::report::{Refused, Reporter};
use crate::run::{Prepared, prepare};
use crate::table::excerpt;
use crate::{build, errors, get, verify};
use arrow::array::Array as _;
use featr::{Most, Spine, Training};
use std::path::{Path, PathBuf};

const PROGRAM: &[u8] = include_bytes!("../../examples/flights/flights.feat");
const EVENTS: &[u8] = include_bytes!("../../examples/flights/data/flights-2013-q1.parquet");
const SPINE: &[u8] = include_bytes!("../../examples/flights/data/spine-q1.csv");
const SERVICE: &str = "delay_v1";

fn unpack(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join("data"))?;
    std::fs::write(folder.join("flights.feat"), PROGRAM)?;
    std::fs::write(folder.join("data/flights-2013-q1.parquet"), EVENTS)?;
    std::fs::write(folder.join("data/spine-q1.csv"), SPINE)
}

struct Tour<'a> {
    folder: PathBuf,
    reporter: &'a Reporter,
}

impl Tour<'_> {
    fn say(&self, text: &str) {
        if !self.reporter.json {
            self.reporter.result(text, &serde_json::Value::Null);
        }
    }

    fn program_args(&self, truth: TruthArg) -> ProgramArgs {
        ProgramArgs {
            program: self.folder.join("flights.feat"),
            service: SERVICE.to_owned(),
            run: RunArgs {
                every_row: false,
                served_log: vec![],
                given: Given::default(),
                sources: vec![],
                truth: Some(truth),
                delay: None,
                strict: false,
                max_rejected: Most::ALL,
                max_missing: None,
                rejected: None,
                threads: None,
                memory_limit: None,
                temp_dir: None,
            },
        }
    }

    fn prepared(&self, truth: TruthArg) -> Result<Prepared, Refused> {
        prepare(&self.program_args(truth), self.reporter)
    }

    fn spine(&self, prepared: &Prepared) -> Result<Spine, Refused> {
        let args = SpineArgs {
            spine: self.folder.join("data/spine-q1.csv"),
            at_column: AT_COLUMN.to_owned(),
            zone: None,
        };
        prepared.spine(&args, self.reporter)
    }

    fn training(&self, prepared: &Prepared, truth: TruthArg) -> Result<Training, Refused> {
        let spine = self.spine(prepared)?;
        batch(
            prepared,
            &self.program_args(truth).run,
            spine,
            true,
            None,
            self.reporter,
        )?
        .collect(self.reporter)
    }
}

/// On how many rows the values of a feature differ between two truths.
fn rows_that_differ(left: &Training, right: &Training, feature: &str) -> usize {
    let differ = |(left, right): (&arrow::array::RecordBatch, &arrow::array::RecordBatch)| {
        let columns = left.column_by_name(feature).zip(right.column_by_name(feature));
        columns.map_or(0, |(left, right)| {
            (0..left.len())
                .filter(|row| left.slice(*row, 1).to_data() != right.slice(*row, 1).to_data())
                .count()
        })
    };
    left.batches.iter().zip(&right.batches).map(differ).sum()
}

pub fn run(args: &DemoArgs, reporter: &Reporter) -> Result<(), Refused> {
    let temporary = match &args.keep {
        Some(_) => None,
        None => Some(
            tempfile::tempdir()
                .or_else(|e| reporter.refuse(errors::unwritable("a temporary folder", &e.to_string())))?,
        ),
    };
    let folder = args
        .keep
        .clone()
        .or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned()))
        .unwrap_or_default();
    unpack(&folder)
        .or_else(|error| reporter.refuse(errors::unwritable(&folder.display().to_string(), &error.to_string())))?;
    let tour = Tour { folder, reporter };
    tour.say("80 678 departures from New York City, January to March 2013. A flight's delay is known when it lands.\n");
    tour.build()?;
    let honest = tour.prepared(TruthArg::AsOfArrival)?;
    let training = tour.training(&honest, TruthArg::AsOfArrival)?;
    tour.train(&honest, &training)?;
    tour.get()?;
    let leaking = tour.prepared(TruthArg::Complete)?;
    let complete = tour.training(&leaking, TruthArg::Complete)?;
    tour.tell_leak(&training, &complete);
    tour.verify(&honest, &training, "")?;
    tour.verify(&leaking, &complete, " --truth complete")?;
    serving::stop((&tour.folder, &args.itself), (&honest.program, SERVICE), reporter)?;
    if args.keep.is_some() {
        tour.say(&format!("\nThe files of this tour are in {}", tour.folder.display()));
    }
    Ok(())
}

/// The stops.
impl Tour<'_> {
    fn build(&self) -> Result<(), Refused> {
        self.say("$ featc build flights.feat");
        let args = BuildArgs {
            program: self.folder.join("flights.feat"),
            out: self.folder.join("target/feat"),
        };
        build::run(&args, self.reporter)
    }

    /// Writes a training set and shows its last rows.
    fn train(&self, prepared: &Prepared, training: &Training) -> Result<(), Refused> {
        self.say(&format!(
            "\n$ featc train flights.feat --service {SERVICE} --spine data/spine-q1.csv --out train.parquet"
        ));
        let run = self.program_args(TruthArg::AsOfArrival).run;
        let out = check_out(&self.folder.join("train.parquet"), self.reporter)?;
        let mut answered = Answered::whole(training.clone());
        write(prepared, &mut answered, out, None, &run, self.reporter)?;
        let shown = [
            "flight_id",
            "carrier",
            "timestamp",
            "late",
            "carrier_punctuality__mean_delay_3h",
            "carrier_punctuality__late_share",
            "route_traffic__flights_1h",
            "aircraft_history__air_hours_7d",
        ];
        let batches = training.batches.iter();
        let last = batches.map(|batch| batch.slice(batch.num_rows().saturating_sub(5), batch.num_rows().min(5)));
        self.say(&excerpt(&last.collect::<Vec<_>>(), &shown, 5, self.reporter)?);
        Ok(())
    }

    fn get(&self) -> Result<(), Refused> {
        self.say(&format!(
            "\n$ featc get flights.feat --service {SERVICE} --key carrier=AA --key origin=JFK --key tailnum=N338AA --at 2013-03-01T12:00:00Z"
        ));
        let keys = ["carrier=AA", "origin=JFK", "tailnum=N338AA"].map(str::to_owned);
        let args = GetArgs {
            program: self.program_args(TruthArg::AsOfArrival),
            keys: keys.to_vec(),
            at: "2013-03-01T12:00:00Z".to_owned(),
        };
        get::run(&args, self.reporter)
    }

    fn tell_leak(&self, training: &Training, complete: &Training) {
        self.say("\nThe leak: what a training set sees when it takes every event up to t, known or not");
        for feature in [
            "carrier_punctuality__mean_delay_3h",
            "carrier_punctuality__mean_delay_7d",
        ] {
            let (differ, rows) = (rows_that_differ(training, complete, feature), training.report.rows);
            let text = format!("  {feature}: complete differs from as-of-arrival on {differ} of {rows} rows");
            let value = serde_json::json!({ "feature": feature, "leaking_rows": differ, "rows": rows });
            self.reporter.result(&text, &value);
        }
    }

    /// What the command says that is printed; `truth` is its option.
    fn verify(&self, prepared: &Prepared, training: &Training, truth: &str) -> Result<(), Refused> {
        self.say(&format!(
            "\n$ featc verify flights.feat --service {SERVICE} --spine data/spine-q1.csv{truth} --shuffle 1 --restart-every 20000"
        ));
        let options = ReplayOptions {
            chunk: 4096,
            shuffle: Some(1),
            restart_every: Some(20_000),
        };
        let options = verify::Options {
            run: &self.program_args(TruthArg::Complete).run,
            replay: &options,
            sample: VerifyArgs::SAMPLE,
            seed: 1,
        };
        let compared = verify::agreed(prepared, &self.spine(prepared)?, training, &options, self.reporter)?;
        let value =
            serde_json::json!({ "truth": prepared.truth_text(), "values": compared.values, "differ": compared.differ });
        self.reporter.result(&verify::words(prepared, &compared), &value);
        Ok(())
    }
}
