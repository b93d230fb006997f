use super::*;

const EVENTS: &[(&str, Type)] = &[("id", Type::Int64), ("at", Type::Timestamp), ("note?", Type::String)];

fn check(columns: &[(&str, Type)], content: impl AsRef<[u8]>) -> Outcome {
    read_content(&source(columns), FileFormat::Csv, content)
}

fn clean(columns: &[(&str, Type)], content: impl AsRef<[u8]>) -> Vec<String> {
    let outcome = check(columns, content);
    assert_eq!((outcome.rejects, outcome.error), (vec![], None));
    outcome.rows
}

#[test]
fn columns_by_name_extra_ones_ignored() {
    let rows = clean(
        EVENTS,
        "note,extra,at,id\nhello,\"x,y\",1970-01-01T00:00:01Z,7\n,,1970-01-01T00:00:00.5+00:00,8",
    );
    assert_eq!(rows, ["f:2 7|1000000|hello", "f:3 8|500000|∅"]);
}

#[test]
fn crlf_bom_blank_lines_and_no_end_of_line() {
    let rows = clean(
        EVENTS,
        "\u{feff}id,at,note\r\n1,1970-01-01T00:00:00Z,a\r\n\r\n2,1970-01-01T00:00:00Z,\"b\"\r\n3,1970-01-01T00:00:00Z,c",
    );
    assert_eq!(rows, ["f:2 1|0|a", "f:4 2|0|b", "f:5 3|0|c"]);
}

#[test]
fn quoted_line_ends_keep_the_line_numbers() {
    let rows = clean(
        EVENTS,
        "id,at,note\r\n1,1970-01-01T00:00:00Z,\"two\r\nlines, \"\"quoted\"\"\n\"\r\n2,1970-01-01T00:00:00Z,next\r\n",
    );
    assert_eq!(rows, ["f:2 1|0|two\r\nlines, \"quoted\"\n", "f:5 2|0|next"]);
}

#[test]
fn quoted_header_and_quotes_inside_plain_fields() {
    let rows = clean(EVENTS, "\"id\",\"at\",\"note\"\n1,1970-01-01T00:00:00Z,5\" pipe\n");
    assert_eq!(rows, ["f:2 1|0|5\" pipe"]);
}

#[test]
fn empty_is_null_and_quoted_empty_is_an_empty_string() {
    let columns = [("at", Type::Timestamp), ("s?", Type::String), ("n?", Type::Int64)];
    assert_eq!(
        clean(
            &columns,
            "at,s,n\n1970-01-01T00:00:00Z,,\n1970-01-01T00:00:00Z,\"\",\"\"\n"
        ),
        ["f:2 0|∅|∅", "f:3 0||∅"]
    );
}

#[test]
fn every_type() {
    let columns = [
        ("at", Type::Timestamp),
        ("b?", Type::Bool),
        ("f?", Type::Float64),
        ("d?", Type::Decimal { precision: 5, scale: 2 }),
        ("day?", Type::Date),
        ("long?", Type::Duration),
    ];
    let content = "at,b,f,d,day,long\n1970-01-01 00:00:00+00,TRUE,-0.0,1.5,1970-01-02,PT1S\n1970-01-01T00:00:00Z,false,NaN,-1.50,1969-12-31,-P1D\n";
    assert_eq!(
        clean(&columns, content),
        ["f:2 0|true|0.0|150|1|1000000", "f:3 0|false|∅|-150|-1|-86400000000"]
    );
    let mut keep = source(&columns);
    keep.keep_nan = true;
    assert_eq!(
        read_content(&keep, FileFormat::Csv, content).rows[1],
        "f:3 0|false|NaN|-150|-1|-86400000000"
    );
}

#[test]
fn broken_rows_are_counted_with_their_reason() {
    let mut content = b"id,at,note\n1,1970-01-01T00:00:00Z,ok\n1.0,1970-01-01T00:00:00Z,\n,1970-01-01T00:00:00Z,\n2,,\n3,yesterday,\n".to_vec();
    content.extend(b"4,1970-01-01T00:00:00Z\n5,1970-01-01T00:00:00Z,\"x\"y\n6,1970-01-01T00:00:00Z,\xff\n99999999999999999999,,\n7,1970-01-01T00:00:00Z,ok\n");
    let outcome = check(EVENTS, &content);
    assert_eq!(outcome.rows, ["f:2 1|0|ok", "f:11 7|0|ok"]);
    assert_eq!(
        outcome.rejects,
        [
            "f:3 bad_value column id: \"1.0\" is not an int64",
            "f:4 null_in_required column id is null",
            "f:5 null_time column at is null",
            "f:6 bad_value column at: \"yesterday\" is not an RFC 3339 timestamp",
            "f:7 unparsable 2 fields where the header has 3",
            "f:8 unparsable text after a closing quote",
            "f:9 unparsable not UTF-8",
            "f:10 bad_value column id: \"99999999999999999999\" does not fit int64",
        ]
    );
    assert_eq!(outcome.error, None);
}

