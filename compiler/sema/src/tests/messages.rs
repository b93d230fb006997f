//! Representative messages, as they are printed.

use super::render;

const HEAD: &str = r#"module shop
entity card (card: string)
source txn {
  columns (card: string, amount: int64, price: float64, fee: decimal(12, 2), at: timestamp, shipped: timestamp, seen: timestamp)
  unique all
  time at
  arrival seen
}
"#;

/// What is said about items after the usual head.
fn behind_head(items: &str) -> String {
    render(&format!("{HEAD}{items}"))
}

#[test]
fn a_misspelt_column_is_reported_once_and_its_siblings_are_checked() {
    insta::assert_snapshot!(behind_head(r#"view spend of card from txn {
  owner "ops"
  /// Misspelt.
  feature total = sum(amout) over [1d, 7d]
  /// Reads what is broken: nothing to say.
  feature trend = total_1d - total_7d
  /// Broken on its own.
  feature label = max(card) + 1 over 1d
}
"#), @r#"
error[E0110]: unknown column `amout`
   ┌─ shop.feat:12:23
   │
 3 │ source txn {
   │        --- the row is declared here
   ·
12 │   feature total = sum(amout) over [1d, 7d]
   │                       ^^^^^ no such column in `txn`
   │
   = help: did you mean `amount`?

error[E0202]: `+` does not take string and int64
   ┌─ shop.feat:16:29
   │
16 │   feature label = max(card) + 1 over 1d
   │                   --------- ^ - int64
   │                   │         │
   │                   │         not defined for these types
   │                   string
   │
   = help: to join strings write `concat(a, b)`
"#);
}

#[test]
fn numbers_are_not_converted_silently() {
    insta::assert_snapshot!(behind_head(r#"view spend of card from txn {
  owner "ops"
  /// Mixed.
  feature value = sum(amount * price) over 1d
  /// Mixed.
  feature gross = sum(fee + amount) over 1d
  /// Literals adapt.
  feature fine = sum(price * 2 + 1) / 3 over 1d default 0
}
"#), @r#"
error[E0201]: `*` between int64 and float64
   ┌─ shop.feat:12:30
   │
12 │   feature value = sum(amount * price) over 1d
   │                       ------ ^ ----- float64
   │                       │      │
   │                       │      numbers are not converted silently
   │                       int64
   │
   = help: write `cast(amount as float64)`

error[E0201]: `+` between decimal(12, 2) and int64
   ┌─ shop.feat:14:27
   │
14 │   feature gross = sum(fee + amount) over 1d
   │                       --- ^ ------ int64
   │                       │   │
   │                       │   numbers are not converted silently
   │                       decimal(12, 2)
   │
   = help: write `cast(amount as decimal(19, 0))`
"#);
}

#[test]
fn a_key_of_another_type_names_both_types() {
    insta::assert_snapshot!(behind_head(r#"entity buyer (id: int64)
view spend of buyer from txn by (card) {
  owner "ops"
  /// Total.
  feature total = sum(amount) over 1d
}
"#), @r#"
error[E0401]: key column `card` is string, key `id` of entity `buyer` is int64
   ┌─ shop.feat:10:34
   │
 9 │ entity buyer (id: int64)
   │                   ----- wants int64
10 │ view spend of buyer from txn by (card) {
   │                                  ^^^^ brings `card`: string
   │
   = help: declare the key as the column is, `id: string`, if it is so in every source, or convert in a transform: `let id_key = cast(card as int64)`, then `by (id_key)`
"#);
}

#[test]
fn lifetime_needs_lateness_once_per_source() {
    insta::assert_snapshot!(behind_head(r#"view spend of card from txn {
  owner "ops"
  /// Total.
  feature total = sum(amount) over [1d, lifetime]
  /// Largest.
  feature largest = max(amount) over lifetime
}
"#), @r#"
error[E0303]: lifetime window over source `txn`, which has no lateness
   ┌─ shop.feat:12:41
   │
 3 │ source txn {
   │        --- the source is declared here
   ·
12 │   feature total = sum(amount) over [1d, lifetime]
   │                                         ^^^^^^^^ identities would be kept for ever
   │
   = help: write `lateness 24h` in the source, or `lateness unbounded` if that is meant; if its rows never change, write `static` and no `arrival`
"#);
}

#[test]
fn reading_ahead_is_a_warning() {
    insta::assert_snapshot!(behind_head(r#"transform sent from txn {
  let wait = minutes(shipped - at)
}
view spend of card from sent {
  owner "ops"
  /// Mean.
  feature wait = mean(wait) over 7d
}
"#), @r#"
warning[W0301]: `shipped` may be later than the event
   ┌─ shop.feat:10:22
   │
 4 │   columns (card: string, amount: int64, price: float64, fee: decimal(12, 2), at: timestamp, shipped: timestamp, seen: timestamp)
   │                                                                                             ------- another instant of the same row
   ·
10 │   let wait = minutes(shipped - at)
   │                      ^^^^^^^ not yet known at the event's time?
   │
   = note: the event counts from `at` on, as if everything in its row were known then
   = help: say after `from` when the row is known and how much later that may be, for example `at shipped within 30d`; or `at at` if `shipped` is never later, or known by then, as a plan is
"#);
}

#[test]
fn an_event_time_is_judged_by_what_is_known_of_it() {
    let said = |begins: &str, at: &str, step: &str| {
        let source = HEAD.replace("  arrival seen\n", &format!("  arrival seen\n{begins}"));
        let text = format!(
            "{source}transform sent from txn at {at} {{\n  let wait = minutes(shipped - at)\n{step}}}\n\
             view spend of card from sent {{\n  owner \"ops\"\n  /// Mean.\n  feature wait = mean(wait) over 7d\n}}\n"
        );
        super::codes(&super::compile(&text).0.diagnostics)
    };
    let begins = "  begins @2024-01-01T00:00:00Z\n";
    let known = [
        ("at", ""),
        ("at within 1h", ""),
        ("at + 1h", ""),
        ("at + 1h within 2h", ""),
        ("shipped within 2d", ""),
        ("truncate(at, 1h) + 1h", ""),
        ("greatest(at, least(shipped, at + 2d))", ""),
        ("shipped", "  where shipped >= at and shipped < at + 2d\n"),
        ("later", "  let later = at + 90m\n"),
    ];
    for (at, step) in known {
        for begins in ["", begins] {
            assert_eq!(said(begins, at, step), [""; 0], "at {at} {begins}");
        }
    }
    let half = [("greatest(at, shipped)", ""), ("shipped", "  where at <= shipped\n")];
    for (at, step) in half {
        assert_eq!(said("", at, step), [""; 0], "at {at}");
        assert_eq!(said(begins, at, step), ["E0311"], "at {at}");
    }
    for at in [
        "shipped",
        "coalesce(shipped, at)",
        "least(at, shipped)",
        "truncate(at, 1h)",
        "at + (shipped - at)",
    ] {
        assert_eq!(said("", at, ""), ["W0302"], "at {at}");
    }
    for at in ["at - 1us", "least(at, shipped) - 1h", "at - 2h + 1h within 7d"] {
        assert_eq!(said(begins, at, ""), ["E0310"], "at {at}");
    }
    assert_eq!(said("", "at + 3d within 2d", ""), ["E0312"]);
}

#[test]
fn a_service_expands_patterns_and_refuses_repetitions() {
    insta::assert_snapshot!(behind_head(r#"view spend of card from txn {
  owner "ops"
  /// Total.
  feature total = sum(amount) over [1d, 7d]
}
service risk {
  spend.{total_*, largest_*}
  spend.total_1d
  spent.total_1d
}
"#), @r#"
error[E0116]: pattern `largest_*` matches nothing
   ┌─ shop.feat:15:19
   │
 9 │ view spend of card from txn {
   │      ----- the view is declared here
   ·
15 │   spend.{total_*, largest_*}
   │                   ^^^^^^^^^ fits no feature of view `spend`
   │
   = help: correct the pattern or remove it

error[E0104]: service `risk` lists `spend__total_1d` twice
   ┌─ shop.feat:16:9
   │
15 │   spend.{total_*, largest_*}
   │          ------- listed here first
16 │   spend.total_1d
   │         ^^^^^^^^ brings it again
   │
   = help: remove one of the two, or narrow the pattern

error[E0108]: unknown view `spent`
   ┌─ shop.feat:17:3
   │
17 │   spent.total_1d
   │   ^^^^^ no view has this name
   │
   = help: did you mean `spend`?
"#);
}

#[test]
fn what_syntax_did_not_understand_is_not_reported_again() {
    insta::assert_snapshot!(behind_head(r#"transform paid from txn {
  let cents = amount **
  where cents > 0
}
view spend of card from paid {
  owner "ops"
  /// Broken.
  feature total = sum(cents over 1d
  /// Reads it.
  feature double = total * 2
}
service risk {
  spend.total
}
"#), @r#"
error[E0001]: expected an expression, found `*`
   ┌─ shop.feat:10:23
   │
10 │   let cents = amount **
   │                       ^ does not fit here
   │
   = help: `let` is written like this: `let late = delay_min > 15`

error[E0014]: `(` is never closed
   ┌─ shop.feat:16:22
   │
16 │   feature total = sum(cents over 1d
   │                      ^     - `)` is missing here
   │                      │
   │                      opened here
   │
   = help: write `)`
"#);
}

/// The message and the next step of the only complaint about a feature.
fn about(feature: &str) -> String {
    let text =
        format!("{HEAD}view spend of card from txn {{\n  owner \"ops\"\n  /// It.\n  feature it = {feature}\n}}\n");
    let (outcome, _) = super::compile(&text);
    let said: Vec<String> = outcome
        .diagnostics
        .iter()
        .map(|one| format!("{}; {}", one.message, one.help.as_ref().map_or("", |help| &help.text)))
        .collect();
    said.join("\n")
}

#[test]
fn names_of_other_languages_are_not_taken_for_misspelt_ones() {
    assert_eq!(
        about("topk(amount) over 1d"),
        "unknown function `topk`; the greatest values are `top_k(amount, 10)`, the most frequent ones `mode_n(amount, 10)`"
    );
    assert_eq!(
        about("lag(amount) over 1d"),
        "unknown function `lag`; write `last_n(amount, 2)[-2]`, of the event before the last; before the question's own event it is \
         `last(amount)` with `over 30d excluding self`"
    );
    assert_eq!(
        about("sum(sin(price)) over 1d"),
        "`sin` is not in this release; compute it before, as a column of the file; `featc explain E0111` lists what there is"
    );
    let clock = "a feature is asked for an instant; the time since the last event is `time_since_last()`, since the first `time_since_first()`; a value of an event, such as `last(x)`, is compared with the instant of the question, `at`, in a feature of a service";
    assert_eq!(
        about("now()"),
        format!("`now`: there is no clock in a program; {clock}")
    );
    assert_eq!(
        about("count(where at < current_timestamp) over 1d"),
        format!("unknown column `current_timestamp`: there is no clock in a program; {clock}")
    );
    assert_eq!(
        about("sum(float64(amount)) over 1d"),
        "`float64` is a type, not a function; write `cast(amount as float64)`"
    );
    assert_eq!(
        about("avg(amount) over 1d"),
        "unknown function `avg`; write `mean(amount)`"
    );
    assert_eq!(
        about("count(where TRUE) over 1d"),
        "unknown column `TRUE`; write `true`"
    );
}

#[test]
fn one_cause_has_one_message() {
    assert_eq!(
        about("max(card || card) over 1d"),
        "`||` is not an operator of this language; write `concat(card, card)` to join strings, `or` between conditions"
    );
    assert_eq!(
        about("sum(amount) over [1h, 1h]"),
        "view `spend` has two features `it_1h`; remove one of the two windows"
    );
}

#[test]
fn wide_decimals_are_narrowed_in_one_step() {
    assert_eq!(
        about("sum(fee) - sum(fee) over 1d"),
        "`-` may need 39 digits, 2 of them after the point; say how many digits there can be: `cast(sum(fee) as decimal(18, 2)) - cast(sum(fee) as decimal(18, 2))`"
    );
    assert_eq!(
        about("round(sum(fee), 4) over 1d"),
        "`round` may need 40 digits, 4 of them after the point; say how many digits there can be: `round(cast(sum(fee) as decimal(18, 2)), 4)`"
    );
}

#[test]
fn a_cast_that_leaves_no_room_is_not_offered() {
    let of_both = "cast(sum(fee) as decimal(18, 2)) * cast(count() as decimal(18, 0))";
    assert_eq!(
        about("sum(fee) * count() over 1d"),
        format!("`*` between decimal(38, 2) and int64; say how many digits there can be: `{of_both}`")
    );
    assert_eq!(about(&format!("{of_both} over 1d")), "");
}

#[test]
fn zones_are_known_by_their_place() {
    let help = |zone: &str| {
        let text = format!(
            "module m\nsource s {{\n  columns (id: int64, at: timestamp)\n  unique id\n  time at\n  zone \"{zone}\"\n}}\n"
        );
        let (outcome, _) = super::compile(&text);
        let said = outcome
            .diagnostics
            .into_iter()
            .map(|one| one.help.map_or_else(String::new, |help| help.text));
        said.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(help("Europe/Amsterdam"), "");
    assert_eq!(help("UTC"), "");
    assert_eq!(help("Amsterdam"), "did you mean `\"Europe/Amsterdam\"`?");
    assert_eq!(help("New York"), "did you mean `\"America/New_York\"`?");
    assert_eq!(help("europe/paris"), "did you mean `\"Europe/Paris\"`?");
    assert_eq!(help("Europe/Pariss"), "did you mean `\"Europe/Paris\"`?");
    for (written, meant) in [
        ("Europe/Pariss", "Europe/Paris"),
        ("Europe/Bucarest", "Europe/Bucharest"),
        ("Eurpoe/Berlin", "Europe/Berlin"),
        ("Europe/New York", "America/New_York"),
        ("America/Los Angelos", "America/Los_Angeles"),
        ("Australia/west", "Australia/West"),
        ("Singapor", "Singapore"),
        ("cet", "CET"),
    ] {
        assert_eq!(help(written), format!("did you mean `\"{meant}\"`?"), "{written}");
    }
    // Places that are in no name of the database, however alike another place is called.
    for place in [
        "qqqqqq",
        "Munich",
        "Hamburg",
        "Europe/Munich",
        "Europe/Hamburg",
        "Europe/Stuttgart",
        "Europe/Geneva",
        "Europe/Lyon",
        "Europe/Cologne",
        "Europe/Krakow",
        "Europe/Kiel",
        "Europe/Bern",
        "Europe/Lublin",
        "Europe/Padua",
        "America/Boston",
        "America/Grand",
        "Asia/Mumbai",
        "Europe/Central",
        "Brazil/East_Coast",
        "Etc/GMT5",
        "Berlin/Europe",
    ] {
        assert!(
            help(place).starts_with("write a name of the IANA database"),
            "{place}: {}",
            help(place)
        );
    }
    let place = "write the zone of the place, for example";
    let paris = format!("{place} `\"Europe/Paris\"`");
    let turned = "has this offset all year (its sign is turned round)";
    for ahead in ["+02:00", "UTC+2", "GMT+02", "utc +2"] {
        assert_eq!(help(ahead), format!("{paris}; `\"Etc/GMT-2\"` {turned}"), "{ahead}");
    }
    assert_eq!(help("GMT-5"), format!("{paris}; `\"Etc/GMT+5\"` {turned}"));
    assert!(help("+05:30").ends_with("write the offset into the instants, as in `2025-01-31T12:00:00+05:30`"));
    assert!(help("UTC+0:00").ends_with("it is `\"UTC\"`"));
    assert_eq!(help("Z"), "did you mean `\"UTC\"`?");
    for (short, meant) in [("PST", "America/Los_Angeles"), ("CEST", "Europe/Berlin")] {
        assert_eq!(help(short), format!("{place} `\"{meant}\"`; it knows summer time"));
    }
    for strange in ["WIB", "CET/CEST"] {
        assert_eq!(help(strange), format!("{place} `\"Europe/Berlin\"`"));
    }
}

/// Each of many features reads one that is not there.
#[test]
fn looking_for_names_grows_with_the_program() {
    let steps = |count: usize| {
        let feature = |number: usize| {
            format!(
                "  /// It.\n  feature a_{number}h = {}\n",
                if number == 0 { "a" } else { "qqq" }
            )
        };
        let features: String = (0..count).map(feature).collect();
        let before = featc_ir::work::steps();
        let (outcome, _) = super::compile(&format!(
            "{HEAD}view v of card from txn {{\n  owner \"o\"\n{features}}}\n"
        ));
        assert_eq!(outcome.diagnostics.len(), count);
        let help = outcome.diagnostics[0].help.as_ref().map(|help| help.text.as_str());
        assert_eq!(
            help,
            Some(
                "write which window is meant: `a_0h`, `a_100h`, `a_101h`, `a_102h`, `a_103h`, `a_104h`, `a_105h`, `a_106h`, …"
            ),
            "of a list"
        );
        featc_ir::work::steps() - before
    };
    let (few, many) = (steps(150), steps(300));
    assert!(few > 0 && many < 3 * few, "{few} steps, then {many}");
}
