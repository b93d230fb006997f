use super::*;
use crate::diag::SourceMap;
use crate::lock::Lock;
use crate::{compile, lower};

const SHOP: &str = "
module shop
entity card (card: string)
entity shop (shop: string)
source txn {
  columns (id: int64, card: string, shop: string, amount: int64, kind: string, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
}
transform bought from txn {
  where kind = \"sale\"
  let net = amount - 1
}
view spend of card from bought {
  feature total = sum(net) over 7d default 0
  feature n = count() over 7d
  feature mean = cast(total as float64) / cast(n as float64)
}
view sales of shop from txn {
  feature most = max(amount) over 1d
}
service risk {
  spend.total
  spend.mean
  sales.most
}
service all { spend.* }
";

fn program(text: &str) -> Program {
    let mut sources = SourceMap::new();
    let file = sources.add("shop.feat", text);
    let outcome = compile(&sources, &[file]);
    assert!(outcome.value.is_some(), "{:?}", outcome.diagnostics);
    outcome.value.expect("checked")
}

/// The shop, and what it is after some texts are replaced by others.
fn diff(edits: &[(&str, &str)]) -> Diff {
    let edited = edits.iter().fold(SHOP.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let (old, new) = (program(SHOP), program(&edited));
    Diff::of((&old, &lower(&old)), (&new, &lower(&new)))
}

fn change<'a>(diff: &'a Diff, name: &str) -> &'a FeatureChange {
    let found = diff.features.iter().find(|feature| feature.name == name);
    &found
        .unwrap_or_else(|| panic!("no {name} in {:?}", diff.features))
        .change
}

fn clause(clause: &str, old: Option<&str>, new: Option<&str>) -> Part {
    Part::Clause {
        clause: clause.to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    }
}

#[test]
fn what_means_the_same_is_the_same() {
    let same = diff(&[
        ("module shop", "/// Words.\nmodule shop"),
        ("let net = amount - 1", "let after_tax = amount - 1"),
        ("sum(net)", "sum(after_tax)"),
        ("  arrival seen\n  lateness 1d", "  lateness 1d\n  arrival seen"),
    ]);
    assert_eq!(same.count(|change| *change == FeatureChange::Same), 4);
    assert!(same.keeps_everything() && same.services.is_empty());
    assert!(same.state.iter().all(|log| log.kept == Kept::Whole));
    assert_eq!(same.state.len(), 2);
}

#[test]
fn a_window_changes_its_feature_and_what_is_derived_from_it() {
    let longer = diff(&[("sum(net) over 7d", "sum(net) over 30d")]);
    let window = clause("window", Some("over 7d"), Some("over 30d"));
    assert_eq!(
        *change(&longer, "spend.total"),
        FeatureChange::Changed { parts: vec![window] }
    );
    let input = Part::Input {
        name: "spend.total".to_owned(),
    };
    assert_eq!(
        *change(&longer, "spend.mean"),
        FeatureChange::Changed { parts: vec![input] }
    );
    assert_eq!(*change(&longer, "spend.n"), FeatureChange::Same);
    assert!(!longer.keeps_everything());
    let changed: Vec<_> = longer
        .services
        .iter()
        .map(|service| (service.name.as_str(), &service.changed))
        .collect();
    let both = vec!["spend__total".to_owned(), "spend__mean".to_owned()];
    assert_eq!(changed, [("risk", &both), ("all", &both)]);
    let kept: Vec<Kept> = longer.state.iter().map(|log| log.kept).collect();
    let day = 86_400_000_000;
    let released = Kept::Released {
        kept_us: Some(8 * day + day / 24),
        needed_us: Some(31 * day + day / 24),
    };
    assert_eq!(kept, [released, Kept::Whole]);
    assert!(
        diff(&[("sum(net) over 7d", "sum(net) over 5d")])
            .state
            .iter()
            .all(|log| log.kept == Kept::Whole)
    );
}

