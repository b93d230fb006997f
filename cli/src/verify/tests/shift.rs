//! What a shift of all instants may change, and what not: over every aggregate and every form of window.

use super::super::answers::compare;
use super::super::engines::Ground;
use super::super::relations::Relation;
use super::{PROGRAM, Ready, instant, ready};
use featc_ir::{Aggregate, Type, WindowKind};
use featr::{Random, Value};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn a_shift_leaves_out_what_depends_on_more_than_distances() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ready = Ready::of_shop(folder.path());
    let excluded = |ready: &Ready| -> Vec<String> {
        let changed = Relation::Shifted.apply(&ready.ground(), &ready.case, &ready.setting);
        let changed = changed.expect("some feature depends on distances");
        let names = ready.fields.names.iter().zip(changed.excluded);
        names
            .filter(|(_, why)| why.is_some())
            .map(|(name, _)| name.clone())
            .collect()
    };
    assert_eq!(excluded(&ready), ["spend__night", "spend__latest"]);
    // Two rows of one identity and time: a hash decides which is the last, and the times are part of it.
    let mut row = ready.case.sources[0].rows.row(20);
    row[3] = Value::Float64(7.5);
    ready.case.sources[0].add(&[row]);
    assert_eq!(excluded(&ready), ["spend__last", "spend__night", "spend__latest"]);

    let text = PROGRAM.replace("  lateness 2d\n", "  lateness 2d\n  begins @2024-05-01T00:00:00Z\n");
    std::fs::write(folder.path().join("shop.feat"), text).expect("writable");
    let begun = self::ready(
        &folder.path().join("shop.feat"),
        &folder.path().join("spine.csv"),
        &folder.path().join("case"),
    );
    let all: Vec<String> = begun
        .fields
        .names
        .iter()
        .filter(|name| *name != "sold__ever")
        .cloned()
        .collect();
    assert_eq!(excluded(&begun), all);
}

#[test]
fn a_let_of_the_calendar_leaves_out_the_features_that_read_it() {
    let folder = tempfile::tempdir().expect("a folder");
    Ready::of_shop(folder.path());
    let lets = "transform timed from txn {\n  let hour_of = hour(at)\n  let is_night = hour_of < 6\n}\n\n";
    let excluded = |program: &str| -> Vec<String> {
        std::fs::write(folder.path().join("shop.feat"), program).expect("writable");
        let ready = self::ready(
            &folder.path().join("shop.feat"),
            &folder.path().join("spine.csv"),
            &folder.path().join("case"),
        );
        let changed = Relation::Shifted.apply(&ready.ground(), &ready.case, &ready.setting);
        let changed = changed.expect("some feature depends on distances");
        let names = ready.fields.names.iter().zip(changed.excluded);
        let left_out = names.filter(|(_, why)| why.is_some());
        left_out.map(|(name, _)| name.clone()).collect()
    };
    let program = PROGRAM.replace(
        "view spend of card from txn",
        &format!("{lets}view spend of card from timed"),
    );
    assert_eq!(excluded(&program), ["spend__night", "spend__latest"]);
    let program = program.replace("sum(amount) over", "sum(amount where is_night) over");
    assert_eq!(
        excluded(&program),
        ["spend__total_1h", "spend__total_1d", "spend__night", "spend__latest"]
    );
    // Which rows count decides every feature, and so does the key.
    let filtered = program.replace(
        "is_night = hour_of < 6\n",
        "is_night = hour_of < 6\n  where not is_night\n",
    );
    assert_eq!(excluded(&filtered).len(), 6);
}

#[test]
fn an_instant_near_the_end_of_time_is_not_shifted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ready = Ready::of_shop(folder.path());
    for at in [i64::MAX, i64::MIN] {
        ready.case.asked.times[0] = at;
        let changed = Relation::Shifted.apply(&ready.ground(), &ready.case, &ready.setting);
        assert!(
            changed.is_err_and(|why| why.contains("near the end of the range")),
            "{at}"
        );
    }
}

const WINDOWS: [&str; 14] = [
    "3d",
    "lifetime",
    "2d offset 3d",
    "lifetime offset 2d",
    "1 events",
    "3 events",
    "2 events max 5d",
    "3d every 1d after 2h",
    "3d every 10d",
    "this day",
    "this month",
    "last 2 weeks",
    "since (amount > 2) max 3d",
    "this day in \"Europe/Paris\"",
];

/// The types of arguments that an aggregate takes, and how often: each number of them.
fn arguments(aggregate: Aggregate) -> Vec<Vec<Type>> {
    let arity = aggregate.row().arity.clone();
    let of = |count: usize| {
        let alike = [Type::Int64, Type::Bool].map(|ty| vec![ty; count]);
        alike.into_iter().find(|types| aggregate.result(types).is_some())
    };
    arity.map(|count| of(count).expect("arguments of a type")).collect()
}

