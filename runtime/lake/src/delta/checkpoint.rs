//! Checkpoints of a log: the actions of a state in one Parquet file, read through their JSON.

use super::action::{FileAction, Line, lines};
use super::log::State;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::json::{LineDelimitedWriter, ReaderBuilder};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a table has between two checkpoints unless it says `delta.checkpointInterval`: the protocol's own number.
const COMMITS: u64 = 10;

/// The actions of a checkpoint's Parquet file.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(bytes: Bytes) -> Result<Vec<Line>, String> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|error| error.to_string())?;
    // Statistics and partition values in types of their own say a second time what is there as text.
    let mask = ProjectionMask::leaves(
        builder.parquet_schema(),
        (0..builder.parquet_schema().num_columns()).filter(|leaf| {
            let parts = builder.parquet_schema().column(*leaf).path().parts().to_vec();
            let known = ["txn", "add", "remove", "metaData", "protocol", "sidecar"];
            known.contains(&parts[0].as_str()) && !parts.get(1).is_some_and(|name| name.ends_with("_parsed"))
        }),
    );
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut text);
    for batch in reader {
        let batch = batch.map_err(|error| error.to_string())?;
        writer.write(&batch).map_err(|error| error.to_string())?;
    }
    writer.finish().map_err(|error| error.to_string())?;
    drop(writer);
    lines(&text)
}

/// Whether a table wants a checkpoint of this version, and of a kind that [`written`] makes.
pub(crate) fn due(state: &State) -> bool {
    let said = |key: &str| state.metadata.configuration.get(key).and_then(Option::as_ref);
    let commits = said("delta.checkpointInterval")
        .and_then(|text| text.parse().ok())
        .unwrap_or(COMMITS);
    let classic = said("delta.checkpointPolicy").is_none_or(|policy| policy == "classic");
    let whole =
        |files: &BTreeMap<(String, String), FileAction>| files.values().all(|file| file.deletion_vector.is_none());
    let told = classic && whole(&state.files) && whole(&state.gone);
    told && commits > 0 && state.version > 0 && (state.version + 1) % commits == 0
}

/// The file of a checkpoint, and how many actions it has.
///
/// # Errors
/// An action that does not fit the columns of checkpoints.
pub(crate) fn written(state: &State) -> Result<(Bytes, usize), String> {
    let mut actions = vec![json!({"protocol": state.protocol}), json!({"metaData": state.metadata})];
    actions.extend(state.transactions.values().map(|action| json!({"txn": action})));
    actions.extend(state.files.values().map(|action| json!({"add": action})));
    actions.extend(state.gone.values().map(|action| json!({"remove": action})));
    let text: String = actions.iter().map(|action| format!("{action}\n")).collect();
    let schema = Arc::new(schema());
    let reader = ReaderBuilder::new(schema.clone())
        .build(text.as_bytes())
        .map_err(|error| error.to_string())?;
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).map_err(|error| error.to_string())?;
    for batch in reader {
        let batch = batch.map_err(|error| error.to_string())?;
        writer.write(&batch).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    Ok((bytes.into(), actions.len()))
}