#[test]
fn raw_text_is_kept_and_written_aside() {
    let events = source(EVENTS);
    let content = "id,at,note\nx,1970-01-01T00:00:00Z,\"a\nb\"\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), content).unwrap();
    let set = file_set(FileFormat::Csv, &["f"]);
    let mut reader = read_source(&events, &set, folder.path(), ReadOptions::default()).unwrap();
    assert_eq!(drain(&mut reader), (vec![], None));
    let kept = reader.into_rejects();
    assert_eq!(kept.kept()[0].raw.as_deref(), Some("x,1970-01-01T00:00:00Z,\"a\nb\""));
    let mut sink = crate::JsonlRejects::new(Vec::new(), "rejects.jsonl");
    let Reject {
        file,
        line,
        reason,
        detail,
        raw,
    } = &kept.kept()[0];
    sink.write(file, *line, reason.name(), &detail.to_string(), raw.as_deref())
        .unwrap();
    let written = String::from_utf8(sink.finish().unwrap()).unwrap();
    assert_eq!(
        written,
        "{\"file\":\"f\",\"line\":2,\"reason\":\"bad_value\",\"detail\":\"column id: \\\"x\\\" is not an int64\",\
         \"raw\":\"x,1970-01-01T00:00:00Z,\\\"a\\nb\\\"\"}\n"
    );
}

#[test]
fn what_rejected_rows_may_take_the_place_of() {
    let mut sink = crate::JsonlRejects::new(Vec::new(), "rejects.jsonl");
    sink.write("a.csv", 2, "late", "too late", None).unwrap();
    let written = sink.finish().unwrap();
    let held = |text: &[u8]| crate::begins_with_reject(text);
    assert!(held(b"") && held(&written) && held(&[&written[..], b"\n{}"].concat()));
    let others: [&[u8]; 6] = [
        CONTENT_OF_OTHERS.as_bytes(),
        b"{\"kind\": \"featc.backfill\", \"version\": 1}",
        b"{\"file\": \"a\", \"line\": 2, \"reason\": \"late\", \"detail\": \"\"}",
        b"[]",
        b"{\"file\": ",
        b"PAR1\x15\x04",
    ];
    assert!(!others.into_iter().any(held));
}

const CONTENT_OF_OTHERS: &str = "id,at\n1,1970-01-01T00:00:00Z\n";

#[test]
fn a_quote_that_never_closes_costs_one_line() {
    let content = "id,at,note\n1,1970-01-01T00:00:00Z,\"oops\n2,1970-01-01T00:00:00Z,b\n3,1970-01-01T00:00:00Z,c";
    let outcome = check(EVENTS, content);
    assert_eq!(outcome.rows, ["f:3 2|0|b", "f:4 3|0|c"]);
    assert_eq!(outcome.rejects, ["f:2 unparsable a quote that never closes"]);
    let last = check(EVENTS, "id,at,note\n1,1970-01-01T00:00:00Z,\"");
    assert_eq!(last.rejects, ["f:2 unparsable a quote that never closes"]);
}

#[test]
fn timestamps_without_offset_are_fatal_unless_a_zone_is_declared() {
    let content = "id,at,note\n1,1970-01-01T00:00:00Z,\nx,1970-01-01T00:00:00,\n";
    let outcome = check(EVENTS, content);
    let expected = DecodeError::NaiveTimestamp {
        file: "f".into(),
        line: Some(3),
        column: "at".into(),
        asks_by_day: false,
    };
    assert_eq!(outcome.error, Some(expected.clone()));
    assert_eq!(
        expected.to_string(),
        "naive timestamps: column `at` of f has a value without offset on line 3"
    );
    assert!(expected.help().unwrap().contains("zone \"UTC\""));
    let mut zoned = source(EVENTS);
    zoned.zone = Some("Europe/Paris".into());
    let content = "id,at,note\n1,1970-01-01T00:00:00Z,\n2,1970-01-01T01:00:00,\n3,2023-03-26 02:30:00,\n";
    let outcome = read_content(&zoned, FileFormat::Csv, content);
    assert_eq!(outcome.rows, ["f:2 1|0|∅", "f:3 2|0|∅"]);
    assert_eq!(
        outcome.rejects,
        ["f:4 bad_value column at: \"2023-03-26 02:30:00\" is a local time that never occurred"]
    );
}

