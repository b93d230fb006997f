//! Fingerprints: equal for programs that mean the same, different for programs that do not.

use featc_ir::{Program, hash};

const BASE: &str = r#"
module shop
entity card (card: string)
source txn {
  columns (id: int64, card: string, amount: int64, country: string?, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  delay 5s
  lateness 1h
  begins @2024-01-01T00:00:00Z
  batch csv "txn.csv"
}
transform bought from txn {
  where amount > 0
  where country is not null
  let cents = amount * 100
}
view spend of card from bought {
  owner "payments"
  ttl 1h
  /// Spent.
  feature total = sum(cents where country != "FR") over 1d default 0
  /// Of the last.
  feature last_country = last(country) over 7d
  /// Derived.
  feature double = total + total
}
service risk { spend.* }
"#;

fn program(text: &str) -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", text);
    let outcome = featc_driver::compile(&sources, &[file]);
    outcome.value.unwrap_or_else(|| {
        panic!(
            "{}\n{text}",
            featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false)
        )
    })
}

/// Fingerprint of `spend.<feature>`.
fn fingerprint(text: &str, feature: &str) -> String {
    let program = program(text);
    let view = program
        .views
        .iter()
        .find(|view| view.name == "spend")
        .expect("the view");
    let place = view
        .features
        .iter()
        .position(|known| known.name == feature)
        .expect("the feature");
    hash::view_fingerprints(&program, view).swap_remove(place)
}

