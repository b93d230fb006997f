//! Columns inside of structs in lists.

use super::forms::{batch, held, ipc, parquet};
use super::*;
use crate::memory::decode_rows;
use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};

const ORDERS: &str = r#"{"at": "1970-01-01T00:00:00.000001Z", "o": {"lines": [{"sku": "a", "of": {"n": 1}}, {"sku": null, "of": null}, null, {"of": {"n": 2}}], "by": "x"}}
{"at": "1970-01-01T00:00:00.000002Z", "o": {"lines": [], "by": "y"}}
{"at": "1970-01-01T00:00:00.000003Z", "o": {"lines": null}}
"#;

/// The rows of [`ORDERS`] as Arrow has them.
fn orders() -> RecordBatch {
    let of = Fields::from(vec![Field::new("n", DataType::Int64, true)]);
    let line = Fields::from(vec![
        Field::new("sku", DataType::Utf8, true),
        Field::new("of", DataType::Struct(of), true),
        Field::new("unread", DataType::Int64, true),
    ]);
    let lines = DataType::List(Arc::new(Field::new("element", DataType::Struct(line), true)));
    let order = Fields::from(vec![
        Field::new("lines", lines, true),
        Field::new("by", DataType::Utf8, true),
    ]);
    let schema = Schema::new(vec![
        Field::new(
            "at",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            true,
        ),
        Field::new("o", DataType::Struct(order), true),
    ]);
    let reader = arrow::json::ReaderBuilder::new(Arc::new(schema)).build(ORDERS.as_bytes());
    reader.unwrap().next().unwrap().unwrap()
}

#[test]
fn ways_lead_through_one_list() {
    let source = held(&[
        ("at", Type::Timestamp, None, None),
        ("sku?", Type::String.list().unwrap(), Some("o.lines.sku"), None),
        ("n?", Type::Int64.list().unwrap(), Some("o.lines.of.n"), None),
        ("by?", Type::String, Some("o.by"), None),
    ]);
    let rows = orders();
    let told = ["f:1 1|[a ∅ ∅ ∅]|[1 ∅ ∅ 2]|x", "f:2 2|[]|[]|y", "f:3 3|∅|∅|∅"];
    assert_eq!(read_content(&source, FileFormat::Jsonl, ORDERS).rows, told);
    assert_eq!(read_content(&source, FileFormat::Parquet, parquet(&rows)).rows, told);
    assert_eq!(read_content(&source, FileFormat::Arrow, ipc(&rows)).rows, told);
    // Large lists, and those of one length.
    let with_at = |ty, field| held(&[("at", Type::Timestamp, None, None), ("n?", ty, Some(field), None)]);
    let lists = with_at(Type::Int64.list().unwrap(), "lines.n");
    let lines = rows.column(1).as_struct().column(0).slice(0, 1);
    let item = DataType::clone(lines.as_list::<i32>().values().data_type());
    let item = Arc::new(Field::new("item", item, true));
    for ty in [DataType::LargeList(item.clone()), DataType::FixedSizeList(item, 4)] {
        let lines = arrow::compute::cast(&lines, &ty).unwrap();
        let rows = batch(vec![("at", rows.column(0).slice(0, 1)), ("lines", lines)]);
        let deep = with_at(Type::Int64.list().unwrap(), "lines.of.n");
        let (decoded, _) = decode_rows(&deep, &rows, "rows").unwrap();
        assert_eq!(row(&decoded.batch, 0), "1|[1 ∅ ∅ 2]");
        // A column that is no list.
        let one = with_at(Type::Int64, "lines.of.n");
        assert!(matches!(
            decode_rows(&one, &rows, "rows"),
            Err(DecodeError::WrongType { .. })
        ));
    }
    let line = |lines: &str| format!("{{\"at\": \"1970-01-01T00:00:00Z\", \"lines\": {lines}}}\n");
    let outcome = read_content(
        &with_at(Type::Int64, "lines.n"),
        FileFormat::Jsonl,
        line("[{\"n\": 1}]"),
    );
    let told = "f:1 bad_value column n: [{\"n\": 1}] is no object, in which the column would be";
    assert_eq!(outcome.rejects, [told]);
    // What is no object, list or scalar where it should be.
    for wrong in ["[5]", "[{\"n\": 1}, [2]]", "[{\"n\": [1]}]", "[{\"n\": \"1\"}]", "5"] {
        let outcome = read_content(&lists, FileFormat::Jsonl, line(wrong));
        assert_eq!(
            (outcome.rows.len(), outcome.rejects.len()),
            (0, 1),
            "{wrong}: {outcome:?}"
        );
    }
    let outcome = read_content(&lists, FileFormat::Jsonl, line("[{\"m\": 1}]") + &line("null"));
    assert_eq!(outcome.rows, ["f:1 0|[∅]", "f:2 0|∅"]);
}

