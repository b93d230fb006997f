//! The served log: what was answered, as Parquet, so that training sees what the model saw.
//!
//! One row per question: `service`, the columns that the question brought, `timestamp`, `request_id`, `program`, `cut_<source>` of
//! each source of the service (null where the source is static, or nothing of it had been let in), then the features, each
//! with `<name>__status`. Answers stand in the log until the next checkpoint puts them into
//! `served/<service>/<checkpoint>.parquet`.

use crate::disk::Disk;
use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use featr::Cuts;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// What is told of all rows of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub service: &'a str,
    pub at_us: i64,
    pub request_id: Option<&'a str>,
    pub program: &'a str,
    /// The sources of the service.
    pub sources: &'a [String],
    pub cuts: &'a Cuts,
}

/// An answer as rows of the served log.
///
/// # Errors
/// Columns of one name.
pub fn rows(told: &Told<'_>, questions: &RecordBatch, features: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let count = questions.num_rows();
    let mut columns: Vec<(Arc<Field>, ArrayRef)> = Vec::new();
    let mut add = |name: &str, array: ArrayRef| {
        let field = Field::new(name, array.data_type().clone(), true);
        columns.push((Arc::new(field), array));
    };
    let text = |text: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![text; count])) };
    let instant = |us: Option<i64>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![us; count]).with_timezone("UTC"))
    };
    add("service", text(Some(told.service)));
    for (field, array) in questions.schema().fields().iter().zip(questions.columns()) {
        add(field.name(), array.clone());
    }
    add("timestamp", instant(Some(told.at_us)));
    add("request_id", text(told.request_id));
    add("program", text(Some(told.program)));
    for source in told.sources {
        add(&format!("cut_{source}"), instant(told.cuts.get(source).copied()));
    }
    let schema = features.schema();
    columns.extend(schema.fields().iter().cloned().zip(features.columns().iter().cloned()));
    let (fields, arrays): (Vec<Arc<Field>>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// Answers since the last checkpoint, by service.
#[derive(Debug, Default)]
pub struct Served {
    services: BTreeMap<String, Vec<RecordBatch>>,
    pub rows: usize,
}

impl Served {
    pub fn add(&mut self, service: &str, rows: RecordBatch) {
        self.rows += rows.num_rows();
        self.services.entry(service.to_owned()).or_default().push(rows);
    }

    /// Writes them, a file per service and set of columns, named after a checkpoint.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, disk: &dyn Disk, checkpoint: u64) -> io::Result<()> {
        for (service, batches) in &self.services {
            // Another program may have answered before.
            let mut parts: Vec<Vec<&RecordBatch>> = Vec::new();
            for batch in batches {
                match parts.iter_mut().find(|part| part[0].schema() == batch.schema()) {
                    Some(part) => part.push(batch),
                    None => parts.push(vec![batch]),
                }
            }
            for (place, part) in parts.iter().enumerate() {
                let part_name = if place == 0 { String::new() } else { format!("-{place}") };
                let bytes = parquet_of(part).map_err(io::Error::other)?;
                disk.replace(&format!("served/{service}/{checkpoint:04}{part_name}.parquet"), &bytes)?;
            }
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        *self = Served::default();
    }
}

fn parquet_of(batches: &[&RecordBatch]) -> Result<Vec<u8>, parquet::errors::ParquetError> {
    let schema = batches[0].schema();
    let whole = concat_batches(&schema, batches.iter().copied())?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&whole)?;
    writer.into_inner()
}
