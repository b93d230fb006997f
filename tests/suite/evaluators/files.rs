//! The engines over files: rows are written in a format, and read by the product's own decoder, as `featc train` and
//! `featc replay` do.

use super::batch::{Ran, Setting, read, spine_keys};
use super::forms;
use super::{Case, Delivery};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, TimeUnit};
use featc_driver::Plans;
use featc_ir::{ColumnForm, ReadAs, Source, Truth, Type};
use featr::{Limits, ReplayOptions, TrainOptions};
use featr_kernels::value::render_float;
use featr_kernels::{Batch, Column, Value, calendar};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Parquet,
    Arrow,
    Csv,
    Tsv,
    Jsonl,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Jsonl => "jsonl",
        }
    }
}

/// How rows lie in files, and how they are read. No answer depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub format: Format,
    pub rows_per_file: usize,
    /// Of a row group, or of a batch in an Arrow file.
    pub rows_per_group: usize,
    /// Texts are dictionaries.
    pub dictionary: bool,
    /// Instants without offset, where the source has a zone.
    pub naive: bool,
    /// The columns in the opposite order.
    pub reversed: bool,
    /// Rows by event time, so that row groups can be left out.
    pub sorted: bool,
    /// The event time is in no file: each lies in a folder that is named `column=value`.
    pub folders: bool,
    pub prune: bool,
    /// Columns have other names there, lie inside of others, and are no values of their types; drawn from this seed.
    pub forms: Option<u64>,
    pub setting: Setting,
    /// By the streaming engine, in place of the batch engine.
    pub replay: Option<Delivery>,
}

impl Layout {
    /// Whether rows of single instants are left out: by the statistics of their groups, or by their folders.
    pub fn prunes(&self) -> bool {
        let alone = self.folders || self.sorted && self.rows_per_group == 1;
        self.prune && self.replay.is_none() && self.format == Format::Parquet && alone
    }
}

/// What the zones that drawn sources declare add to UTC, in microseconds.
fn offset_us(zone: &str) -> i64 {
    let hours = match zone {
        "Asia/Tokyo" => 9,
        "Etc/GMT+3" => -3,
        other => panic!("no offset is known of {other}"),
    };
    hours * 3_600_000_000
}

/// Named columns of one length, with what their instants are shifted by, if they are to be without offset.
struct Table {
    columns: Vec<Written>,
    shift_us: Option<i64>,
    /// Whether JSON objects leave out what is null.
    sparse: bool,
    /// Whether names with dots are those of fields in structs and objects; a spine has columns alone.
    nested: bool,
}

/// A column as it is written.
struct Written {
    name: String,
    column: Column,
    read_as: Option<ReadAs>,
}

impl Written {
    fn plain((name, column): (String, Column)) -> Written {
        Written {
            name,
            column,
            read_as: None,
        }
    }
}

