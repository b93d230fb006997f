//! Columns of files, and the files that have them.

use crate::form::ColumnForm;
use crate::types::Type;
use serde::{Deserialize, Serialize};

/// A column by which rows or questions are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    pub name: String,
    pub ty: Type,
}

/// A declared column of a source or a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceColumn {
    pub name: String,
    pub ty: Type,
    /// A null in a column that is not nullable rejects the row.
    pub nullable: bool,
    /// Where files have it, and as what.
    #[serde(default, skip_serializing_if = "ColumnForm::is_plain")]
    pub form: ColumnForm,
}

impl SourceColumn {
    /// What files call it, see [`ColumnForm::field`].
    pub fn field(&self) -> &str {
        self.form.field.as_deref().unwrap_or(&self.name)
    }

    /// Whether something of this name in a file or a row is the column, or has it inside.
    pub fn is_in(&self, name: &str) -> bool {
        let rest = self.field().strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// Files on disk: globs relative to the program's folder, in the given order; the files of one glob in name order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileSet {
    pub format: FileFormat,
    pub paths: Vec<String>,
    /// Of a Delta table: which version to read; the latest without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// What stands in front of the name of a topic.
pub const KAFKA: &str = "kafka:";

impl FileSet {
    /// The topic of Kafka that stands in place of files: its name, and what may follow after a `?`.
    pub fn topic(&self) -> Option<&str> {
        self.paths.first()?.strip_prefix(KAFKA)
    }
}

/// Defines the file formats, each with its word in `.feat` files.
macro_rules! file_formats {
    ($($(#[$doc:meta])* $variant:ident => $name:literal;)*) => {
        /// How a file is encoded. What a format is stands in `featr_decode`, in a file of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum FileFormat { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl FileFormat {
            /// Every format, in the order of the reference.
            pub const ALL: &'static [FileFormat] = &[$(FileFormat::$variant,)*];

            /// Whether a value of its files may be a list.
            pub fn holds_lists(self) -> bool {
                !matches!(self, FileFormat::Csv | FileFormat::Tsv)
            }

            /// The word in `.feat` files.
            pub fn name(self) -> &'static str {
                match self { $(FileFormat::$variant => $name,)* }
            }
        }
    };
}

impl FileFormat {
    /// Whether files may be in it; else it is one of topics alone.
    pub fn is_of_files(self) -> bool {
        self != FileFormat::Avro
    }

    /// Whether records of a topic may be in it.
    pub fn is_of_topics(self) -> bool {
        matches!(self, FileFormat::Jsonl | FileFormat::Avro)
    }
}

file_formats! {
    Parquet => "parquet";
    Csv => "csv";
    /// As CSV, with tabs in place of commas.
    Tsv => "tsv";
    Jsonl => "jsonl";
    /// Arrow IPC, files or streams.
    Arrow => "arrow";
    /// A Delta table: a folder whose log lists Parquet files.
    Delta => "delta";
    /// Records of Avro with a schema registry: of topics alone, no file is read so.
    Avro => "avro";
}
