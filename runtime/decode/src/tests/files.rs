use super::*;
use crate::{LocalStore, expand_in};

fn names(folder: &Path, format: FileFormat, paths: &[&str]) -> Result<Vec<String>, DecodeError> {
    Ok(expand_in(&LocalStore, &file_set(format, paths), folder)?
        .iter()
        .map(|file| file.name.to_string())
        .collect())
}

#[test]
fn patterns_in_order_files_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    std::fs::create_dir_all(base.join("d/_temporary")).unwrap();
    std::fs::create_dir_all(base.join("empty")).unwrap();
    for file in [
        "d/b.csv",
        "d/a.csv",
        "d/c.jsonl",
        "d/e.ndjson",
        "d/.h.csv",
        "d/_m.csv",
        "d/_temporary/t.csv",
        "z[1].csv",
        "z1.csv",
    ] {
        std::fs::write(base.join(file), "").unwrap();
    }
    let check = |paths: &[&str]| names(base, FileFormat::Csv, paths);
    assert_eq!(check(&["d"]).unwrap(), ["d/a.csv", "d/b.csv"]);
    assert_eq!(
        check(&["z1.csv", "d/*.csv", "d/a.csv"]).unwrap(),
        ["z1.csv", "d/a.csv", "d/b.csv"]
    );
    assert_eq!(
        check(&["**/*.csv"]).unwrap(),
        ["d/a.csv", "d/b.csv", "z1.csv", "z[1].csv"]
    );
    assert_eq!(check(&["d/_temporary/*.csv"]).unwrap(), ["d/_temporary/t.csv"]);
    assert_eq!(check(&["d/_m.csv"]).unwrap(), ["d/_m.csv"]);
    assert_eq!(check(&["z[1].csv"]).unwrap(), ["z[1].csv"]);
    assert_eq!(
        names(base, FileFormat::Jsonl, &["d"]).unwrap(),
        ["d/c.jsonl", "d/e.ndjson"]
    );
    let absolute = base.join("z1.csv");
    assert_eq!(check(&[absolute.to_str().unwrap()]).unwrap(), ["z1.csv"]);
    let why = |paths: &[&str]| check(paths).unwrap_err().to_string();
    assert_eq!(why(&["empty"]), "no files for \"empty\": the folder has no .csv files");
    assert_eq!(why(&["gone.csv"]), "no files for \"gone.csv\": no such file or folder");
    assert_eq!(why(&["gone/*.csv"]), "no files for \"gone/*.csv\": nothing matches");
    assert!(why(&["a/***"]).starts_with("no files for \"a/***\": not a glob"));
    assert_eq!(why(&[]), "no files for \"\": no paths are given");
}

#[test]
fn the_files_of_a_table_are_read_where_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    for part in ["lake/_delta_log", "lake/day=1/hour=2", "day=1/day=2"] {
        std::fs::create_dir_all(base.join(part)).unwrap();
    }
    for file in [
        "lake/a.parquet",
        "lake/a.csv",
        "lake/day=1/hour=2/b.parquet",
        "day=1/day=2/c.parquet",
    ] {
        std::fs::write(base.join(file), "").unwrap();
    }
    let check = |path: &str| names(base, FileFormat::Parquet, &[path]);
    for path in ["lake", "l*", "lake/day=1", "lake/day=1/hour=2", "lake/day=*"] {
        let error = check(path).unwrap_err();
        let words = "lake is corrupt or of another format: it is a Delta table";
        assert_eq!(error.to_string(), words, "{path}");
        assert!(error.help().is_some_and(|help| help.contains("`delta`")));
    }
    let own = names(&base.join("lake"), FileFormat::Parquet, &["."]).unwrap_err();
    assert!(own.to_string().starts_with(". is corrupt"), "{own}");
    assert_eq!(check("lake/*.parquet").unwrap(), ["lake/a.parquet"]);
    assert_eq!(check("day=1").unwrap(), ["day=1/day=2/c.parquet"]);
    assert_eq!(names(base, FileFormat::Csv, &["lake"]).unwrap(), ["lake/a.csv"]);
}

#[test]
fn several_files_in_order_and_unreadable_ones() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.csv"), "at\n1970-01-01T00:00:02Z\n").unwrap();
    std::fs::write(folder.path().join("a.csv"), "at\n1970-01-01T00:00:01Z\nx\n").unwrap();
    let events = source(&[("at", Type::Timestamp)]);
    let outcome = read(&events, &file_set(FileFormat::Csv, &["."]), folder.path());
    assert_eq!(outcome.rows, ["a.csv:2 1000000", "b.csv:2 2000000"]);
    assert_eq!(outcome.rejects.len(), 1);
    let set = file_set(FileFormat::Csv, &["a.csv", "b.csv"]);
    let mut reader = read_source(&events, &set, folder.path(), ReadOptions::default()).unwrap();
    std::fs::remove_file(folder.path().join("b.csv")).unwrap();
    let (rows, error) = drain(&mut reader);
    assert_eq!((rows.len(), reader.rows()), (1, 1));
    assert_eq!(error.unwrap().to_string(), "cannot read b.csv: no such file or folder");
    assert!(reader.next().is_none());
}