#[test]
fn a_name_alone_is_a_new_name() {
    let renamed = diff(&[
        ("feature n =", "feature purchases ="),
        ("cast(n as", "cast(purchases as"),
    ]);
    let from = "spend.n".to_owned();
    assert_eq!(*change(&renamed, "spend.purchases"), FeatureChange::Renamed { from });
    assert_eq!(*change(&renamed, "spend.mean"), FeatureChange::Same);
    assert_eq!(renamed.features.len(), 4);
    assert!(!renamed.keeps_everything());
    let all = &renamed.services[0];
    assert_eq!((all.name.as_str(), &all.changed), ("all", &vec![]));
    assert_eq!(
        (&all.added[..], &all.removed[..]),
        (&["spend__purchases".to_owned()][..], &["spend__n".to_owned()][..])
    );
}

#[test]
fn what_the_rows_are_is_told_of_those_features_that_read_them() {
    let other = diff(&[("kind = \"sale\"", "kind != \"refund\"")]);
    let parts = vec![clause("where", Some("(kind = \"sale\")"), Some("(kind != \"refund\")"))];
    assert_eq!(*change(&other, "spend.n"), FeatureChange::Changed { parts });
    assert_eq!(*change(&other, "sales.most"), FeatureChange::Same);
    let kept: Vec<(&str, Kept)> = other
        .state
        .iter()
        .map(|log| (log.transform.as_str(), log.kept))
        .collect();
    assert_eq!(
        kept,
        [("bought", Kept::No), ("txn", Kept::Whole), ("bought", Kept::Unread)]
    );

    let lateness = diff(&[("lateness 1d", "lateness 2d"), ("amount: int64", "amount: int64?")]);
    let parts = vec![
        clause("column amount", Some("int64"), Some("int64?")),
        clause("lateness", Some("1d"), Some("2d")),
    ];
    assert_eq!(*change(&lateness, "sales.most"), FeatureChange::Changed { parts });

    let default = diff(&[(" default 0", ""), ("from bought {", "from bought {\n  ttl 3d")]);
    let parts = vec![clause("ttl", None, Some("3d")), clause("default", Some("0"), None)];
    assert_eq!(*change(&default, "spend.total"), FeatureChange::Changed { parts });
}

#[test]
fn what_is_added_takes_nothing_away() {
    let more = diff(&[
        (
            "feature n = count()",
            "feature least = min(amount) over 1d\n  feature n = count()",
        ),
        ("service all", "service best { sales.most }\nservice all"),
    ]);
    assert_eq!(*change(&more, "spend.least"), FeatureChange::Added);
    assert!(more.keeps_everything());
    let services: Vec<_> = more
        .services
        .iter()
        .map(|service| (service.name.as_str(), service.is_new))
        .collect();
    assert_eq!(services, [("best", Some(true)), ("all", None)]);
    assert_eq!(more.state[0].kept, Kept::Columns { missing: 1 });
    let less = diff(&[("service all { spend.* }", "")]);
    assert_eq!(less.services.len(), 1);
    assert!(!less.keeps_everything());
    let gone = diff(&[
        (
            "view sales of shop from txn {\n  feature most = max(amount) over 1d\n}",
            "",
        ),
        ("  sales.most\n", ""),
    ]);
    assert_eq!(*change(&gone, "sales.most"), FeatureChange::Removed);
    assert_eq!(gone.state[1].kept, Kept::Unread);
}