fn edited(edits: &[(&str, &str)]) -> String {
    let mut text = BASE.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn what_does_not_change_a_value_does_not_change_the_fingerprint() {
    let same: [&[(&str, &str)]; 12] = [
        &[("at: timestamp,", "at: timestamp from \"at\",")],
        &[("cents", "pennies")],
        &[("from txn {", "from txn at at within 1d {")],
        &[("bought", "paid")],
        &[(
            "  where amount > 0\n  where country is not null\n",
            "  where country is not null\n  where amount > 0\n",
        )],
        &[(
            "id: int64, card: string, amount: int64",
            "amount: int64, id: int64, card: string",
        )],
        &[("owner \"payments\"", "owner \"fraud\"\n  tags [x]")],
        &[("/// Spent.", "/// Spent in a day, in cents.")],
        &[("txn.csv", "elsewhere/*.csv")],
        &[("amount > 0", "(amount>0)")],
        &[(
            "  let cents = amount * 100\n",
            "  let other = amount * 7\n  let cents = amount * 100\n",
        )],
        &[("last(country) over 7d", "last(country) over 8d")],
    ];
    for edits in same {
        let text = edited(edits);
        for feature in ["total", "double"] {
            assert_eq!(
                fingerprint(&text, feature),
                fingerprint(BASE, feature),
                "{feature} after {edits:?}"
            );
        }
    }
}

#[test]
fn what_changes_a_value_changes_the_fingerprint() {
    let different: [&[(&str, &str)]; 31] = [
        &[("amount * 100", "amount * 101")],
        &[("amount > 0", "amount >= 0")],
        &[("over 1d default", "over 2d default")],
        &[("over 1d default", "over 1d excluding now default")],
        &[("default 0", "default 1")],
        &[(" default 0", "")],
        &[("ttl 1h", "ttl 2h")],
        &[("delay 5s", "delay 6s")],
        &[("lateness 1h", "lateness 2h")],
        &[("lateness 1h", "lateness 1h\n  skew 1m")],
        &[("2024-01-01", "2024-01-02")],
        &[("unique id", "unique (id, card)")],
        &[("country: string?", "country: string")],
        &[("\"FR\"", "\"DE\"")],
        &[("sum(cents", "max(cents")],
        &[("from txn {", "from txn at at + 1m {")],
        &[(
            "from txn {",
            "from txn at greatest(at, @2024-01-02T00:00:00Z) within 1d {",
        )],
        &[(
            "from txn {",
            "from txn at greatest(at, @2024-01-02T00:00:00Z) within 2d {",
        )],
        &[("arrival seen", "arrival time + 1m")],
        &[("txn", "orders")],
        &[("at: timestamp,", "at: timestamp from \"end\",")],
        &[("at: timestamp,", "at: timestamp as epoch_seconds,")],
        &[("at: timestamp,", "at: timestamp as epoch_millis,")],
        &[("at: timestamp,", "at: timestamp as date in \"UTC\",")],
        &[("at: timestamp,", "at: timestamp as \"%F %H:%M\" in \"UTC\",")],
        &[("at: timestamp,", "at: timestamp as \"%F %H:%M\" in \"Asia/Tokyo\",")],
        &[(
            "at: timestamp,",
            "at: timestamp as \"%d.%m.%Y %H:%M\" in \"Asia/Tokyo\",",
        )],
        &[("begins @2024-01-01T00:00:00Z", "keep nan")],
        &[("begins @2024-01-01T00:00:00Z", "zone \"UTC\"")],
        &[("arrival seen", ""), ("delay 5s", ""), ("lateness 1h", "")],
        &[("arrival seen", "static"), ("delay 5s", ""), ("lateness 1h", "")],
    ];
    let mut seen = std::collections::BTreeSet::from([fingerprint(BASE, "total")]);
    for edits in different {
        let text = edited(edits);
        assert!(seen.insert(fingerprint(&text, "total")), "total after {edits:?}");
        assert_ne!(
            fingerprint(&text, "double"),
            fingerprint(BASE, "double"),
            "double after {edits:?}"
        );
    }
}

const AGGREGATES: &str = r#"
module shop
entity card (card: string)
source txn {
  columns (id: int64, card: string, x: float64?, d: decimal(10, 2)?, at: timestamp)
  unique id
  time at
  batch csv "txn.csv"
}
view spend of card from txn {
  feature count = count() over 1d
  feature sum = sum(x where d > 1.00) over 1d
  feature mean = mean(x) over 1d
  feature min = min(x) over 1d
  feature max = max(x) over 1d
  feature first = first(d) over 1d
  feature last = last(d ignoring nulls) over 1d
  feature distinct = count_distinct(d) over 1d cap 50
  feature since = time_since_last() over 1d
  feature mixed = sum(x) / count() over 1d
  feature derived = mixed + mean
  // SPREAD
  feature var = variance(x) over 1d
  feature var_pop = variance_pop(d) over 1d
  feature dev = stddev(x) over 1d
  feature dev_pop = stddev_pop(d) over 1d
  feature spread = coalesce(stddev(x), 0.0) + sum(x) over 1d
  feature score = derived / spread
}
service s { spend.* }
"#;

/// Of every feature of `AGGREGATES`, in release 0.1. They also depend on the version of the Unicode tables.
const IN_0_1: [(&str, &str); 17] = [
    ("count", "82dc03bcc8506811326426e0a36f712b"),
    ("sum", "33f3d74f6d0d4eae8ad3dfa8deb148ba"),
    ("mean", "0699d2b2922922a241de143b13989e1b"),
    ("min", "eda0872cfcb9260b671f9b4d07ea0ba6"),
    ("max", "4a8e2ae16e5adebaea0e6e5225267a71"),
    ("first", "39460c8ba48d6f9794c2994fc3e79720"),
    ("last", "2e9b08bd4cdbf88d796fce3e36656c35"),
    ("distinct", "c37606a7df084d2d247215876a4d67c7"),
    ("since", "c09656ae834fcb76ddb3395dba2006b7"),
    ("mixed", "ca4ace07b975e0f71bb0d656ddeb524a"),
    ("derived", "90e8e0e9110c2ffe04e4ae05932957f0"),
    ("var", "88719bbbd88bfd0e1aa203d3e29de126"),
    ("var_pop", "95cf04eda0e68e8d80e46f3fba7fe4fc"),
    ("dev", "3b44a29eba7d1e7169b2d9f220c0ae03"),
    ("dev_pop", "bbfbb4a94c5872a7bff53d2c7714d2c1"),
    ("spread", "815b15d6d49ac869cdab24e5801430e7"),
    ("score", "ca47796713c42545397677d9602ceb86"),
];

/// The features of `AGGREGATES` that use an aggregate whose bits are no longer those of release 0.1.
const CHANGED: [&str; 6] = ["var", "var_pop", "dev", "dev_pop", "spread", "score"];

#[test]
fn a_version_of_an_aggregate_changes_what_uses_it_and_nothing_else() {
    let names: Vec<String> = program(AGGREGATES).views[0]
        .features
        .iter()
        .map(|feature| feature.name.clone())
        .collect();
    assert_eq!(names, IN_0_1.map(|(name, _)| name));
    for (name, was) in IN_0_1 {
        assert_eq!(
            fingerprint(AGGREGATES, name) != was,
            CHANGED.contains(&name),
            "{name}: {} and {was}",
            fingerprint(AGGREGATES, name)
        );
    }
    // Events do not depend on what is folded over them.
    let plain = &AGGREGATES[..AGGREGATES.find("  // SPREAD").expect("a mark")];
    let plain = state_keys(&format!("{plain}}}\nservice s {{ spend.* }}\n"));
    assert_eq!(plain, state_keys(AGGREGATES));
}

#[test]
fn the_program_hash_ignores_places_files_and_docs_only() {
    let hash = |text: &str| hash::program_hash(&program(text));
    assert_eq!(
        hash(BASE),
        hash(&edited(&[("txn.csv", "other.csv"), ("module shop", "\n\nmodule shop")]))
    );
    assert_eq!(
        hash(BASE),
        hash(&edited(&[
            ("/// Spent.", "/// Spent in a day."),
            ("source txn", "/// What was paid.\nsource txn"),
            ("owner \"payments\"", "owner \"fraud\"\n  tags [x]"),
        ]))
    );
    assert_ne!(hash(BASE), hash(&edited(&[("over 7d", "over 8d")])));
}

fn state_keys(text: &str) -> Vec<String> {
    let graphs = featc_driver::lower(&program(text)).stream;
    let logs = graphs.iter().flat_map(|graph| &graph.logs);
    logs.map(|log| log.state_key.clone()).collect()
}

/// What events carry, by the keys of the lifts, in order.
fn lift_keys(text: &str) -> Vec<String> {
    let graphs = featc_driver::lower(&program(text)).stream;
    let graph = &graphs[0];
    let (source, rows) = (graph.declared().remove(0), graph.rows[0].rows.spec());
    hash::lift_keys(&source, &rows)
}

#[test]
fn equal_state_keys_mean_that_state_can_be_kept() {
    let base = state_keys(BASE);
    assert_eq!(base.len(), 1);
    let same: [&[(&str, &str)]; 6] = [
        &[("over 1d default 0", "over 2d default 7"), ("ttl 1h", "ttl 9h")],
        &[
            ("bought", "paid"),
            ("cents", "pence"),
            ("spend", "outlay"),
            ("card (card", "holder (card"),
            (" of card", " of holder"),
        ],
        &[("begins @2024-01-01T00:00:00Z", "begins @2023-01-01T00:00:00Z")],
        &[("sum(cents", "max(cents"), ("/// Spent.", "/// The dearest.")],
        &[("amount * 100", "amount * 10")],
        &[("txn.csv", "other.csv"), ("owner \"payments\"", "owner \"fraud\"")],
    ];
    for edits in same {
        assert_eq!(state_keys(&edited(edits)), base, "{edits:?}");
    }
    for edits in [
        ("where amount > 0", "where amount > 1"),
        ("lateness 1h", "lateness 2h"),
        ("delay 5s", "delay 6s"),
        ("unique id", "unique (id, card)"),
        ("arrival seen", "arrival time + 1s"),
        ("country: string?", "country: string?, city: string"),
        ("transform bought from txn {", "transform bought from txn at at + 1s {"),
    ] {
        assert_ne!(state_keys(&edited(&[edits])), base, "{edits:?}");
    }
}

#[test]
fn equal_lift_keys_mean_that_events_carry_the_same() {
    let base = lift_keys(BASE);
    // The sum's argument and filter, and what the last one picks.
    assert_eq!(base.len(), 3);
    let renamed = [("cents", "pence"), ("sum(pence", "min(pence")];
    assert_eq!(lift_keys(&edited(&renamed)), base);
    let found = lift_keys(&edited(&[("amount * 100", "amount * 10")]));
    let differ: Vec<bool> = found.iter().zip(&base).map(|(found, base)| found != base).collect();
    assert_eq!(differ.iter().filter(|differ| **differ).count(), 1, "{differ:?}");
    // The same under another order.
    let mut sorted = lift_keys(&edited(&[
        (
            "  /// Of the last.\n  feature last_country = last(country) over 7d\n",
            "",
        ),
        (
            "  /// Spent.\n",
            "  feature last_country = last(country) over 7d\n  /// Spent.\n",
        ),
    ]));
    assert_ne!(sorted, base);
    let mut base = base;
    sorted.sort();
    base.sort();
    assert_eq!(sorted, base);
}

/// [`BASE`] with a table that the feature `total` looks into.
const TABLE: &str = r#"
table shops {
  columns (id: int64, factor: int64?, tax: int64, since: timestamp, until: timestamp?, loaded: timestamp)
  key id
  valid from since
  arrival loaded
  batch csv "shops.csv"
}
transform bought from txn {
  let cents = amount * lookup shops(id).factor within 30d
"#;

fn with_table(edits: &[(&str, &str)]) -> String {
    let mut text = edited(&[
        ("transform bought from txn {", TABLE),
        ("  let cents = amount * 100\n", ""),
    ]);
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn a_lookup_and_its_table_are_part_of_the_fingerprint() {
    let was = fingerprint(&with_table(&[]), "total");
    let different: [(&str, &str); 9] = [
        (".factor", ".tax"),
        (" within 30d", ""),
        ("within 30d", "within 31d"),
        ("lookup shops(id)", "lookup shops(amount)"),
        ("arrival loaded", "valid to until\n  arrival loaded"),
        ("valid from since", "valid from other"),
        ("factor: int64?", "factor: int64"),
        ("key id\n", "key id\n  zone \"Asia/Tokyo\"\n"),
        ("shops", "stores"),
    ];
    for (from, to) in different {
        let text = with_table(&[(from, to)]).replace("loaded: timestamp)", "loaded: timestamp, other: timestamp)");
        let plain = with_table(&[]).replace("loaded: timestamp)", "loaded: timestamp, other: timestamp)");
        assert_ne!(fingerprint(&text, "total"), fingerprint(&plain, "total"), "{from}");
        // Every row of the view has passed the same filters, and looks up nothing else.
        assert_eq!(
            fingerprint(&text, "last_country"),
            fingerprint(BASE, "last_country"),
            "{from}"
        );
    }
    for (from, to) in [
        ("\"shops.csv\"", "\"elsewhere.csv\""),
        ("table shops", "/// Shops.\ntable shops"),
    ] {
        assert_eq!(fingerprint(&with_table(&[(from, to)]), "total"), was, "{from}");
    }
}

#[test]
fn what_a_table_holds_is_part_of_the_keys_of_state() {
    let mut program = program(&with_table(&[]));
    let keys = |program: &Program| -> Vec<String> {
        let graphs = featc_driver::lower(program).stream;
        let logs = graphs.into_iter().flat_map(|graph| graph.logs);
        logs.map(|log| log.state_key).collect()
    };
    let (hash, plain) = (hash::program_hash(&program), keys(&program));
    let row = |factor: i64| {
        use featc_ir::Literal::{Int64, Null, Timestamp};
        vec![Int64(1), Int64(factor), Int64(0), Timestamp(0), Null, Timestamp(0)]
    };
    let mut held = |rows: Vec<_>| {
        let rows = featc_ir::TableRows::new(vec![featc_ir::ColumnId(0)], rows);
        program.hold(&featc_ir::Contents::from([("shops".to_owned(), rows)]));
        assert_eq!(hash::program_hash(&program), hash);
        let graphs = featc_driver::lower(&program).stream;
        let mut again = featc_driver::lower(&self::program(&with_table(&[]))).stream;
        let contents = program
            .transforms
            .iter()
            .fold(featc_ir::Contents::new(), |mut all, transform| {
                featc_ir::table::lookups(&transform.steps, &transform.time, &mut |lookup| {
                    all.extend(lookup.rows.clone().map(|rows| (lookup.table.name.clone(), rows)));
                });
                all
            });
        again.iter_mut().for_each(|graph| graph.hold(&contents));
        assert_eq!(again, graphs);
        keys(&program)
    };
    let one = held(vec![row(3), row(4)]);
    assert_ne!(one, plain);
    assert_eq!(held(vec![row(4), row(3), row(3)]), one);
    assert_ne!(held(vec![row(3)]), one);
}
