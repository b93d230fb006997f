use super::*;
use proptest::prelude::*;

const EVENTS: &[(&str, Type)] = &[("id", Type::Int64), ("at", Type::Timestamp), ("note?", Type::String)];

/// Rejected rows in full, rows as text.
type Told = (Vec<String>, Vec<Reject>, Option<DecodeError>);

/// The slow twin: the file from its beginning to its end.
fn whole(format: FileFormat, folder: &Path) -> Told {
    let sink = Collect::default();
    let options = ReadOptions {
        sink: Some(sink.sink()),
        ..ReadOptions::default()
    };
    let mut reader = read_source(&source(EVENTS), &file_set(format, &["f"]), folder, options).unwrap();
    let (rows, error) = drain(&mut reader);
    let rejects = sink.0.lock().unwrap().clone();
    (rows, rejects, error)
}

/// The same in pieces; with their number.
fn cut(format: FileFormat, folder: &Path, bytes: usize, threads: usize) -> (Told, usize) {
    let options = PieceOptions {
        bytes_per_piece: Some(bytes),
        threads,
        ..PieceOptions::default()
    };
    let all = pieces(&source(EVENTS), &file_set(format, &["f"]), folder, &options).unwrap();
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for piece in &all {
        let read = piece.read::<DecodeError>(
            &mut |reject| {
                rejects.push(reject);
                Ok(())
            },
            &mut |decoded| {
                rows.extend(rows_of(&decoded));
                Ok(())
            },
        );
        if let Err(error) = read {
            return ((rows, rejects, Some(error)), all.len());
        }
    }
    ((rows, rejects, None), all.len())
}

fn folder_with(content: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), content).unwrap();
    folder
}

/// What a field, or a line, may be made of.
fn csv_line() -> impl Strategy<Value = Vec<u8>> {
    let notes: [&[u8]; 16] = [
        b"",
        b"x",
        b"\"\"",
        b"\"q, q\"",
        b"\"a\"\"b\"",
        b"\"two\nlines\"",
        b"\"\r\n\r\n\"\"\n\"",
        b"\"\n\n\n\n1,1970-01-01T00:00:00Z,\n\"",
        b"5\" pipe",
        b"\"broken\"x",
        b"\"open",
        b"\"\"\"",
        b"\xff",
        b"\"\xff\n\"",
        b"a,b",
        "é\"".as_bytes(),
    ];
    let row = (0u32..50, prop::sample::select(notes.to_vec())).prop_map(|(id, note)| {
        let mut line = format!("{id},1970-01-01T00:00:{:02}Z,", id).into_bytes();
        line.extend_from_slice(note);
        line
    });
    let other: [&[u8]; 8] = [b"", b" ", b"\"", b"\",\"", b",,", b"\"x", b"1,\"", b"\r"];
    prop_oneof![4 => row, 1 => prop::sample::select(other.to_vec()).prop_map(<[u8]>::to_vec)]
}

fn json_line() -> impl Strategy<Value = Vec<u8>> {
    let other: [&[u8]; 9] = [
        b"",
        b"  ",
        b"\r",
        b"{",
        b"[1]",
        b"{\"id\":1,\"id\":2}",
        b"{\"id\":1}",
        b"\xff",
        b"\"open",
    ];
    let row = (0u32..50, prop::sample::select(vec!["x", "\\n", "\\\"", "é", ""])).prop_map(|(id, note)| {
        format!("{{\"id\":{id},\"at\":\"1970-01-01T00:00:{id:02}Z\",\"note\":\"{note}\"}}").into_bytes()
    });
    prop_oneof![4 => row, 1 => prop::sample::select(other.to_vec()).prop_map(<[u8]>::to_vec)]
}

/// Lines with their ends; the last may have none.
fn text(start: &'static [&'static [u8]], line: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let end = prop::sample::select(vec!["\n", "\n", "\r\n"]);
    let lines = prop::collection::vec((line, end), 0..30);
    (prop::sample::select(start.to_vec()), lines, any::<bool>()).prop_map(|(start, lines, ended)| {
        let mut text = start.to_vec();
        for (line, end) in lines {
            text.extend(line);
            text.extend_from_slice(end.as_bytes());
        }
        if !ended && text.last() == Some(&b'\n') {
            text.pop();
        }
        text
    })
}