#[test]
fn what_is_null_on_the_way_is_null_at_its_end() {
    let source = held(&[
        ("at", Type::Timestamp, None, None),
        ("sku?", Type::String.list().unwrap(), Some("lines.sku"), None),
        ("n?", Type::Int64.list().unwrap(), Some("o.lines.of.n"), None),
        ("m?", Type::Int64.list().unwrap(), Some("deep.of.n"), None),
    ]);
    let at = TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("UTC");
    // As writers infer them where all lists are empty, and all structs are null.
    let item = Arc::new(Field::new_list_field(DataType::Null, true));
    let offsets = OffsetBuffer::new(vec![0, 0, 2].into());
    let lines = ListArray::new(item, offsets.clone(), Arc::new(NullArray::new(2)), None);
    let no_lines = vec![Arc::new(Field::new("lines", DataType::Null, true))].into();
    let o = StructArray::new(
        no_lines,
        vec![Arc::new(NullArray::new(2))],
        Some(vec![true, false].into()),
    );
    let of = Fields::from(vec![Field::new("of", DataType::Null, true)]);
    let nulls = StructArray::new(of, vec![Arc::new(NullArray::new(2))], Some(vec![true, false].into()));
    let item = Arc::new(Field::new_list_field(nulls.data_type().clone(), true));
    let deep = ListArray::new(item, offsets, Arc::new(nulls), None);
    let rows = batch(vec![
        ("at", Arc::new(at)),
        ("lines", Arc::new(lines)),
        ("o", Arc::new(o)),
        ("deep", Arc::new(deep)),
    ]);
    let told = ["f:1 1|[]|∅|[]", "f:2 2|[∅ ∅]|∅|[∅ ∅]"];
    assert_eq!(read_content(&source, FileFormat::Parquet, parquet(&rows)).rows, told);
    assert_eq!(read_content(&source, FileFormat::Arrow, ipc(&rows)).rows, told);
}

#[test]
fn lists_without_items_have_as_many_rows() {
    let source = held(&[
        ("at", Type::Timestamp, None, None),
        ("n?", Type::Int64.list().unwrap(), Some("lines.n"), None),
    ]);
    let of = Fields::from(vec![Field::new("n", DataType::Int64, true)]);
    let none = Arc::new(StructArray::new_null(of.clone(), 0));
    let item = Arc::new(Field::new_list_field(DataType::Struct(of), true));
    let lines = FixedSizeListArray::try_new_with_length(item, 0, none, None, 2).unwrap();
    let at = TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("UTC");
    let rows = batch(vec![("at", Arc::new(at)), ("lines", Arc::new(lines))]);
    let (decoded, _) = decode_rows(&source, &rows, "rows").unwrap();
    assert_eq!([row(&decoded.batch, 0), row(&decoded.batch, 1)], ["1|[]", "2|[]"]);
}

#[test]
fn leaves_stand_in_lists_of_every_kind() {
    let two = DataType::Struct(Fields::from(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
    ]));
    let item = || Arc::new(Field::new_list_field(two.clone(), true));
    for list in [
        DataType::List(item()),
        DataType::LargeList(item()),
        DataType::ListView(item()),
        DataType::LargeListView(item()),
        DataType::FixedSizeList(item(), 2),
    ] {
        let fields = Fields::from(vec![
            Field::new("l", list, true),
            Field::new("x", DataType::Int64, true),
        ]);
        let [a, b] = ["a", "b"].map(|name| (0, vec![name.to_owned()]));
        assert_eq!(crate::way::leaves(&fields), [a, b, (1, vec![])]);
    }
}