impl Table {
    fn of_source(source: &Source, batch: Batch, layout: Layout, forms: &[ColumnForm]) -> Table {
        let columns = source.columns.iter().zip(batch.columns).zip(forms);
        let written = columns.map(|((declared, column), form)| Written {
            name: form.field.clone().unwrap_or_else(|| declared.name.clone()),
            column,
            read_as: form.read_as.clone(),
        });
        let mut columns: Vec<Written> = written.collect();
        if layout.folders {
            columns.remove(source.time.index());
        }
        if layout.reversed {
            columns.reverse();
        }
        let zone = source.zone.as_deref().filter(|_| layout.naive);
        Table {
            columns,
            shift_us: zone.map(offset_us),
            sparse: true,
            nested: true,
        }
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |written| written.column.len())
    }

    fn shifted(&self, us: i64) -> i64 {
        us + self.shift_us.unwrap_or(0)
    }

    fn array(&self, written: &Written, dictionary: bool) -> ArrayRef {
        let column = &written.column;
        if let Some(read_as) = &written.read_as {
            return forms::array(column, read_as);
        }
        match column.ty {
            Type::Timestamp if self.shift_us.is_some() => {
                let values = (0..column.len()).map(|row| match column.value(row) {
                    Value::Timestamp(us) => Some(self.shifted(us)),
                    _ => None,
                });
                let array: arrow::array::TimestampMicrosecondArray = values.collect();
                let naive = DataType::Timestamp(TimeUnit::Microsecond, None);
                arrow::compute::cast(&array, &naive).expect("the same type")
            }
            Type::String if dictionary => {
                let ty = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                arrow::compute::cast(&featr::to_arrow(column), &ty).expect("texts have a dictionary")
            }
            _ => featr::to_arrow(column),
        }
    }

    fn arrow(&self, dictionary: bool) -> RecordBatch {
        let columns = self.columns.iter();
        let arrays = columns.map(|written| (written.name.clone(), self.array(written, dictionary)));
        let arrays: Vec<_> = match self.nested {
            true => forms::structs(arrays.collect()),
            false => arrays.collect(),
        };
        let arrays = arrays.into_iter().map(|(name, array)| (name, array, true));
        RecordBatch::try_from_iter_with_nullable(arrays).expect("columns of one length")
    }

    /// A value as JSON.
    fn json(&self, value: &Value, ty: Type, read_as: Option<&ReadAs>, row: usize) -> String {
        if let (Value::List(items), Type::List(of)) = (value, ty) {
            let items = items.iter().map(|item| self.json(item, *of, None, row));
            return format!("[{}]", items.collect::<Vec<String>>().join(", "));
        }
        let is_epoch = matches!(read_as, Some(ReadAs::Epoch(_)));
        match (self.text(value, ty, read_as), value) {
            (None, _) => "null".to_owned(),
            (Some(_), Value::Float64(value)) if value.is_nan() => "\"NaN\"".to_owned(),
            (Some(_), Value::Float64(f64::INFINITY)) => "\"Infinity\"".to_owned(),
            (Some(_), Value::Float64(f64::NEG_INFINITY)) => "\"-Infinity\"".to_owned(),
            (Some(text), Value::Bool(_) | Value::Int64(_) | Value::Float64(_) | Value::Decimal(_)) => text,
            // Of a number also as text.
            (Some(text), _) if is_epoch && row % 3 > 0 => text,
            (Some(text), _) => serde_json::to_string(&text).expect("text"),
        }
    }

    /// A value as text; `None` for null.
    fn text(&self, value: &Value, ty: Type, read_as: Option<&ReadAs>) -> Option<String> {
        if let Some(read_as) = read_as {
            return forms::text(value, read_as);
        }
        Some(match value {
            Value::Null => return None,
            Value::Timestamp(us) => {
                let text = calendar::render_timestamp(self.shifted(*us));
                if self.shift_us.is_some() {
                    text.trim_end_matches('Z').to_owned()
                } else {
                    text
                }
            }
            Value::Duration(us) => {
                let size = us.unsigned_abs();
                let sign = if *us < 0 { "-" } else { "" };
                format!("{sign}PT{}.{:06}S", size / 1_000_000, size % 1_000_000)
            }
            Value::Float64(value) => render_float(*value),
            value => value.render(ty),
        })
    }

    fn delimited(&self, delimiter: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|written| written.name.as_str()).collect();
        let mut text = names.join(delimiter) + "\n";
        for row in 0..self.rows() {
            let fields = self.columns.iter().map(|written| {
                let (column, read_as) = (&written.column, written.read_as.as_ref());
                match (self.text(&column.value(row), column.ty, read_as), column.ty) {
                    (Some(text), Type::String) => format!("\"{}\"", text.replace('"', "\"\"")),
                    (text, _) => text.unwrap_or_default(),
                }
            });
            text += &(fields.collect::<Vec<_>>().join(delimiter) + "\n");
        }
        text
    }

    fn jsonl(&self) -> String {
        let mut text = String::new();
        for row in 0..self.rows() {
            let fields = self.columns.iter().map(|field| {
                let value = field.column.value(row);
                if value == Value::Null && self.sparse && row % 2 == 0 {
                    return None;
                }
                let written = self.json(&value, field.column.ty, field.read_as.as_ref(), row);
                Some((field.name.clone(), written))
            });
            let fields: Vec<_> = fields.flatten().collect();
            text += &match self.nested {
                true => forms::object(fields),
                false => forms::flat(fields),
            };
            text.push('\n');
        }
        text
    }

    fn write(&self, path: &Path, layout: Layout) {
        match layout.format {
            Format::Csv => std::fs::write(path, self.delimited(",")).expect("a file is written"),
            Format::Tsv => std::fs::write(path, self.delimited("\t")).expect("a file is written"),
            Format::Jsonl => std::fs::write(path, self.jsonl()).expect("a file is written"),
            Format::Parquet => {
                let batch = self.arrow(layout.dictionary);
                let properties = WriterProperties::builder()
                    .set_max_row_group_row_count(Some(layout.rows_per_group))
                    .set_dictionary_enabled(layout.dictionary)
                    .build();
                let file = File::create(path).expect("a file is made");
                let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a schema");
                writer.write(&batch).expect("rows are written");
                writer.close().expect("a file is written");
            }
            Format::Arrow => {
                let batch = self.arrow(false);
                let file = File::create(path).expect("a file is made");
                let mut writer = arrow::ipc::writer::FileWriter::try_new(file, &batch.schema()).expect("a schema");
                for from in (0..batch.num_rows()).step_by(layout.rows_per_group) {
                    let rows = layout.rows_per_group.min(batch.num_rows() - from);
                    writer.write(&batch.slice(from, rows)).expect("rows are written");
                }
                writer.finish().expect("a file is written");
            }
        }
    }
}