#[test]
fn new_files_are_foreseen() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    std::fs::create_dir_all(base.join("log/day=1")).unwrap();
    let set = |pattern: &str| FileSet {
        format: FileFormat::Parquet,
        paths: vec![pattern.to_owned()],
        version: None,
    };
    let would = |pattern: &str, target: &str| crate::would_list(&set(pattern), base, &base.join(target));
    assert!(would("log", "log/new.parquet"));
    assert!(would("log", "log/day=1/new.parquet"));
    assert!(would("log", "log/day=2/new.parquet"), "a folder that is not there yet");
    assert!(!would("log", "log/new.csv"));
    assert!(!would("log", "log/other/new.parquet"), "no value is said");
    assert!(!would("log", "new.parquet"));
    assert!(would("log/*.parquet", "log/new.parquet"));
    assert!(would("log/*.parquet", "log/../log/new.parquet"));
    assert!(!would("log/*.parquet", "log/day=1/new.parquet"));
    assert!(!would("log.parquet", "log/new.parquet"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(base.join("log"), base.join("link")).unwrap();
        assert!(would("link/*.parquet", "log/new.parquet"), "the folder by another name");
        assert!(would("log/*.parquet", "link/new.parquet"));
        assert!(would("link/day=1/*.parquet", "log/day=1/new.parquet"));
        assert!(!would("link/*.parquet", "new.parquet"));
    }
}

/// Linux takes any bytes for a name.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf8_counts() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"b\xff.csv"));
    std::fs::write(&odd, "id,at\n2,1970-01-01T00:00:00Z\n").unwrap();
    std::fs::write(folder.path().join("a.csv"), "id,at\n1,1970-01-01T00:00:00Z\n").unwrap();
    let set = file_set(FileFormat::Csv, &["."]);
    let found = expand_in(&LocalStore, &set, folder.path()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].path.file_name(), odd.file_name());
    let (outcome, _) = read_pieces(
        &source(&[("id", Type::Int64), ("at", Type::Timestamp)]),
        &set,
        folder.path(),
        &PieceOptions::default(),
    );
    assert_eq!((outcome.rows.len(), outcome.error), (2, None));
    assert!(crate::would_list(&set, folder.path(), &odd));
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end_the_walk() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    std::fs::create_dir_all(base.join("data/y=1")).unwrap();
    std::fs::create_dir_all(base.join("deep/a/b")).unwrap();
    for file in ["data/y=1/a.csv", "deep/x.csv", "deep/a/b/y.csv"] {
        std::fs::write(base.join(file), "").unwrap();
    }
    let check = |paths: &[&str]| names(base, FileFormat::Csv, paths);
    assert_eq!(check(&["data"]).unwrap(), ["data/y=1/a.csv"]);
    // Among folders that say values, a way back is an error.
    for (link, target) in [
        ("data/x=1", "."),
        ("data/y=1/z=2", "../../data"),
        ("data/w=0", "w=1"),
        ("data/w=1", "../data"),
    ] {
        symlink(target, base.join(link)).unwrap();
    }
    let error = check(&["data"]).unwrap_err();
    assert!(
        error.to_string().ends_with("it leads back to a folder that it lies in"),
        "{error}"
    );
    assert!(error.help().is_some_and(|help| help.contains("remove the link")));
    // Below `**` it is left out: its files are found without it.
    for (link, target) in [
        ("deep/a/up", ".."),
        ("deep/a/b/self", "."),
        ("deep/all", "../deep"),
        ("deep/none", "none"),
    ] {
        symlink(target, base.join(link)).unwrap();
    }
    assert_eq!(check(&["deep/**/*.csv"]).unwrap(), ["deep/a/b/y.csv", "deep/x.csv"]);
    assert_eq!(check(&["deep/**/b/**/*.csv"]).unwrap(), ["deep/a/b/y.csv"]);
    // A link elsewhere is followed, once for each way.
    symlink("../deep/a", base.join("data/v=1")).unwrap();
    std::fs::remove_file(base.join("data/x=1")).unwrap();
    assert_eq!(check(&["data/v=1/**/*.csv"]).unwrap()[0], "data/v=1/b/y.csv");
}