/// Every aggregate by every number of arguments: plain, and with the calendar in each argument and in the `where`.
fn calls() -> (Vec<String>, Vec<String>) {
    let (mut plain, mut of_calendar) = (Vec::new(), Vec::new());
    for aggregate in Aggregate::ALL {
        for types in arguments(*aggregate) {
            let written = |calendar: Option<usize>, filter: &str| {
                let argument = |(place, ty): (usize, &Type)| match (ty, calendar == Some(place)) {
                    (Type::Bool, true) => "day_of_month(at) > 15",
                    (Type::Bool, false) => "flag",
                    (_, true) => "day_of_month(at)",
                    (_, false) => ["n", "amount"][place],
                };
                let arguments: Vec<&str> = types.iter().enumerate().map(argument).collect();
                let literal = aggregate
                    .literal()
                    .map_or(String::new(), |literal| format!(", {literal}"));
                format!("{}({}{literal}{filter})", aggregate.name(), arguments.join(", "))
            };
            plain.push(written(None, ""));
            plain.push(written(None, " where amount > 2"));
            of_calendar.extend((0..types.len()).map(|place| written(Some(place), "")));
            of_calendar.push(written(None, " where day_of_month(at) > 15"));
        }
    }
    // An instant decides by its distance to others.
    plain.push("arg_max(n, at)".to_owned());
    plain.push("count(where at + 5m < at + 6m)".to_owned());
    // So long a length that an instant leaves the range of timestamps with it, but only once it is shifted.
    of_calendar.push("count(where at + 9221652036854775807us > at)".to_owned());
    (plain, of_calendar)
}

/// A program with every aggregate over every form of window; its rows and questions are drawn.
fn every(folder: &Path, begins: &str, (ties, seed): (bool, u64)) -> Ready {
    let (plain, of_calendar) = calls();
    let mut program = format!(
        "module every
entity card (card: string)
source txn {{
  columns (id: int64, card: string, n: int64, amount: int64?, flag: bool?, at: timestamp)
  unique id
  time at
  arrival time + 1s
  lateness unbounded
  {begins}
  batch csv \"txn.csv\"
}}
view seen of card from txn {{
  owner \"payments\"
"
    );
    for (kind, calls) in [("plain", plain), ("calendar", of_calendar)] {
        for (place, call) in calls.iter().enumerate() {
            let over = WINDOWS.join(", ");
            let _ = writeln!(program, "  /// Drawn.\n  feature {kind}{place} = {call} over [{over}]");
        }
    }
    program.push_str("}\nservice risk { seen.* }\n");
    let mut random = Random::new(seed);
    let mut rows = String::from("id,card,n,amount,flag,at\n");
    let mut spine = String::from("card,timestamp\n");
    for row in 0..240 {
        // Some rows have the identity and the time of another, if ties are wanted.
        let id = if ties { row / 3 } else { row };
        let minute = id * 61;
        let (n, flag) = (random.below(9), random.below(2) == 0);
        let amount = *random.one_of(&["", "1", "2", "3", "4"]);
        let _ = writeln!(rows, "{id},c{},{n},{amount},{flag},{}", id % 3, instant(minute));
        if row % 12 == 0 {
            let _ = writeln!(spine, "c{},{}", random.below(3), instant(minute + 5_000));
        }
    }
    for (name, text) in [("every.feat", &program), ("txn.csv", &rows), ("spine.csv", &spine)] {
        std::fs::write(folder.join(name), text).expect("writable");
    }
    let [feat, questions, case] = ["every.feat", "spine.csv", "case"].map(|name| folder.join(name));
    ready(&feat, &questions, &case)
}

/// The forms of the windows of a service.
fn forms(ground: &Ground<'_>) -> BTreeSet<&'static str> {
    let windows = ground.ir.views.iter().flat_map(|view| &view.windows);
    let form = |kind: WindowKind| match kind {
        WindowKind::Last { .. } => "last",
        WindowKind::Lifetime => "lifetime",
        WindowKind::Offset { .. } => "offset",
        WindowKind::Events { max_us: None, .. } => "events",
        WindowKind::Events { max_us: Some(_), .. } => "events with max",
        WindowKind::Since { .. } => "since",
        WindowKind::Grid { .. } => "grid",
        WindowKind::This { .. } => "this period",
        WindowKind::Past { .. } => "last periods",
    };
    windows.map(|window| form(window.kind)).collect()
}

#[test]
fn no_shift_accuses_the_model() {
    let mut accused = Vec::new();
    let begun = "begins @2024-05-04T00:00:00Z";
    for (begins, ties, seed) in [("", false, 1), ("", true, 2), (begun, false, 3), (begun, true, 4)] {
        let folder = tempfile::tempdir().expect("a folder");
        let ready = every(folder.path(), begins, (ties, seed));
        let (ground, own) = (ready.ground(), ready.evaluators());
        assert_eq!(forms(&ground).len(), 9);
        let changed = Relation::Shifted.apply(&ground, &ready.case, &ready.setting);
        let changed = changed.expect("some feature depends on distances alone");
        let model = |case| (own.model)(case, &ready.setting).expect("answers");
        let outcome = compare(&model(&ready.case), &model(&changed.case), &[]).expect("columns of one form");
        let mut changes = 0;
        for (field, name) in ready.fields.names.iter().enumerate() {
            let (differ, why) = (outcome.differ[field], &changed.excluded[field]);
            if differ > 0 && why.is_none() {
                accused.push(format!("{name} {begins} {ties}: {differ} answers differ"));
            }
            changes += usize::from(differ > 0);
            // And no more is left out than must be: what is plain is compared.
            let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
            let is_whole = begins.is_empty() || !ends(&["3d", "5d", "2h", "this_day", "weeks"]);
            let moves_along = !ends(&["every_10d", "this_month", "Europe_Paris"]);
            let is_plain = name.starts_with("seen__plain") && !ties && is_whole && moves_along;
            assert!(!is_plain || why.is_none(), "{name} {begins}: {why:?}");
        }
        assert!(changes > 100, "{begins} {ties}: {changes} features change");
    }
    assert!(accused.is_empty(), "{accused:#?}");
}