#[test]
fn whole_file_mistakes() {
    let missing = check(EVENTS, "id,time,note\n").error.unwrap();
    let found = vec!["id".to_owned(), "time".into(), "note".into()];
    assert_eq!(
        missing,
        DecodeError::MissingColumn {
            file: "f".into(),
            column: "at".into(),
            found,
            cased: vec![],
            declared: None,
        }
    );
    assert_eq!(missing.help().unwrap(), "the file has: id, time, note");
    let twice = check(EVENTS, "id,at,note,at\n").error.unwrap();
    assert_eq!(
        twice,
        DecodeError::AmbiguousColumn {
            file: "f".into(),
            column: "at".into()
        }
    );
    assert_eq!(
        check(EVENTS, "").error.unwrap().to_string(),
        "f is corrupt or of another format: no header line"
    );
    assert_eq!(check(EVENTS, "id,at,note").error, None);
    let mut zoned = source(EVENTS);
    zoned.zone = Some("Paris".into());
    let outcome = read_content(&zoned, FileFormat::Csv, "id,at,note\n");
    assert_eq!(outcome.error, Some(DecodeError::UnknownZone { zone: "Paris".into() }));
}

#[test]
fn rejects_in_memory_are_bounded() {
    let mut content = String::from("id,at,note\n");
    (0..3_000).for_each(|_| content.push_str(&format!("x,1970-01-01T00:00:00Z,{}\n", "é".repeat(4_000))));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), content).unwrap();
    let set = file_set(FileFormat::Csv, &["f"]);
    let mut reader = read_source(&source(EVENTS), &set, folder.path(), ReadOptions::default()).unwrap();
    assert_eq!(drain(&mut reader), (vec![], None));
    let rejects = reader.into_rejects();
    assert_eq!(
        (rejects.total(), rejects.kept().len()),
        (3_000, crate::Rejects::KEPT_MAX)
    );
    assert_eq!(rejects.counts().collect::<Vec<_>>(), [(Reason::BadValue, 3_000)]);
    let raw = rejects.kept()[0].raw.clone().unwrap();
    assert!(raw.len() <= crate::Rejects::RAW_BYTES_MAX && raw.len() > crate::Rejects::RAW_BYTES_MAX - 4);
}

#[test]
fn a_record_of_more_than_the_bound_is_one_reject() {
    let long = "y".repeat(crate::lines::RECORD_BYTES_MAX);
    let content = format!(
        "id,at,note\n1,1970-01-01T00:00:00Z,{long}\n2,1970-01-01T00:00:00Z,b\n3,1970-01-01T00:00:00Z,\"{long}\n4,1970-01-01T00:00:00Z,\"\n{long}\n5,1970-01-01T00:00:00Z,c\n"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), content).unwrap();
    let outcome = read_with(
        &source(EVENTS),
        &file_set(FileFormat::Csv, &["f"]),
        folder.path(),
        None,
        10,
    );
    assert_eq!(outcome.rows, ["f:3 2|0|b", "f:7 5|0|c"]);
    assert_eq!(
        outcome.rejects,
        [
            "f:2 unparsable longer than 16 MiB",
            "f:4 unparsable longer than 16 MiB",
            "f:5 unparsable a quote that never closes",
            "f:6 unparsable longer than 16 MiB",
        ]
    );
}

#[test]
fn any_bytes_give_rows_or_rejects() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    let pieces: [&[u8]; 12] = [
        b"1",
        b",",
        b",",
        b"\"",
        b"\"",
        b"\n",
        b"\n",
        b"\r\n",
        b"\xff",
        b"1970-01-01T00:00:00Z",
        b"1,1970-01-01T00:00:00Z,",
        b"\xc3\xa9",
    ];
    for _ in 0..300 {
        let mut content = b"id,at,note\n".to_vec();
        (0..next(40)).for_each(|_| content.extend(pieces[next(pieces.len())]));
        let outcome = check(EVENTS, &content);
        assert_eq!(outcome.error, None);
        let lines = content
            .split(|byte| *byte == b'\n')
            .skip(1)
            .filter(|line| !matches!(*line, b"" | b"\r"))
            .count();
        let records = outcome.rows.len() + outcome.rejects.len();
        assert!(
            records <= lines && (lines == 0 || records > 0),
            "{:?}",
            String::from_utf8_lossy(&content)
        );
    }
}

#[test]
fn tsv_is_csv_with_tabs() {
    let content = "note\tat\tid\n\"a\tb\"\t1970-01-01T00:00:01Z\t7\nx,\\t\t1970-01-01T00:00:02Z\t8\n\"\"\"q\"\"\n\"\t1970-01-01T00:00:03Z\t9\n\t1970-01-01T00:00:04Z\t1\n1\t2\n";
    let outcome = read_content(&source(EVENTS), FileFormat::Tsv, content);
    assert_eq!(
        outcome.rows,
        [
            "f:2 7|1000000|a\tb",
            "f:3 8|2000000|x,\\t",
            "f:4 9|3000000|\"q\"\n",
            "f:6 1|4000000|∅"
        ]
    );
    assert_eq!(outcome.rejects, ["f:7 unparsable 2 fields where the header has 3"]);
}