const HEADERS: &[&[u8]] = &[
    b"id,at,note\n",
    b"\xef\xbb\xbfid,at,note\r\n",
    b"\n\r\n\n\"id\",\"at\",\"note\"\n",
    b"\xef\xbb\xbf\"id\",at,note\n\n",
    b"id,at,note,\"two\n\nlines\"\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_cut_of_csv_shows(content in text(HEADERS, csv_line()), bytes in 1usize..200, threads in 1usize..4) {
        let folder = folder_with(&content);
        let (told, _) = cut(FileFormat::Csv, folder.path(), bytes, threads);
        prop_assert_eq!(told, whole(FileFormat::Csv, folder.path()));
    }

    #[test]
    fn no_cut_of_jsonl_shows(content in text(&[b"", b"\xef\xbb\xbf", b"\n\n"], json_line()), bytes in 1usize..200, threads in 1usize..4) {
        let folder = folder_with(&content);
        let (told, _) = cut(FileFormat::Jsonl, folder.path(), bytes, threads);
        prop_assert_eq!(told, whole(FileFormat::Jsonl, folder.path()));
    }
}

/// Rows of CSV; every seventh spans three lines.
fn rows(count: usize) -> String {
    let row = |i: usize| {
        let note = if i % 7 == 3 { "\"a\nb, \"\"\nc\"" } else { "plain" };
        format!("{i},1970-01-01T00:00:00Z,{note}\n")
    };
    (0..count).map(row).collect()
}

#[test]
fn files_are_cut_where_records_begin() {
    let csv = format!("id,at,note\n{}", rows(1_000));
    let folder = folder_with(csv.as_bytes());
    let expected = whole(FileFormat::Csv, folder.path());
    assert_eq!((expected.0.len(), &expected.1, &expected.2), (1_000, &vec![], &None));
    for (bytes, least) in [(1, 950), (100, 140), (1_000, 20), (10_000, 3)] {
        let (told, count) = cut(FileFormat::Csv, folder.path(), bytes, 3);
        assert_eq!(told, expected);
        assert!(
            count >= least && count <= csv.len() / bytes + 1,
            "{count} pieces of {bytes}"
        );
    }
    assert_eq!(cut(FileFormat::Csv, folder.path(), csv.len(), 3).1, 1);
    // One line is one record, whatever its quotes.
    let json = "{\"id\":1,\"at\":\"1970-01-01T00:00:00Z\"}\n".repeat(100);
    let folder = folder_with(json.as_bytes());
    let (told, count) = cut(FileFormat::Jsonl, folder.path(), 1, 2);
    assert_eq!((told.0.len(), count), (100, 100));
    assert_eq!(told.0[99], "f:100 1|0|∅");
}

#[test]
fn a_quote_right_behind_a_byte_order_mark_opens_a_field() {
    // The quote that closes it would open a field if the first were missed: it has a comma before it.
    let header = "\u{feff}\"x,\",id,at,note\n";
    let row = "x,1,1970-01-01T00:00:00Z,\"two\nlines\"\n";
    let content = format!("{header}{}", row.repeat(5));
    let folder = folder_with(content.as_bytes());
    let expected = whole(FileFormat::Csv, folder.path());
    assert_eq!((expected.0.len(), expected.1.len()), (5, 0));
    for bytes in 1..content.len() {
        assert_eq!(cut(FileFormat::Csv, folder.path(), bytes, 2).0, expected, "{bytes}");
    }
}

