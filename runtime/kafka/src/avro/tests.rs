use super::{Schemas, framed, misfits, to_json};
use featc_ir::Source;

fn json(schema: &str, record: &[u8]) -> Result<String, String> {
    let schema = Schemas::default().finish(schema)?;
    let mut line = b"before".to_vec();
    to_json(&schema, record, &mut line)?;
    Ok(String::from_utf8(line).expect("UTF-8").split_off(6))
}

/// A number as Avro writes it.
fn long(value: i64) -> Vec<u8> {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    let mut bytes = Vec::new();
    while rest > 0x7f {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

fn bytes(value: &[u8]) -> Vec<u8> {
    [long(value.len() as i64), value.to_vec()].concat()
}

/// Bytes and texts of the specification among them.
#[test]
fn a_value_is_the_json_of_the_same_row() {
    let instant = |unit: &str| format!("{{\"type\": \"long\", \"logicalType\": \"{unit}\"}}");
    let fixed = |size: usize, logical: &str| {
        format!(
            "{{\"type\": \"fixed\", \"name\": \"f\", \"size\": {size}, \"logicalType\": \"{logical}\", \"precision\": 12, \"scale\": 3}}"
        )
    };
    let decimal = "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 40, \"scale\": 2}";
    let cases: Vec<(String, Vec<u8>, &str)> = vec![
        ("\"null\"".into(), vec![], "null"),
        ("\"boolean\"".into(), vec![1], "true"),
        ("\"int\"".into(), vec![0x7f], "-64"),
        ("\"long\"".into(), vec![0x80, 0x01], "64"),
        ("\"long\"".into(), long(i64::MIN), "-9223372036854775808"),
        ("\"long\"".into(), long(i64::MAX), "9223372036854775807"),
        ("\"float\"".into(), 0.1_f32.to_le_bytes().into(), "0.10000000149011612"),
        ("\"double\"".into(), 5e-324_f64.to_le_bytes().into(), "5e-324"),
        ("\"double\"".into(), (-0.0_f64).to_le_bytes().into(), "-0.0"),
        ("\"double\"".into(), f64::NAN.to_le_bytes().into(), "\"NaN\""),
        (
            "\"double\"".into(),
            f64::NEG_INFINITY.to_le_bytes().into(),
            "\"-Infinity\"",
        ),
        ("\"string\"".into(), vec![0x06, 0x66, 0x6f, 0x6f], "\"foo\""),
        ("\"string\"".into(), bytes("é\"\n".as_bytes()), "\"é\\\"\\n\""),
        ("\"bytes\"".into(), bytes(&[0, 255]), "\"AP8=\""),
        ("[\"null\", \"string\"]".into(), vec![0], "null"),
        ("[\"null\", \"string\"]".into(), vec![0x02, 0x02, 0x61], "\"a\""),
        (
            "{\"type\": \"array\", \"items\": \"long\"}".into(),
            vec![0x04, 0x06, 0x36, 0x00],
            "[3,27]",
        ),
        // A block that says how many bytes it has.
        (
            "{\"type\": \"array\", \"items\": \"long\"}".into(),
            vec![0x03, 0x04, 0x06, 0x36, 0x02, 0x02, 0x00],
            "[3,27,1]",
        ),
        (
            "{\"type\": \"map\", \"values\": \"int\"}".into(),
            vec![0x02, 0x02, 0x61, 0x02, 0x00],
            "{\"a\":1}",
        ),
        (
            "{\"type\": \"enum\", \"name\": \"e\", \"symbols\": [\"A\", \"B\"]}".into(),
            vec![0x02],
            "\"B\"",
        ),
        (
            "{\"type\": \"int\", \"logicalType\": \"date\"}".into(),
            long(-719_162),
            "\"0001-01-01\"",
        ),
        (
            "{\"type\": \"int\", \"logicalType\": \"date\"}".into(),
            long(2_932_897),
            "2932897",
        ),
        (
            instant("timestamp-millis"),
            long(1_700_000_000_123),
            "\"2023-11-14T22:13:20.123000Z\"",
        ),
        (instant("timestamp-micros"), long(-1), "\"1969-12-31T23:59:59.999999Z\""),
        (
            instant("timestamp-nanos"),
            long(1_000),
            "\"1970-01-01T00:00:00.000001Z\"",
        ),
        (
            instant("timestamp-nanos"),
            long(-1),
            "\"1969-12-31T23:59:59.999999999Z\"",
        ),
        (instant("local-timestamp-millis"), long(0), "\"1970-01-01T00:00:00\""),
        (instant("timestamp-millis"), long(i64::MAX), "9223372036854775807"),
        // A logical type that the type cannot have counts for nothing.
        (instant("date"), long(5), "5"),
        (decimal.into(), bytes(&[0x04, 0xd2]), "12.34"),
        (decimal.into(), bytes(&[0xff]), "-0.01"),
        (decimal.into(), bytes(&[]), "0.00"),
        (
            decimal.into(),
            bytes(&(-170_141_183_460_469_231_731_687_303_715_884_105_728_i128).to_be_bytes()),
            "-1701411834604692317316873037158841057.28",
        ),
        (
            decimal.into(),
            bytes(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            "3402823669209384634633746074317682114.56",
        ),
        (fixed(4, "decimal"), vec![0xff, 0xff, 0xff, 0x00], "-0.256"),
        (
            fixed(16, "uuid"),
            (0..16).collect(),
            "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"",
        ),
        (
            fixed(12, "duration"),
            [0_u32, 1, 1_500].map(u32::to_le_bytes).concat(),
            "\"P1DT1.500S\"",
        ),
        (
            fixed(12, "duration"),
            [1_u32, 2, 1_500].map(u32::to_le_bytes).concat(),
            "\"P1M2DT1.500S\"",
        ),
        (fixed(2, "decimal"), vec![0x00, 0x01], "0.001"),
    ];
    for (schema, record, expected) in &cases {
        assert_eq!(json(schema, record).as_deref(), Ok(*expected), "{schema} of {record:?}");
    }
}

/// A record of which a field has the record again, named with its namespace and without.
const NODE: &str = r#"{"type": "record", "name": "Node", "namespace": "a.b", "fields": [
  {"name": "id", "type": {"type": "long", "doc": "said"}},
  {"name": "color", "type": ["null", {"type": "enum", "name": "Color", "symbols": ["RED", "BLUE"]}], "default": null},
  {"name": "other", "type": ["null", "Color"]},
  {"name": "next", "type": ["null", "a.b.Node"]}
]}"#;

#[test]
fn a_record_may_have_itself_inside_and_so_far_it_is_read() {
    let one = [long(7), vec![2, 2, 0]].concat();
    let inner = [one.clone(), vec![0]].concat();
    let two = [one.clone(), vec![2], inner].concat();
    let expected = r#"{"id":7,"color":"BLUE","other":null,"next":{"id":7,"color":"BLUE","other":null,"next":null}}"#;
    assert_eq!(json(NODE, &two).as_deref(), Ok(expected));
    // A few bytes each: a stack would not hold them.
    let deep: Vec<u8> = std::iter::repeat_n([one, vec![2]].concat(), 1_000_000)
        .flatten()
        .collect();
    assert!(json(NODE, &deep).is_err_and(|why| why.contains("100 deep")));
}

#[test]
fn what_was_not_written_with_a_schema_is_told() {
    let list = "{\"type\": \"array\", \"items\": \"null\"}";
    let many = [long(1 << 60), vec![0]].concat();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("\"long\"", vec![0x80], "ends within a value"),
        ("\"long\"", vec![0x80; 11], "more than 64 bits"),
        ("\"int\"", long(1 << 40), "more than 32 bits"),
        ("\"string\"", bytes(&[0xff]), "not UTF-8"),
        ("\"string\"", long(-1), "length below 0"),
        ("\"string\"", long(i64::MAX), "ends within a value"),
        ("\"boolean\"", vec![2], "a boolean that is 2"),
        ("[\"null\", \"long\"]", vec![4], "no branch 2 of a union of 2"),
        (
            "{\"type\": \"enum\", \"name\": \"e\", \"symbols\": [\"A\"]}",
            vec![1],
            "no symbol -1 of an enum of 1",
        ),
        ("\"null\"", vec![0], "1 bytes after the end"),
        (list, many, "longer than 16 MiB"),
        (
            "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 4}",
            bytes(&[1; 2_000]),
            "a decimal of 2000 bytes",
        ),
    ];
    for (schema, record, word) in &cases {
        let said = json(schema, record).expect_err("refused");
        assert!(said.contains(word), "{schema} of {record:?}: {said}");
    }
    for (schema, word) in [
        ("", "no JSON"),
        ("7", "no type: 7"),
        ("\"card\"", "no type `card`"),
        ("{\"type\": \"record\", \"name\": \"r\"}", "without `fields`"),
        ("{\"type\": \"record\", \"fields\": []}", "without a name"),
        (
            "{\"type\": \"fixed\", \"name\": \"f\", \"size\": -1}",
            "no number of bytes",
        ),
        ("{\"items\": \"long\"}", "says no `type`"),
    ] {
        let said = json(schema, &[]).expect_err("refused");
        assert!(said.contains(word), "{schema}: {said}");
    }
    assert_eq!(framed(&[0, 0, 0, 1, 2, 9]), Ok((258, &[9_u8][..])));
    for (value, word) in [
        (&b"{\"id\": 1}"[..], "its first byte is 123"),
        (b"\0abc", "4 bytes"),
        (b"", "0 bytes"),
    ] {
        assert!(framed(value).is_err_and(|why| why.contains(word)), "{value:?}");
    }
}

