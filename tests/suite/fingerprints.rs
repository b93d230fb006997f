//! Fingerprints: equal for programs that mean the same, different for programs that do not.

use featc_ir::{FeatureId, Program, hash};

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
    hash::feature_fingerprint(&program, view, FeatureId::from(place))
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
    let same: [&[(&str, &str)]; 11] = [
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
    let different: [&[(&str, &str)]; 22] = [
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
        &[("begins @2024-01-01T00:00:00Z", "keep nan")],
        &[("begins @2024-01-01T00:00:00Z", "zone \"UTC\"")],
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

#[test]
fn equal_state_keys_mean_that_state_can_be_kept() {
    let keys = |text: &str| -> Vec<String> {
        let graph = featc_driver::lower(&program(text)).stream;
        let keys = graph.operators.iter().filter_map(|operator| match &operator.kind {
            featc_ir::plan::OperatorKind::Log { state_key, .. } => Some(state_key.clone()),
            _ => None,
        });
        keys.collect()
    };
    assert_eq!(
        keys(BASE),
        keys(&edited(&[
            ("over 1d default 0", "over 2d default 7"),
            ("ttl 1h", "ttl 9h")
        ]))
    );
    assert_ne!(keys(BASE), keys(&edited(&[("amount * 100", "amount * 10")])));
}