#[test]
fn gates_are_told() {
    let gated = diff(&[("  spend.mean\n", "  spend.mean fallback gate\n")]);
    assert_eq!(gated.services.len(), 1);
    let risk = &gated.services[0];
    assert_eq!(
        (risk.name.as_str(), &risk.gated[..]),
        ("risk", &["spend__mean".to_owned()][..])
    );
    let other = [&risk.changed, &risk.added, &risk.removed, &risk.released];
    assert!(
        other.iter().all(|names| names.is_empty()) && !risk.reordered,
        "{risk:?}"
    );
    assert!(!gated.keeps_everything());
    assert_eq!(gated.count(|change| *change == FeatureChange::Same), 4);
    assert!(gated.state.iter().all(|log| log.kept == Kept::Whole));

    // The other way round, and both ways at once.
    let with = SHOP.replace("service all { spend.* }", "service all { spend.* fallback gate }");
    let of = |old: &str, new: &str| {
        let (old, new) = (program(old), program(new));
        Diff::of((&old, &lower(&old)), (&new, &lower(&new)))
    };
    let released = of(&with, SHOP);
    assert_eq!(
        released.services[0].released,
        ["spend__total", "spend__n", "spend__mean"]
    );
    assert!(released.services[0].gated.is_empty() && !released.keeps_everything());
    let renamed = of(
        &with,
        &with.replace("feature n =", "feature m =").replace("cast(n ", "cast(m "),
    );
    assert_eq!(
        renamed.services[0].gated,
        ["spend__m"],
        "a new column with a gate refuses entities as well"
    );
    assert!(renamed.services[0].released.is_empty());

    // Written out it is what holds without it, and a new service takes nothing from anybody.
    let written = diff(&[("service all { spend.* }", "service all { spend.* fallback impute }")]);
    assert!(written.keeps_everything() && written.services.is_empty());
    let new = diff(&[("service all", "service best { sales.most fallback gate }\nservice all")]);
    assert!(
        new.keeps_everything() && new.services[0].gated.is_empty(),
        "{:?}",
        new.services
    );
}

const ASKED: &str = "
request payment (amount: int64, shop: string)
service scored {
  spend.total
  feature share = cast(payment.amount as float64) / cast(spend.total as float64)
}
";

#[test]
fn features_of_services_and_their_requests_are_told() {
    let old = format!("{SHOP}{ASKED}");
    let of = |edits: &[(&str, &str)]| {
        let edited = edits.iter().fold(old.clone(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        let (old, new) = (program(&old), program(&edited));
        let locked = Lock::of(&old).differences(&Lock::of(&new));
        (Diff::of((&old, &lower(&old)), (&new, &lower(&new))), locked)
    };
    let (same, locked) = of(&[(
        "request payment (amount: int64, shop: string)",
        "request payment (shop: string, amount: int64)",
    )]);
    assert!(same.keeps_everything() && same.services.is_empty() && locked.is_empty());

    // Another expression is another value, in the column alone; a field that is read more is brought more.
    let (changed, locked) = of(&[("/ cast(spend", "/ 2.0 / cast(spend")]);
    assert_eq!(changed.services[0].changed, ["share"]);
    assert!(changed.services[0].asks.is_empty() && !changed.keeps_everything());
    assert_eq!(locked, ["feature `scored.share` means something else"]);
    let share = "  feature share = cast(payment.amount as float64) / cast(spend.total as float64)\n";
    let more = format!("{share}  feature at_shop = payment.shop = \"a\"\n");
    let (asks, locked) = of(&[(share, &more)]);
    let scored = &asks.services[0];
    assert_eq!(
        (&scored.added[..], &scored.asks[..]),
        (&["at_shop".to_owned()][..], &["shop".to_owned()][..])
    );
    assert!(!asks.keeps_everything(), "who asks as before is refused");
    assert_eq!(locked[0], "feature `scored.at_shop` is new");

    // A type of a field is another question, though the value may be the same.
    let (typed, _) = of(&[
        (
            "amount: int64, shop: string)\nservice",
            "amount: float64, shop: string)\nservice",
        ),
        ("cast(payment.amount as float64)", "payment.amount"),
    ]);
    assert_eq!(
        (&typed.services[0].asks[..], &typed.services[0].unasked[..]),
        (&["amount".to_owned()][..], &["amount".to_owned()][..])
    );
    let (gone, locked) = of(&[(share, "")]);
    assert_eq!(
        (&gone.services[0].removed[..], &gone.services[0].unasked[..]),
        (&["share".to_owned()][..], &["amount".to_owned()][..])
    );
    assert!(
        locked.contains(&"feature `scored.share` is gone".to_owned()),
        "{locked:?}"
    );
}
