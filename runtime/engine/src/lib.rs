//! featr: run compiled feature programs inside your own process.
//!
//! A program is compiled once (`featc build`, or the compiler as a library); this crate runs it: training sets with the
//! batch engine, online values with the streaming engine. Both give the same bits.
//!
//! ```
//! # fn compiled() -> featr::Program {
//! #     let mut sources = featc_driver::diag::SourceMap::new();
//! #     let file = sources.add("shop.feat", "
//! #         module shop
//! #         entity card (card: string)
//! #         source txn {
//! #           columns (id: int64, card: string, amount: float64, at: timestamp)
//! #           unique id
//! #           time at
//! #         }
//! #         view spend of card from txn {
//! #           owner \"payments\"
//! #           /// What the card spent in an hour.
//! #           feature total = sum(amount) over 1h default 0.0
//! #         }
//! #         service risk { spend.total }
//! #     ");
//! #     let program = featc_driver::compile(&sources, &[file]).value.expect("compiles");
//! #     let plans = featc_driver::lower(&program);
//! #     featr::Program::new(plans.batch, plans.stream, ".")
//! # }
//! use arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
//! use featr::Truth;
//! use std::sync::Arc;
//!
//! let program = compiled(); // or featr::Program::load(folder, base)
//! let minute = 60_000_000;
//! let mut online = program.online(Truth::Complete)?;
//! online.push("txn", &RecordBatch::try_from_iter([
//!     ("id", Arc::new(Int64Array::from(vec![1, 2, 3])) as _),
//!     ("card", Arc::new(StringArray::from(vec!["a", "b", "a"])) as _),
//!     ("amount", Arc::new(Float64Array::from(vec![0.1, 5.0, 0.2])) as _),
//!     ("at", Arc::new(TimestampMicrosecondArray::from(vec![0, minute, 2 * minute]).with_timezone("UTC")) as _),
//! ])?)?;
//!
//! let questions = RecordBatch::try_from_iter([("card", Arc::new(StringArray::from(vec!["a", "c"])) as _)])?;
//! let answers = online.read("risk", &questions, &[10 * minute, 10 * minute], true)?;
//! let totals: &Float64Array = answers.column(0).as_any().downcast_ref().expect("float64");
//! assert_eq!(totals.value(0), 0.30000000000000004); // the exact sum of the two floats, rounded once
//! assert_eq!(totals.value(1), 0.0); // nothing is known of card c: the default, with status `missing`
//!
//! let state = online.snapshot();
//! let mut restarted = program.online(Truth::Complete)?;
//! assert!(restarted.restore(&state)?.is_whole());
//! assert_eq!(restarted.read("risk", &questions, &[10 * minute, 10 * minute], true)?, answers);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | call |
//! |---|---|
//! | load a program | [`Program::load`], [`Program::new`] |
//! | build a training set | [`Program::read_spine`] or [`Program::spine`], then [`Program::train`] |
//! | build one from what was served | [`Program::read_served`], then [`Program::train`] in [`Truth::AsServed`] |
//! | answer in a DataFusion session of your own | [`Program::features`] |
//! | keep online values | [`Program::online`], [`Online::push`], [`Online::advance`], [`Online::read`] |
//! | serve: rows as bytes, questions at any instant, up to cuts | [`Program::online`] in [`Truth::AsServed`], [`Program::incoming`], [`Program::questions`], [`Online::let_in`] |
//! | read files that others are still writing | [`Program::stream_files`], [`Program::incoming_piece`], [`Program::incoming_file`] |
//! | survive a restart, also with another version of the program | [`Online::snapshot`], [`Online::restore`], [`Online::save`], [`Online::load`], [`Online::rebuilt`] |
//! | bring what a changed program reads and a state does not have | [`Program::history`], then [`Online::rebuilt`] |
//! | replay history through the streaming engine | [`Program::replay`] |
//! | read rows in memory in place of files | [`Program::read_rows`], [`Program::spine_in`] |
//! | write a result | [`write_rows`], [`provenance::stage_set`] with its record |
//! | bound what may be wrong with the data | [`Limits`], in [`TrainOptions`] and [`ReplayOptions`] |
//! | know entities and events of a service | [`Program::survey`] |

#![warn(missing_docs)]

mod absence;
mod archive_names;
mod conform;
mod copies;
mod entities;
mod error;
mod feature_report;
mod features;
mod following;
mod grid;
mod history;
mod limits;
mod load;
pub mod log_columns;
mod lookups;
mod online;
mod presence;
mod program;
pub mod provenance;
mod pushing;
mod random;
mod recorded;
mod refusal;
mod replay;
mod results;
mod search;
mod served;
mod serving;
mod shards;
mod sought;
mod spine;
mod steps;
mod storing;
mod survey;
mod tables;
#[cfg(test)]
mod tests;
mod train;
mod values;
mod view_rejects;
mod warning;
mod warnings;

pub use absence::{Absence, Unfound};
pub use archive_names::{replaced, segments_of};
pub use error::Error;
pub use featc_ir::{FileFormat, Status, Truth};
pub use featr_batch::datafusion;
pub use featr_batch::{Files, NodeCodec, Progress as TrainProgress, RejectedRow, RejectedRows, Silence, SilentFeature};
pub use featr_decode::{
    Aside, BadValue, Bounds, Broken, Claim, DecodeError, Detail, Example, Fault, JsonColumns, JsonlRejects, LakeCause,
    Rows, RowsWriter, Spooled, Spooling, Table, WriteOptions, Wrong, arrow_type, begins_with_reject, beyond_text,
    check_columns, clear_asides, from_arrow, guarded, open_file, output_format, panic_is_caught, panic_text, plain,
    schema_of_decoded, sync_folder, to_arrow, unread, write_rows,
};
pub use featr_kernels::rows::{Instants, Reason, ViewReason};
pub use featr_kernels::{Batch, Column, Data, Value};
pub use featr_lake as lake;
pub use featr_stream::{AdvanceReport, Cuts, Kept, Known, LogName, LogStats, Rebuild, RestoreReport, Snapshotting};
pub use featr_stream::{EntityStore, Record, Restoring, Stored};
pub use featr_stream::{Staged, StagedPart, StepReport, ToRebuild};
pub use feature_report::FeatureReport;
pub use features::FeatureOptions;
pub use following::{IncomingFile, TextPiece};
pub use grid::Grid;
pub use history::{Brought, History};
pub use limits::{Limits, Most};
pub use log_columns::FINGERPRINTS_KEY;
pub use online::{Online, check_snapshot};
pub use program::{Program, SeenEarly};
pub use provenance::Provenance;
pub use pushing::{PushRejected, PushReport, Pushing};
pub use random::Random;
pub use recorded::{LeftOut, Recorded, Side};
pub use replay::{Progress, ReplayOptions};
pub use results::{ByView, RunReport, SourceReport, Training, ViewReport};
pub use served::{ServedFile, ServedLog, served_files};
pub use serving::{Incoming, Undecoded};
pub use shards::{Asking, Stage, TimedAsking, Version};
pub use sought::{LookupReport, Stray};
pub use spine::{Spine, read_rows, whole_column};
pub use steps::what_it_counts;
pub use storing::put_record;
pub use survey::{Survey, SurveyOptions};
pub use tables::AlikeVersions;
pub use train::{TrainOptions, TrainRows};
pub use values::{column_json, json_value, parse_key, parse_value};
pub use warning::Warning;