/// The columns of a checkpoint, as the protocol lists them for tables of the features that featc writes to.
fn schema() -> Schema {
    let field = |name: &str, ty: DataType| Field::new(name, ty, true);
    let text = |name: &str| field(name, DataType::Utf8);
    let long = |name: &str| field(name, DataType::Int64);
    let flag = |name: &str| field(name, DataType::Boolean);
    let map = |name: &str| {
        let entries = Fields::from(vec![Field::new("key", DataType::Utf8, false), text("value")]);
        field(
            name,
            DataType::Map(
                Arc::new(Field::new("key_value", DataType::Struct(entries), false)),
                false,
            ),
        )
    };
    let texts = |name: &str| field(name, DataType::List(Arc::new(text("element"))));
    let group = |name: &str, fields: Vec<Field>| field(name, DataType::Struct(fields.into()));
    let int = |name: &str| field(name, DataType::Int32);
    Schema::new(vec![
        group("txn", vec![text("appId"), long("version"), long("lastUpdated")]),
        group(
            "add",
            vec![
                text("path"),
                map("partitionValues"),
                long("size"),
                long("modificationTime"),
                flag("dataChange"),
                text("stats"),
                map("tags"),
            ],
        ),
        group(
            "remove",
            vec![
                text("path"),
                long("deletionTimestamp"),
                flag("dataChange"),
                flag("extendedFileMetadata"),
                map("partitionValues"),
                long("size"),
            ],
        ),
        group(
            "metaData",
            vec![
                text("id"),
                text("name"),
                text("description"),
                group("format", vec![text("provider"), map("options")]),
                text("schemaString"),
                texts("partitionColumns"),
                long("createdTime"),
                map("configuration"),
            ],
        ),
        group(
            "protocol",
            vec![
                int("minReaderVersion"),
                int("minWriterVersion"),
                texts("readerFeatures"),
                texts("writerFeatures"),
            ],
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn state() -> State {
        let text = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timestampNtz"],"writerFeatures":["timestampNtz"]}}"#;
        let mut line = lines(text.as_bytes()).unwrap().remove(0);
        let file = |path: &str| {
            let json = json!({"path": path, "partitionValues": {"day": "1", "land": null}, "size": 7,
                "modificationTime": 5, "dataChange": true, "stats": "{\"numRecords\":1}"});
            serde_json::from_value::<FileAction>(json).unwrap()
        };
        let metadata = json!({"id": "i", "schemaString": "{\"type\":\"struct\",\"fields\":[]}", "partitionColumns": ["day"],
            "configuration": {"delta.checkpointInterval": "3"}, "format": {"provider": "parquet", "options": {}}, "createdTime": 9});
        State {
            version: 5,
            protocol: line.protocol.take().unwrap(),
            columns: super::super::schema::columns("{\"type\":\"struct\",\"fields\":[]}").unwrap(),
            metadata: serde_json::from_value(metadata).unwrap(),
            files: [file("a"), file("b%20c")]
                .into_iter()
                .map(|file| (file.key(), file))
                .collect(),
            gone: [file("d").removed(4)]
                .into_iter()
                .map(|file| (file.key(), file))
                .collect(),
            transactions: [].into(),
        }
    }

    #[test]
    fn a_checkpoint_says_what_the_state_has() {
        let state = state();
        let (bytes, actions) = written(&state).unwrap();
        let read = read(bytes).unwrap();
        assert_eq!((read.len(), actions), (5, 5));
        let value = |action: &dyn Fn(&Line) -> Option<Value>| read.iter().filter_map(action).collect::<Vec<_>>();
        let files = value(&|line| line.add.as_ref().map(|file| json!(file)));
        // A null among the values of partitions may be absent: that means the same.
        let mut expected: Vec<Value> = state.files.values().map(|file| json!(file)).collect();
        for file in files
            .iter()
            .zip(&mut expected)
            .filter(|(file, _)| file["partitionValues"].get("land").is_none())
        {
            file.1["partitionValues"].as_object_mut().unwrap().remove("land");
        }
        assert_eq!(files, expected);
        let said = value(&|line| line.meta_data.as_ref().map(|metadata| json!(metadata)));
        assert_eq!(said, [json!(state.metadata)]);
        let said = value(&|line| line.protocol.as_ref().map(|protocol| json!(protocol)));
        assert_eq!(said, [json!(state.protocol)]);
        assert_eq!(
            value(&|line| line.remove.as_ref().map(|file| json!(file.path))),
            [json!("d")]
        );
    }

    #[test]
    fn checkpoints_are_due_when_the_table_says_so() {
        let mut state = state();
        assert!(due(&state));
        state.version = 6;
        assert!(!due(&state));
        state.metadata.configuration.clear();
        state.version = 9;
        assert!(due(&state));
        state
            .metadata
            .configuration
            .insert("delta.checkpointPolicy".into(), Some("v2".into()));
        assert!(!due(&state));
    }
}
