use super::*;
use crate::InputFile;

fn at(second: u8) -> String {
    format!("1970-01-01T00:00:0{second}Z")
}

#[test]
fn folders_name_the_values_of_columns_that_files_lack() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("e/day=2026-01-01/country=de/a.csv", &format!("at\n{}\n", at(1)));
    put(
        "e/day=2026-01-01/country=fr%2Fre%C3%BC/a.csv",
        &format!("at\n{}\n", at(2)),
    );
    put(
        "e/day=2026-01-02/country=__HIVE_DEFAULT_PARTITION__/a.csv",
        &format!("at\n{}\n", at(3)),
    );
    put("e/day=soon/country=de/a.csv", &format!("at\n{}\n", at(4)));
    put(
        "e/day=2026-01-03/country=de/a.csv",
        &format!("at,day\n{},2020-01-01\n{},\n", at(5), at(6)),
    );
    put("e/below/a.csv", &format!("at\n{}\n", at(7)));
    put("e/_day=2026-01-01/a.csv", &format!("at\n{}\n", at(8)));
    let columns = [("at", Type::Timestamp), ("day", Type::Date), ("country?", Type::String)];
    let outcome = read(&source(&columns), &file_set(FileFormat::Csv, &["e"]), folder.path());
    assert_eq!(
        outcome.rows,
        [
            "e/day=2026-01-01/country=de/a.csv:2 1000000|20454|de",
            "e/day=2026-01-01/country=fr%2Fre%C3%BC/a.csv:2 2000000|20454|fr/reü",
            "e/day=2026-01-02/country=__HIVE_DEFAULT_PARTITION__/a.csv:2 3000000|20455|∅",
            "e/day=2026-01-03/country=de/a.csv:2 5000000|18262|de",
        ]
    );
    assert_eq!(
        outcome.rejects,
        [
            "e/day=2026-01-03/country=de/a.csv:3 null_in_required column day is null",
            "e/day=soon/country=de/a.csv:2 bad_value column day: \"soon\" is not a date (YYYY-MM-DD)",
        ]
    );
    // A glob says the folders itself.
    let set = file_set(FileFormat::Csv, &["e/day=2026-01-0[12]/*/*.csv"]);
    assert_eq!(read(&source(&columns), &set, folder.path()).rows.len(), 3);
}

#[test]
fn keys_that_an_object_lacks_take_the_value_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("n=7")).unwrap();
    let text = format!(
        "{{\"at\":\"{0}\"}}\n{{\"at\":\"{0}\",\"n\":null}}\n{{\"at\":\"{0}\",\"n\":8}}\n",
        at(1)
    );
    std::fs::write(folder.path().join("n=7/a.jsonl"), text).unwrap();
    let columns = [("at", Type::Timestamp), ("n?", Type::Int64)];
    let outcome = read(&source(&columns), &file_set(FileFormat::Jsonl, &["."]), folder.path());
    let cells: Vec<&str> = outcome.rows.iter().filter_map(|row| row.split(' ').nth(1)).collect();
    assert_eq!(cells, ["1000000|7", "1000000|∅", "1000000|8"]);
}

#[test]
fn values_of_a_path() {
    let of = |path: &str| InputFile::new(path.into(), path).values;
    let said = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    assert_eq!(of("a=1.parquet"), []);
    assert_eq!(of("x/a=1/b/c=/f"), [said("a", "1"), said("c", "")]);
    assert_eq!(of("a=1/b=2/a=3=4/f"), [said("b", "2"), said("a", "3=4")]);
    assert_eq!(of("a%3Db=%41%4/f"), [said("a=b", "A%4")]);
    assert_eq!(of("a=%ff/f"), [said("a", "%ff")]);
}
