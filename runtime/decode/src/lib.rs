//! Parquet, Arrow IPC, CSV and JSONL to canonical columns, once, for both engines: a file means the same to both.
//!
//! ```text
//! FileSet ── Store ──▶ files ── pieces ──▶ parquet | arrow | text (csv, tsv, jsonl) ──▶ Decoded batches   (+ Rejects)
//! spine   ── read_spine ─────▶ original Arrow batches + keys + instants
//! results ── write_rows ─────▶ Parquet | CSV | TSV | JSONL | Arrow IPC, all or nothing
//! ```
//!
//! * [`pieces`] cuts the files of a source into parts that decode on any thread, large text files too; [`read_source`]
//!   reads them in order.
//!   [`Store`] says where files are. A row that cannot be used is a [`Reject`], never lost in silence
//!   and never fatal; what is wrong with a whole file is a [`DecodeError`].
//! * Which rows are rejected is a function of the file and of the source's declaration alone: it depends neither on
//!   the cut, nor on the batch size, nor on the columns that were asked for.
//! * [`decode_rows`] decodes rows that are in memory by the same rules, and [`decode_bytes`] a file that is; [`Tables`] is a store that has the rows of sources
//!   in memory, and [`spine_of`] takes questions from there.
//! * [`whole_records`] tells how much of text that is still being written is records already.
//! * [`read_spine`] reads questions: there every row must be usable, so any broken one is an error.
//!
//! # What a file may hold for each declared type
//!
//! | declared | Parquet, Arrow IPC (Arrow type) | CSV text | JSON |
//! |---|---|---|---|
//! | bool | Boolean | `true`, `false` in any case | `true`, `false` |
//! | int64 | Int8…Int64, UInt8…UInt32; UInt64 where it fits | digits with an optional sign | number without fraction and exponent |
//! | float64 | Float16, Float32, Float64 | decimal or exponent form, `inf`, `nan` | number, or `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | decimal(p, s) | Decimal32…256 and integers, rescaled exactly | digits, point, exponent; exact | number by its literal text, or such a string |
//! | string | Utf8, LargeUtf8, Utf8View | as it is | string |
//! | timestamp | Timestamp of any unit with a time zone; without one only under the source's `zone` | RFC 3339 (also with a blank for `T`, also `±hh`, `±hhmm`) | string of that form |
//! | date | Date32, Date64 at midnight | `YYYY-MM-DD` | string of that form |
//! | duration | Duration of any unit | ISO 8601 of weeks, days, hours, minutes, seconds: `PT1.5S` | string of that form |
//! | list of t | List, LargeList, FixedSizeList of what t is | | array of such values and nulls |
//!
//! Dictionaries of these are accepted too, and a Null column is all null. Everything else is [`DecodeError::WrongType`].
//!
//! * Instants and durations are cut to microseconds towards −∞. A local time that occurs twice means the first one;
//!   one that never occurs rejects the row. A leap second (`:60`) rejects the row.
//! * NaN decodes to null unless the source keeps NaN; −0.0 decodes to 0.0; finite text beyond float64 rejects the row.
//! * CSV has a header line and columns go by name. An empty field is null; a quoted empty field is the empty string in
//!   a string column and null in any other. Blanks are not trimmed, blank lines are skipped, `NA` and `null` are text.
//!   A quote that never closes rejects its own line only.
//! * TSV is CSV with tabs in place of commas.
//! * JSONL has one object per line; blank lines are skipped, a key that is not there is null, a key that occurs twice
//!   makes the line unparsable.
//! * A record of more than 16 MiB of text is unparsable; so much, twice, is kept of what stands after an open quote.
//! * Text in a file whose name ends in `.gz` or `.zst` is unpacked while it is read; Arrow buffers may be compressed.
//!
//! * A declared column that a file lacks takes the value that a folder of its path names: `day=2026-01-01`; see
//!   [`InputFile::values`].
//!
//! A broken Parquet or Arrow file may make its library panic: the panic is caught and said as [`DecodeError::Corrupt`].
//! This crate sets no panic hook; that of a program may ask [`panic_is_caught`] and keep silent, as the command line does.
//!
//! Architecture invariant: the only crate that knows what the bytes of an input file mean (ONE-DECODER).

mod array;
mod arrow_bounds;
mod arrow_sizes;
mod arrow_stream;
mod becomes;
mod builder;
mod chunks;
mod content;
mod convert;
mod csv;
mod cuts;
mod data_types;
mod decoded_rows;
mod detail;
mod error;
mod files;
mod format;
mod formats;
mod given;
mod guard;
mod json;
mod lake_cause;
mod layout;
mod lines;
mod locks;
mod memory;
mod names;
mod packed;
mod piece;
mod prune;
mod read_as;
mod records;
mod reject;
mod rows_writer;
mod rules;
mod said;
mod scratch;
mod source;
mod spec;
mod spine;
mod spine_reader;
mod spool;
mod store;
mod system;
mod table;
mod text;
mod text_file;
mod text_rows;
mod text_size;
mod undeclared;
mod walk;
mod way;
mod write;
mod zone;

#[cfg(test)]
mod tests;

pub use content::unread;
pub use convert::{arrow_type, from_arrow, into_arrow, to_arrow};
pub use decoded_rows::schema_of_decoded;
pub use detail::{BadValue, Broken, Detail, Wrong};
pub use error::{DecodeError, RowPlace};
pub use files::{LocalStore, extension, has_extension, no_such_files};
pub use formats::{check_columns, expand_in, format_of, left_out, output_format, would_list};
pub use given::{Rows, Tables};
pub use guard::{guarded, panic_is_caught, panic_text};
pub use lake_cause::LakeCause;
pub use memory::{Bounds, decode_bytes, decode_rows};
pub use names::first_twice;
pub use piece::{Piece, pieces};
pub use records::{Whole, whole_records, whole_records_up_to};
pub use reject::{Example, Fault, JsonlRejects, Reason, Reject, RejectSink, Rejects, begins_with_reject};
pub use rows_writer::{RowsWriter, Sealed, read_metadata, write_rows};
pub use scratch::Scratch;
pub use source::{ReadOptions, SourceReader, read_source};
pub use spec::{Bound, Decoded, PieceOptions, RowNumbers};
pub use spine::Spine;
pub use spine_reader::{read_spine, spine_of};
pub use spool::{Spooled, Spooling};
pub use store::{InputFile, RandomRead, Store, Table, open_file, read_file};
pub use system::plain;
pub use text::{parse_duration, parse_float64};
pub use text_size::{has_text, rows_of_text, text_bytes};
pub use undeclared::Undeclared;
pub use write::{Aside, Beyond, Claim, JsonColumns, WriteOptions, beyond_text, clear_asides, sync_folder};