/// Runs an engine over the rows of a case, written into files of a temporary folder.
pub fn files(case: &Case, plans: &Plans, layout: Layout) -> Ran {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut columns = case.program.sources.iter().flat_map(|source| &source.columns);
    let format = match layout.format {
        // Of lists CSV has no form.
        Format::Csv | Format::Tsv if columns.any(|column| column.ty.is_list()) => Format::Jsonl,
        format => format,
    };
    let layout = Layout { format, ..layout };
    let extension = layout.format.extension();
    let forms_of = |(place, source): (usize, &Source)| match layout.forms {
        Some(seed) => forms::draw(source, &case.rows[place], seed),
        None => vec![ColumnForm::default(); source.columns.len()],
    };
    let sources = case.program.sources.iter().enumerate();
    let plans = &sources.fold(plans.clone(), |plans, (place, source)| {
        forms::over(&plans, source, &forms_of((place, source)))
    });
    let mut program = featr::Program::new(plans.batch.clone(), plans.stream.clone(), folder.path());
    for (place, source) in case.program.sources.iter().enumerate() {
        let mut all: Vec<usize> = (0..case.rows[place].len()).collect();
        // A folder without rows would be no folder.
        let folders = layout.folders && !all.is_empty();
        let layout = Layout { folders, ..layout };
        let time = |row: usize| &case.rows[place][row][source.time.index()];
        if layout.sorted || layout.folders {
            all.sort_by_key(|row| time(*row).clone());
        }
        let same = |one: &usize, other: &usize| !layout.folders || time(*one) == time(*other);
        let chunks = all.chunk_by(same).flat_map(|rows| rows.chunks(layout.rows_per_file));
        let mut chunks: Vec<&[usize]> = chunks.collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        let folder = folder.path().join(&source.name);
        std::fs::create_dir(&folder).expect("a folder is made");
        for (number, rows) in chunks.into_iter().enumerate() {
            let own = forms_of((place, source));
            let table = Table::of_source(source, case.batch(place, rows), layout, &own);
            let mut path = folder.clone();
            if layout.folders {
                let time_form = &own[source.time.index()];
                let said = table.text(time(rows[0]), Type::Timestamp, time_form.read_as.as_ref());
                // What cannot stand in the name of a folder is written by its code.
                let said = said.map(|said| said.replace('/', "%2F"));
                let said = said.unwrap_or_else(|| "__HIVE_DEFAULT_PARTITION__".to_owned());
                let name = &source.columns[source.time.index()].name;
                path.push(format!("{}={said}", time_form.field.as_ref().unwrap_or(name)));
                std::fs::create_dir_all(&path).expect("a folder is made");
            }
            table.write(&path.join(format!("{number:05}.{extension}")), layout);
        }
        let pattern = match layout.folders {
            true => folder.join(format!("*/*.{extension}")),
            false => folder.join(format!("*.{extension}")),
        };
        // A source that no view reads has no files to be read from.
        if program.sources().iter().any(|known| known.name == source.name) {
            program.read_from(&source.name, &pattern).expect("a source");
        }
    }
    let keys = spine_keys(case, plans);
    let all: Vec<usize> = (0..case.questions.len()).collect();
    let times: Vec<Value> = case
        .questions
        .iter()
        .map(|asked| Value::Timestamp(asked.at_us))
        .collect();
    let mut columns = vec![("at".to_owned(), Column::from_values(Type::Timestamp, &times))];
    columns.extend(keys.iter().map(|key| key.name.clone()).zip(case.columns(&keys, &all)));
    let is_served = case.truth == Truth::AsServed;
    if is_served {
        for (name, value) in [("service", &case.service), ("program", &"of the server".to_owned())] {
            let all = vec![Value::String(value.clone()); case.questions.len()];
            columns.push((name.to_owned(), Column::from_values(Type::String, &all)));
        }
    }
    let own = columns.len();
    let extension = if is_served { "parquet" } else { extension };
    let path = folder.path().join(format!("spine.{extension}"));
    let format = if is_served { Format::Parquet } else { layout.format };
    Table {
        columns: columns.into_iter().map(Written::plain).collect(),
        shift_us: None,
        sparse: false,
        nested: false,
    }
    .write(&path, Layout { format, ..layout });
    let spine = match is_served {
        true => {
            let log = program.read_served(&case.service, &[path], ("at", None), false);
            log.expect("a served log").spine
        }
        false => program.read_spine(&case.service, &path, "at", None).expect("a spine"),
    };
    let with_status = layout.setting.with_status;
    if let Some(delivery) = layout.replay {
        let options = ReplayOptions {
            truth: case.truth,
            chunk: delivery.chunk,
            shuffle: delivery.shuffle,
            restart_every: delivery.restart_every.map(|every| every as u64),
            with_status,
            limits: Limits::NONE,
        };
        let replayed = program.replay(&case.service, &spine, &options, None, &mut |_, _, _| {});
        let replayed = replayed.unwrap_or_else(|error| panic!("{layout:?}: {error}"));
        return read(case, &replayed.batches, own, with_status, String::new());
    }
    let mut options = TrainOptions::new(case.truth);
    options.with_status = with_status;
    options.threads = layout.setting.threads;
    options.memory_bytes = layout.setting.memory_bytes;
    options.prune = layout.prune;
    options.limits = Limits::NONE;
    let trained = program.training(&case.service, spine, options);
    let mut trained = trained.unwrap_or_else(|error| panic!("{layout:?}: {error}"));
    let batches: Result<Vec<RecordBatch>, _> = trained.by_ref().collect();
    let batches = batches.unwrap_or_else(|error| panic!("{layout:?}: {error}"));
    read(case, &batches, own, with_status, trained.measured())
}