#[cfg(unix)]
#[test]
fn links_across_do_not_multiply_without_bound() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    for level in 0..40 {
        let here = base.join(format!("d/{level}"));
        std::fs::create_dir_all(&here).unwrap();
        for way in ["a=1", "b=1"] {
            symlink(format!("../{}", level + 1), here.join(way)).unwrap();
        }
    }
    std::fs::create_dir_all(base.join("d/40")).unwrap();
    for pattern in ["d/0", "d/0/**/*.csv"] {
        let error = names(base, FileFormat::Csv, &[pattern]).unwrap_err().to_string();
        assert!(
            error.ends_with("more than 10000 links to folders are followed"),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_base_that_is_no_text_is_itself_and_not_another() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let bases = [&b"\xff"[..], "\u{fffd}".as_bytes()].map(|name| folder.path().join(std::ffi::OsStr::from_bytes(name)));
    for (base, file) in bases.iter().zip(["mine.csv", "other.csv"]) {
        std::fs::create_dir(base).unwrap();
        std::fs::write(base.join(file), "").unwrap();
    }
    assert_eq!(names(&bases[0], FileFormat::Csv, &["*.csv"]).unwrap(), ["mine.csv"]);
    assert_eq!(names(&bases[1], FileFormat::Csv, &["*.csv"]).unwrap(), ["other.csv"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_input() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("p.csv"))
        .status()
        .unwrap();
    assert!(made.success());
    use crate::Store as _;
    let input = crate::InputFile::new(folder.path().join("p.csv"), "p.csv");
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let store = crate::LocalStore;
        let _ = tell.send((store.open(&input).err(), store.stream(&input).err()));
    });
    let (open, stream) = told
        .recv_timeout(std::time::Duration::from_secs(20))
        .expect("an answer");
    let refused = open.expect("no pipe is opened");
    assert_eq!(
        refused.to_string(),
        "cannot read p.csv: it is a pipe, a socket or a device, and no file"
    );
    assert_eq!(stream, Some(refused));
}

/// What is named like a file of the source, and cannot be read, is not left out in silence.
#[cfg(unix)]
#[test]
fn what_is_no_file_among_the_files_of_a_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, base.join(name)).unwrap();
    for name in ["d", "e", "f", "d/inner.csv"] {
        std::fs::create_dir(base.join(name)).unwrap();
        std::fs::write(base.join(name).join("a.csv"), "").unwrap();
    }
    assert_eq!(
        names(base, FileFormat::Csv, &["d"]).unwrap(),
        ["d/a.csv"],
        "a folder is none"
    );
    let _socket = std::os::unix::net::UnixListener::bind(base.join("e/b.csv")).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(base.join("d/socket")).unwrap();
    link("nowhere", "f/b.csv");
    link("nowhere", "d/_hidden.csv");
    link("nowhere.csv", "dangling.csv");
    link("loop.csv", "loop.csv");
    let told = |path: &str| {
        let error = names(base, FileFormat::Csv, &[path]).unwrap_err();
        let text = error.to_string().replace(&base.display().to_string(), "B");
        (text, error.help().unwrap_or_default())
    };
    for (path, words, step) in [
        (
            "e",
            "cannot read B/e/b.csv: it is a pipe, a socket or a device, and no file",
            "to a file",
        ),
        (
            "f",
            "cannot read B/f/b.csv: it is a link that leads to nothing",
            "let the link lead",
        ),
        (
            "dangling.csv",
            "no files for \"dangling.csv\": it is a link that leads to nothing",
            "let the link lead",
        ),
        (
            "loop.csv",
            "no files for \"loop.csv\": it is a link that leads to itself",
            "let the link lead",
        ),
    ] {
        let (text, help) = told(path);
        assert_eq!(text, words);
        assert!(help.contains(step), "{path}: {help}");
    }
    assert_eq!(names(base, FileFormat::Csv, &["d"]).unwrap(), ["d/a.csv"]);
}

#[test]
fn what_the_system_says_of_names_and_links_has_its_step() {
    let told = |error: std::io::Error| DecodeError::unreadable("f", &error);
    for (kind, step) in [
        (std::io::ErrorKind::InvalidFilename, "255 bytes"),
        (std::io::ErrorKind::NotADirectory, "in the place of a folder"),
    ] {
        assert!(told(kind.into()).help().unwrap().contains(step));
    }
    let flood = DecodeError::Unreadable {
        file: "f".into(),
        why: "more than 10000 links to folders are followed".into(),
    };
    assert!(flood.help().unwrap().contains("without `**`"));
}

#[test]
fn files_of_another_format_are_known_by_their_first_bytes() {
    let events = source(&[("id", Type::Int64), ("at", Type::Timestamp)]);
    let text = "id,at\n1,1970-01-01T00:00:00Z\n";
    let wide: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let parquet = folder.path().join("o.parquet");
    crate::write_rows(&parquet, Arc::new(arrow::datatypes::Schema::empty()), []).unwrap();
    let parquet = [b"PAR1\x15\x04".to_vec(), std::fs::read(parquet).unwrap()].concat();
    let cases: [(FileFormat, &[u8], &str); 8] = [
        (FileFormat::Csv, b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (FileFormat::Tsv, b"\x28\xb5\x2f\xfd\x04\0", "zstd"),
        (FileFormat::Jsonl, b"PK\x03\x04\x14\0\x06\0", "Excel"),
        (FileFormat::Csv, &wide, "UTF-16"),
        (FileFormat::Csv, &parquet, "Parquet"),
        (FileFormat::Parquet, text.as_bytes(), "plain text"),
        (FileFormat::Parquet, b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (FileFormat::Arrow, text.as_bytes(), "plain text"),
    ];
    for (format, content, what) in cases {
        let error = read_content(&events, format, content).error.expect("an error");
        assert!(error.to_string().contains(what), "{format:?}: {error}");
        assert!(error.help().is_some(), "{format:?}: {error}");
    }
}
