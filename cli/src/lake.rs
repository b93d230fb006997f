//! Results into object stores and Delta tables.

use crate::answered::{Answered, tell, write};
use crate::args::{ModeArg, OutFormat, TrainArgs};
use crate::errors;
use crate::foreign;
use crate::outputs::{check_out, check_overwrites};
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use clap::ValueEnum as _;
use featr::lake::{DeltaTarget, LakeStore, Mode, is_address};
use featr::provenance::{PROVENANCE_KEY, Provenance, sidecar};
use featr::{Claim, DecodeError, WriteOptions, output_format};

/// Where a result goes, looked at before any work is done.
pub enum Out {
    File(Claim),
    Object(LakeStore, String),
    Delta(Box<DeltaTarget>),
}

impl Out {
    /// Refuses an output that could not be written.
    pub fn check(args: &TrainArgs, reporter: &Reporter) -> Result<Out, Refused> {
        let name = args.out.display().to_string();
        let refuse = |error: DecodeError| {
            reporter
                .refuse::<()>(errors::run(&error.into(), None))
                .expect_err("refused")
        };
        let store = match &args.program.run.temp_dir {
            Some(folder) => LakeStore::new().with_temp(folder.clone()),
            None => LakeStore::new(),
        };
        match (args.lake.out_format, args.lake.mode) {
            (OutFormat::Delta, _) if args.out.to_str().is_none() => {
                let help = "choose a name that is UTF-8: a Delta log holds names as text";
                reporter.refuse(errors::argument(
                    "--out",
                    &name,
                    "the name of a table that is no text",
                    help,
                ))
            }
            (OutFormat::Delta, mode) => {
                let mode = match mode {
                    None | Some(ModeArg::Create) => Mode::Create,
                    Some(ModeArg::Append) => Mode::Append,
                    Some(ModeArg::Overwrite) => Mode::Overwrite,
                };
                let target = store.delta(&name, mode).map_err(refuse)?;
                Ok(Out::Delta(Box::new(target)))
            }
            (OutFormat::File, Some(mode)) => {
                let value = mode
                    .to_possible_value()
                    .map_or(String::new(), |value| value.get_name().to_owned());
                let help = "pass `--out-format delta` with it: one file is always replaced";
                reporter.refuse(errors::argument("--mode", &value, "says nothing about a file", help))
            }
            (OutFormat::File, None) if is_address(&name) => {
                store.check_object(&name).map_err(refuse)?;
                Ok(Out::Object(store, name))
            }
            (OutFormat::File, None) => check_out(&args.out, reporter).map(Out::File),
        }
    }

    /// Refuses an output that is an input of the same command.
    pub fn check_overwrites(&self, prepared: &Prepared, args: &TrainArgs, reporter: &Reporter) -> Result<(), Refused> {
        let file = match self {
            Out::File(claim) => Some(claim.target()),
            // A table is read at one version and keeps it.
            Out::Object(..) | Out::Delta(_) => None,
        };
        check_overwrites(prepared, &args.program.run, Some(&args.spine.spine), file, reporter)?;
        if let Some(file) = file {
            foreign::check_result(prepared, file, reporter)?;
            let record = sidecar(file);
            check_overwrites(
                prepared,
                &args.program.run,
                Some(&args.spine.spine),
                Some(&record),
                reporter,
            )?;
        }
        if let Out::Object(_, address) = self {
            let files = prepared.program.input_files(&prepared.service).unwrap_or_default();
            if files.iter().any(|file| file.to_str() == Some(address.as_str())) {
                return reporter.refuse(errors::overwrites(address, "a source file"));
            }
        }
        Ok(())
    }

    /// The word that records have for it.
    pub fn format(&self, args: &TrainArgs) -> &'static str {
        match self {
            Out::File(_) | Out::Object(..) => output_format(&args.out).map_or("", |format| format.name()),
            Out::Delta(_) => "delta",
        }
    }

    /// Writes a training set, whole or not at all, and tells what it is. Its record goes beside a file, into the metadata of
    /// Parquet and Arrow files and objects, and into the commit of a table.
    pub fn write(
        self,
        prepared: &Prepared,
        training: &mut Answered,
        args: &TrainArgs,
        record: Option<&Provenance>,
        reporter: &Reporter,
    ) -> Result<(), Refused> {
        let refuse = |error: DecodeError| {
            reporter
                .refuse::<()>(errors::run(&error.into(), None))
                .expect_err("refused")
        };
        match self {
            Out::File(claim) => write(prepared, training, claim, record, &args.program.run, reporter),
            Out::Object(store, address) => {
                let schema = training.schema.clone();
                let options = WriteOptions {
                    metadata: metadata(record),
                    ..args.program.run.write_options()
                };
                store
                    .write_object_with(&address, schema, training.rows(), &options)
                    .map_err(refuse)?;
                tell(prepared, training, &address, None, reporter);
                Ok(())
            }
            Out::Delta(target) => {
                let options = args.program.run.write_options();
                let mut writer = target.writer(&training.schema).map_err(refuse)?.with_options(options);
                for batch in training.rows() {
                    writer.write(&batch.map_err(refuse)?).map_err(refuse)?;
                }
                let info = [
                    ("featcProgram", prepared.program.hash().to_owned()),
                    ("featcService", prepared.service.clone()),
                    ("featcTruth", prepared.truth_text()),
                ];
                let info = info.map(|(name, value)| (name.to_owned(), value)).into_iter();
                let info: Vec<_> = info.chain(metadata(record)).collect();
                let done = writer.commit(&info).map_err(refuse)?;
                let name = args.out.display().to_string();
                tell(prepared, training, &name, Some(&done.snapshot), reporter);
                Ok(())
            }
        }
    }
}

fn metadata(record: Option<&Provenance>) -> Vec<(String, String)> {
    let pair = |record: &Provenance| (PROVENANCE_KEY.to_owned(), record.to_json());
    record.map(pair).into_iter().collect()
}
