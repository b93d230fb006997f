use super::*;
use featc_driver::LoadError;
use featc_ir::Type;
use featr::Error;

#[test]
fn what_the_system_refuses_is_told_with_its_own_next_step() {
    let help = |diagnostic: Diagnostic| (diagnostic.code, diagnostic.help.expect("a help").text);
    // EIO, EMFILE, ENFILE, ENOMEM, and EACCES for comparison: equal numbers on every Unix.
    for (number, words) in [
        (5, "check the disk"),
        (24, "ulimit -n"),
        (23, "ulimit -n"),
        (12, "memory"),
    ] {
        let error = || std::io::Error::from_raw_os_error(number);
        let read = DecodeError::unreadable("f.csv", &error());
        let written = DecodeError::refused(std::path::Path::new("o.csv"), &error());
        let loaded = LoadError::Unreadable {
            path: "p.feat".into(),
            why: error().to_string(),
        };
        for (code, (is, help)) in [
            (Code::UnreadableFile, help(run(&read.into(), None))),
            (Code::UnwritableOutput, help(run(&written.into(), None))),
            (Code::UnreadableFile, help(load(&loaded))),
            (Code::UnwritableOutput, help(unwritable("o.csv", &error().to_string()))),
        ] {
            assert_eq!(is, code);
            assert!(help.contains(words), "{number}: {help}");
        }
    }
    let denied = DecodeError::unreadable("f.csv", &std::io::Error::from_raw_os_error(13));
    assert_eq!(help(run(&denied.into(), None)).1, "mend the permissions of the file");
}

#[test]
fn a_spine_is_not_declared_by_a_program() {
    let wrong = |expected| DecodeError::WrongType {
        file: "s.parquet".into(),
        column: "card".into(),
        expected,
        found: "int64".into(),
    };
    let help = |error: DecodeError, at| run(&error.into(), at).help.expect("a help").text;
    assert_eq!(
        help(wrong(Some(Type::String)), Some("timestamp")),
        "write the column of the spine as string"
    );
    assert!(help(wrong(Some(Type::String)), None).contains("compute in a transform"));
    let price = Type::Decimal {
        precision: 12,
        scale: 2,
    };
    let floats = DecodeError::WrongType {
        file: "s.parquet".into(),
        column: "amount".into(),
        expected: Some(price),
        found: "Float64".into(),
    };
    assert_eq!(
        help(floats, Some("timestamp")),
        "write the column of the spine as decimal(12, 2) (in pandas \
         `amount.astype(pd.ArrowDtype(pa.decimal128(12, 2)))`), or declare what the request brings as float64"
    );
    let missing = || DecodeError::MissingColumn {
        file: "s.parquet".into(),
        column: "card".into(),
        found: vec!["x".into()],
        cased: vec![],
        declared: None,
    };
    assert!(help(missing(), Some("timestamp")).contains("in the spine"));
    for error in [wrong(None), wrong(Some(Type::String)), missing()] {
        assert!(!help(error, Some("timestamp")).contains("declare"));
    }
}

#[test]
fn many_names_are_not_all_told() {
    let found: Vec<String> = (0..100_000).map(|column| format!("c{column}")).collect();
    let missing = DecodeError::MissingColumn {
        file: "s.csv".into(),
        column: "card".into(),
        found,
        cased: vec![],
        declared: None,
    };
    let note = &run(&missing.into(), Some("timestamp")).notes[0];
    assert!(note.len() < 300 && note.ends_with("c29 and 99970 more"), "{note}");
}

#[test]
fn only_a_file_of_the_command_line_is_relative_to_the_current_folder() {
    let gone = DecodeError::unreadable("f.csv", &std::io::ErrorKind::NotFound.into());
    let gone = Error::from(gone);
    for (diagnostic, words) in [
        (of_command(&gone, None), "relative to the current folder"),
        (run(&gone, None), "it was there when the files were listed"),
    ] {
        assert_eq!(diagnostic.code, Code::FileNotFound);
        let help = diagnostic.help.expect("a help").text;
        assert!(help.contains(words), "{help}");
    }
}
