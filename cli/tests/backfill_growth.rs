//! `featc backfill --grow`: what is there stays, and the folder ends as one that was begun with all of it.

mod support;

use support::{files, ok, refused, shop};

const GRID: &str = "backfill shop.feat --service risk --from 2024-05-02T00:00:00Z --to 2024-05-12T00:00:00Z --every 6h";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), 2_000);
    folder
}

/// A later end and more files: only the parts are made again that a new row may change, and the folder ends with the bytes of a
/// backfill that was begun with all of it.
#[test]
fn a_backfill_grows() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let text = std::fs::read_to_string(at("payments.csv")).expect("the payments");
    let (header, rows) = text.split_once('\n').expect("a header");
    let known_at = |row: &&str| row.rsplit(',').next().unwrap_or_default().to_owned();
    let (early, late): (Vec<&str>, Vec<&str>) = rows.lines().partition(|row| known_at(row) < "2024-05-07".to_owned());
    assert!(
        early.len() > 500 && late.len() > 500,
        "{} and {}",
        early.len(),
        late.len()
    );
    let write = |name: &str, rows: &[&str]| {
        std::fs::create_dir_all(at("days")).expect("writable");
        std::fs::write(at("days").join(name), format!("{header}\n{}\n", rows.join("\n"))).expect("writable");
    };
    let command = |to: &str, out: &str| {
        let range =
            format!("--from 2024-05-02T00:00:00Z --to {to}T00:00:00Z --every 6h --chunk 1d --max-rejected 100%");
        format!("backfill shop.feat --service risk --status --source payments=days/*.csv {range} --out {out}")
    };
    let stay = |to: &str, parts: &str| {
        let said = ok(folder.path(), &format!("{} --grow", command(to, "grown")));
        assert!(said.contains(&format!("{parts} stay as they are")), "{said}");
        ok(folder.path(), &command(to, &format!("at-once-{to}-{}", &parts[..1])));
        assert_eq!(
            files(&at("grown")),
            files(&at(&format!("at-once-{to}-{}", &parts[..1])))
        );
    };
    write("1.csv", &early);
    ok(folder.path(), &command("2024-05-08", "grown"));
    // Rows that were known on the 7th or later, and four days more.
    write("2.csv", &late);
    stay("2024-05-12", "5 of 10 parts");
    // Nothing new: all stay.
    stay("2024-05-12", "10 of 10 parts");
    // A part that is gone is made again.
    std::fs::remove_file(at("grown/part-20240503T000000Z-20240504T000000Z.parquet")).expect("a part");
    stay("2024-05-12", "10 of 10 parts");
    // A row of the 3rd that was known on the 4th.
    let card = early[0].split(',').nth(1).expect("a card");
    write(
        "3.csv",
        &[&format!("900001,{card},5.5,2024-05-03T09:00:00Z,2024-05-04T00:00:00Z")],
    );
    stay("2024-05-12", "2 of 10 parts");

    let grow = |to: &str| format!("{} --grow", command(to, "grown"));
    let said = refused(folder.path(), &grow("2024-05-10"), "E0921");
    assert!(said.contains("grows to later instants only"), "{said}");
    let whole = grow("2024-05-14").replace(" --chunk 1d", "");
    refused(folder.path(), &whole, "E0921");
    refused(
        folder.path(),
        &grow("2024-05-14").replace("--every 6h", "--every 12h"),
        "E0921",
    );
    write("1.csv", &early[1..]);
    refused(folder.path(), &grow("2024-05-14"), "E0911");
}

/// Without a length, or with an end within a part, growth would make other parts of what is there.
#[test]
fn parts_have_to_stay_the_same_parts() {
    let folder = folder();
    let command = |to: &str, more: &str| format!("{} --out grown {more}", GRID.replace("2024-05-12T00:00:00Z", to));
    ok(folder.path(), &command("2024-05-05T00:00:00Z", ""));
    let said = refused(folder.path(), &command("2024-05-06T00:00:00Z", "--grow"), "E0921");
    assert!(said.contains("without `--chunk`"), "{said}");
    std::fs::remove_dir_all(folder.path().join("grown")).expect("removable");
    ok(folder.path(), &command("2024-05-05T12:00:00Z", "--chunk 1d"));
    let said = refused(
        folder.path(),
        &command("2024-05-06T00:00:00Z", "--chunk 1d --grow"),
        "E0921",
    );
    assert!(said.contains("within a part"), "{said}");
}

/// Of a chunk that is cut, a question that comes in front moves all questions after it: the first piece asks as many as before,
/// and others.
#[test]
fn a_piece_that_asks_as_many_others_is_made_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let program = "module m

entity card (card: int64)

source pay {
  columns (card: int64, amount: int64, at: timestamp)
  unique all
  time at
  batch csv \"in/*.csv\"
}

/// What was paid.
view spend of card from pay {
  owner \"o\"
  /// All.
  feature total = sum(amount) over 7d default 0
}
";
    std::fs::write(at("p.feat"), program).expect("writable");
    let write = |name: &str, row: &str| {
        std::fs::create_dir_all(at("in")).expect("writable");
        std::fs::write(at("in").join(name), format!("card,amount,at\n{row}\n")).expect("writable");
    };
    // 2 cards at 604 800 instants: more than the 1 048 576 rows of a part.
    let command = |to: &str, out: &str| {
        let range = format!("--from 2024-01-04T00:00:00Z --to {to} --every 1s --chunk 7d");
        format!("backfill p.feat --view spend --truth complete {range} --out {out} --grow")
    };
    write("1.csv", "5,1,2024-01-01T00:00:00Z\n7,1,2024-01-01T00:00:00Z");
    let said = ok(folder.path(), &command("2024-01-11T00:00:00Z", "grown"));
    assert!(said.contains("1209600 rows in 2 parts"), "{said}");
    // Another card, between the two: no value changes, and all questions but the first move.
    write("2.csv", "6,1,2024-01-11T00:00:00Z");
    let said = ok(folder.path(), &command("2024-01-11T00:00:05Z", "grown"));
    assert!(said.contains("0 of 3 parts stay as they are"), "{said}");
    ok(folder.path(), &command("2024-01-11T00:00:05Z", "at-once"));
    assert_eq!(support::names(&at("grown")), support::names(&at("at-once")));
    assert!(files(&at("grown")) == files(&at("at-once")), "the bytes are others");
}