#[test]
fn pieces_say_their_bytes() {
    let csv = format!("id,at,note\n{}", rows(1_000));
    let folder = folder_with(csv.as_bytes());
    let set = file_set(FileFormat::Csv, &["f"]);
    let options = PieceOptions {
        bytes_per_piece: Some(5_000),
        ..PieceOptions::default()
    };
    let all = pieces(&source(EVENTS), &set, folder.path(), &options).unwrap();
    assert!(all.len() > 3 && all.iter().all(|piece| piece.rows().is_none() && piece.bytes() > 0));
    assert_eq!(all.iter().map(Piece::bytes).sum::<u64>(), csv.len() as u64);
    assert_eq!(all.iter().map(Piece::unpacked_bytes).sum::<u64>(), csv.len() as u64);
    // Small files stay whole by themselves.
    assert_eq!(
        pieces(&source(EVENTS), &set, folder.path(), &PieceOptions::default())
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn quotes_that_never_close_and_records_that_are_too_long() {
    const MIB: usize = 1 << 20;
    let line = format!("7,1970-01-01T00:00:00Z,{}\n", "x".repeat(1_000));
    let lines = |bytes: usize| line.repeat(bytes / line.len());
    let stray = "8,1970-01-01T00:00:00Z,\"never\n";
    let begin = "id,at,note\n";
    let cases = [
        // Given up after 16 MiB, then cut as before.
        format!("{begin}{}{stray}{}", lines(2 * MIB), lines(20 * MIB)),
        // Given up at the end of the file; several in a row.
        format!("{begin}{}{stray}{}", lines(2 * MIB), lines(2 * MIB)),
        format!("{begin}{}{stray}", lines(2 * MIB)),
        // A quote that closes after less than 16 MiB, and one after more.
        format!("{begin}{stray}{}\"\n{}", lines(9 * MIB), lines(MIB)),
        format!("{begin}{stray}{}\"\n{}", lines(17 * MIB), lines(MIB)),
        // The line with which one record is too long closes the quote of the next.
        format!(
            "{begin}8,1970-01-01T00:00:00Z,\"{}\n8,1970-01-01T00:00:00Z\" ,\"b\n{}\"\n{}",
            "x".repeat(9 * MIB),
            "y".repeat(8 * MIB),
            lines(MIB)
        ),
        // A line that is too long.
        format!(
            "{begin}{}9,1970-01-01T00:00:00Z,{}\n{}",
            lines(MIB),
            "y".repeat(17 * MIB),
            lines(MIB)
        ),
    ];
    for (case, content) in cases.iter().enumerate() {
        let folder = folder_with(content.as_bytes());
        let (told, count) = cut(FileFormat::Csv, folder.path(), MIB / 2, 2);
        let expected = whole(FileFormat::Csv, folder.path());
        assert!(told == expected, "case {case}: {:?}, not {:?}", told.1, expected.1);
        assert_eq!(count > 1, case != 6, "case {case}: {count}");
    }
    let long = format!(
        "{{\"id\":1,\"at\":\"1970-01-01T00:00:00Z\",\"note\":\"{}\"}}\n",
        "y".repeat(17 * MIB)
    );
    let short = "{\"id\":1,\"at\":\"1970-01-01T00:00:00Z\"}\n";
    let folder = folder_with(format!("{short}{long}{short}{long}{short}").as_bytes());
    let (told, count) = cut(FileFormat::Jsonl, folder.path(), 1, 2);
    assert_eq!((told.0.len(), told.1.len(), count), (3, 2, 5));
    assert!(told == whole(FileFormat::Jsonl, folder.path()));
}

#[test]
fn many_records_that_are_given_up_are_left_to_one_piece() {
    // Every line closes a quote, if one is open, and opens one.
    let stray = "8,1970-01-01T00:00:00Z\" ,\"a\n".repeat(40);
    let folder = folder_with(format!("id,at,note\n{stray}").as_bytes());
    let (told, count) = cut(FileFormat::Csv, folder.path(), 20, 2);
    assert_eq!(told, whole(FileFormat::Csv, folder.path()));
    assert_eq!((told.1.len(), count), (40, 1));
}

#[test]
fn a_text_file_that_changed_is_refused() {
    let folder = folder_with(format!("id,at,note\n{}", rows(100)).as_bytes());
    let options = PieceOptions {
        bytes_per_piece: Some(500),
        ..PieceOptions::default()
    };
    let set = file_set(FileFormat::Csv, &["f"]);
    let all = pieces(&source(EVENTS), &set, folder.path(), &options).unwrap();
    let len = || folder.path().join("f").metadata().unwrap().len();
    let was = len();
    std::fs::write(folder.path().join("f"), format!("id,at,note\n{}", rows(99))).unwrap();
    let error = all[1]
        .read::<DecodeError>(&mut |_| Ok(()), &mut |_| Ok(()))
        .unwrap_err();
    let is = len();
    assert_eq!(
        error.to_string(),
        format!("f shrank from {was} to {is} bytes while it was read")
    );
}

#[test]
fn a_file_that_is_cut_short_under_its_reader_is_said_to_have_changed() {
    use crate::{InputFile, LocalStore, Store as _};
    use std::io::Read as _;
    let folder = folder_with(&[b'x'; 100]);
    let path = folder.path().join("f");
    let open = LocalStore.open(&InputFile::new(path.clone(), "f")).unwrap();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(40)
        .unwrap();
    let changed = "f shrank from 100 to 40 bytes while it was read";
    assert_eq!(open.read_at(30, 20).unwrap_err().to_string(), changed);
    let mut part = crate::store::Ranged::new(open, 30..50);
    let error = part.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(DecodeError::unreadable("f", &error).to_string(), changed);
}