#[test]
fn a_schema_may_name_the_types_of_those_it_refers_to() {
    let mut schemas = Schemas::default();
    schemas
        .add("{\"type\": \"fixed\", \"name\": \"money\", \"namespace\": \"shop\", \"size\": 1}")
        .expect("a schema");
    let schema = schemas
        .finish("{\"type\": \"array\", \"items\": \"shop.money\"}")
        .expect("a schema");
    let mut line = Vec::new();
    to_json(&schema, &[2, 7, 0], &mut line).expect("a value");
    assert_eq!(line, b"[\"Bw==\"]");
}

fn source(columns: &str) -> Source {
    let text = format!(
        "module m\nentity card (card: string)\nsource s {{\n  columns (id: int64, card: string, at: timestamp, seen: timestamp{columns})\n  \
         unique id\n  time at\n  arrival seen\n  lateness 1d\n  batch csv \"s.csv\"\n}}\n"
    );
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("s.feat", text.as_str());
    let compiled = featc_driver::compile(&sources, &[file]);
    let mut ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    ir.sources.remove(0)
}

#[test]
fn a_schema_that_lacks_or_turns_a_column_does_not_fit() {
    let schema = |fields: &str| {
        let text = format!("{{\"type\": \"record\", \"name\": \"r\", \"fields\": [{fields}]}}");
        Schemas::default().finish(&text).expect("a schema")
    };
    let field = |name: &str, ty: &str| format!("{{\"name\": \"{name}\", \"type\": {ty}}}");
    let instant = "[\"null\", {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}]";
    let own = [
        field("id", "\"int\""),
        field("card", "\"string\""),
        field("at", instant),
    ]
    .join(",");
    // The arrival may be the server's; a column may be null that no schema has.
    assert_eq!(misfits(&schema(&own), &source(", amount: float64?")), [""; 0]);
    assert_eq!(
        misfits(&schema(&own), &source(", amount: float64")),
        ["no field `amount`"]
    );
    let user = field(
        "user",
        "[\"null\", {\"type\": \"record\", \"name\": \"u\", \"fields\": [{\"name\": \"age\", \"type\": \"string\"}]}]",
    );
    let with_user = schema(&[own.clone(), user].join(","));
    assert_eq!(misfits(&with_user, &source(", age: string from \"user.age\"")), [""; 0]);
    assert_eq!(
        misfits(&with_user, &source(", age: int64 from \"user.age\"")),
        ["`user.age` is string, which column `age`, int64, cannot be"]
    );
    let long = schema(&own.replace(instant, "\"long\""));
    assert_eq!(
        misfits(&long, &source("")),
        ["`at` is long, which column `at`, timestamp, cannot be"]
    );
    let bare = Schemas::default().finish("[\"null\", \"long\"]").expect("a schema");
    assert_eq!(
        misfits(&bare, &source("")),
        ["its values are no records but null or long"]
    );
}

/// What fastavro wrote, with the JSON that Python says: see `tests/support/avro/written.py`.
#[test]
fn what_another_library_wrote_is_read_as_what_it_was() {
    let written = include_str!("../../../../tests/support/avro/written.txt");
    let (mut schema, mut records) = (None, 0);
    for line in written.lines() {
        if let Some(text) = line.strip_prefix("schema ") {
            schema = Some(Schemas::default().finish(text).expect("a schema"));
            continue;
        }
        let (hex, expected) = line.split_once(' ').expect("bytes and JSON");
        let byte = |place: usize| u8::from_str_radix(&hex[place..place + 2], 16).expect("hexadecimal");
        let record: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        let (schema, mut found) = (schema.as_ref().expect("a schema in front"), Vec::new());
        to_json(schema, &record, &mut found).unwrap_or_else(|why| panic!("{why}: {line}"));
        assert_eq!(String::from_utf8_lossy(&found), expected);
        records += 1;
        // Cut anywhere it is no record, unless nothing was cut off.
        for length in 0..record.len() {
            found.clear();
            assert!(
                to_json(schema, &record[..length], &mut found).is_err(),
                "{length} bytes of {line}"
            );
        }
    }
    assert_eq!(records, 150);
}
