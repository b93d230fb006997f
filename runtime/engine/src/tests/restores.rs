//! Online state under an edited program: what goes on, what is named, and that both answer as a program that was given
//! every row.

use crate::{Error, Online, Program, Rebuild, RestoreReport, Truth};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use std::sync::Arc;

const SHOP: &str = r#"
module shop
/// Who pays.
entity card (card: string)
entity user (user: string)
/// What is paid.
source txn {
  columns (id: int64, card: string, user: string, amount: float64, shipping: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1h
}
source login {
  columns (id: int64, user: string, at: timestamp)
  unique id
  time at
  arrival time + 5s
  lateness 1h
}
transform big from txn {
  let net = amount - shipping
  where net > 1.0
}
view spend of card from big {
  owner "payments"
  tags [money]
  /// What the card spent.
  feature total = sum(net) over 1h default 0.0
  feature shipped = sum(shipping) over 1h
}
view logins of user from login {
  owner "access"
  feature n = count() over 2h
}
service risk { spend.* }
service access { logins.* }
"#;

const MINUTE: i64 = 60_000_000;
const TRUTH: Truth = Truth::AsOfArrival { delay_us: None };

fn program(edits: &[(&str, &str)]) -> Program {
    let mut text = SHOP.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", text.as_str());
    let compiled = featc_driver::compile(&sources, &[file]);
    let ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, ".")
}

/// A payment and a login per minute; payments are known after three minutes.
fn push(online: &mut Online, minutes: std::ops::Range<i64>) {
    let instants = |add: i64| -> ArrayRef {
        let instants = minutes.clone().map(|minute| (minute + add) * MINUTE);
        Arc::new(TimestampMicrosecondArray::from_iter_values(instants).with_timezone("UTC"))
    };
    let texts = |prefix: &str, of: i64| -> ArrayRef {
        let texts = minutes.clone().map(|minute| format!("{prefix}{}", minute % of));
        Arc::new(StringArray::from_iter_values(texts))
    };
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(minutes.clone()));
    let amounts = minutes.clone().map(|minute| (minute % 7) as f64 + 0.1);
    let amounts: ArrayRef = Arc::new(Float64Array::from_iter_values(amounts));
    let shipping = minutes.clone().map(|minute| (minute % 3) as f64 * 0.3);
    let shipping: ArrayRef = Arc::new(Float64Array::from_iter_values(shipping));
    let payments = [
        ("id", ids.clone()),
        ("card", texts("c", 2)),
        ("user", texts("u", 3)),
        ("amount", amounts),
        ("shipping", shipping),
        ("at", instants(0)),
        ("seen", instants(3)),
    ];
    let payments = RecordBatch::try_from_iter(payments).expect("columns of one length");
    let logins = [("id", ids), ("user", texts("u", 3)), ("at", instants(0))];
    let logins = RecordBatch::try_from_iter(logins).expect("columns of one length");
    for (source, rows) in [("txn", &payments), ("login", &logins)] {
        let report = online.push(source, rows).expect("pushes");
        assert_eq!((report.accepted, report.rejected.len()), (report.rows, 0));
    }
}

/// Minutes 0 to 420 pushed, the cut at 400.
fn old() -> Vec<u8> {
    let mut online = program(&[]).online(TRUTH).expect("an engine");
    push(&mut online, 0..420);
    online.advance(400 * MINUTE).expect("ahead");
    online.snapshot()
}

fn answers(online: &Online) -> Vec<Result<RecordBatch, Error>> {
    let cut_us = online.cut_us().expect("a cut");
    let ask = |service: &str, key: &str, names: [&str; 3]| {
        let questions = [(key, Arc::new(StringArray::from(names.to_vec())) as ArrayRef)];
        let questions = RecordBatch::try_from_iter(questions).expect("one column");
        online.read(service, &questions, &[cut_us; 3], true)
    };
    let services = [
        ("risk", "card", ["c0", "c1", "x"]),
        ("access", "user", ["u0", "u2", "x"]),
        ("people", "user", ["u1", "u2", "x"]),
    ];
    let there = services
        .into_iter()
        .filter(|(service, ..)| !online.field_names(service).is_empty());
    there.map(|(service, key, names)| ask(service, key, names)).collect()
}

/// Restores what the program left that was edited to this one; what has to be rebuilt is pushed again. Then both go on.
fn restored(edits: &[(&str, &str)]) -> RestoreReport {
    let program = program(edits);
    let mut online = program.online(TRUTH).expect("an engine");
    let report = online.restore(&old()).expect("the same truth");
    assert_eq!(report.kept.len() + report.to_rebuild.len(), online.stats().len());
    if !report.is_whole() {
        let refused = answers(&online).into_iter().filter_map(Result::err);
        assert!(refused.clone().count() > 0);
        refused.for_each(|error| assert!(error.to_string().contains("call `rebuilt`"), "{error}"));
        push(&mut online, 0..420);
        assert_eq!(online.rebuilt().len(), report.to_rebuild.len());
    }
    let mut fresh = program.online(TRUTH).expect("an engine");
    push(&mut fresh, 0..420);
    fresh.advance(400 * MINUTE).expect("ahead");
    assert_eq!(answers(&online), answers(&fresh));
    for online in [&mut online, &mut fresh] {
        push(online, 410..450);
        online.advance(445 * MINUTE).expect("ahead");
    }
    assert_eq!(answers(&online), answers(&fresh));
    assert_eq!(online.snapshot(), fresh.snapshot());
    report
}

#[test]
fn edits_that_change_no_event_keep_state() {
    let edits: [&[(&str, &str)]; 12] = [
        &[],
        &[
            ("/// Who pays.", "/// Whoever pays."),
            ("/// What is paid.", "/// Payments.\n/// All of them."),
        ],
        &[("/// What the card spent.", "/// What was spent.")],
        &[
            ("owner \"payments\"", "owner \"fraud\""),
            ("tags [money]", "tags [risk]"),
        ],
        &[
            ("feature total", "feature spent"),
            ("view spend", "view outlay"),
            ("spend.*", "outlay.*"),
        ],
        &[
            ("transform big", "transform large"),
            ("from big", "from large"),
            ("net", "rest"),
        ],
        &[("default 0.0", "default 1.0")],
        &[("sum(net) over 1h", "sum(net) over 5m")],
        // New aggregates of what is there, and one less of it.
        &[(
            "feature shipped = sum(shipping) over 1h",
            "feature dearest = max(net) over 30m\n  feature n = count() over 1h",
        )],
        &[(
            "feature shipped = sum",
            "feature mean_shipped = mean(shipping) over 10m\n  feature shipped = sum",
        )],
        // The order of declarations.
        &[
            ("  feature total = sum(net) over 1h default 0.0\n", ""),
            (
                "sum(shipping) over 1h\n",
                "sum(shipping) over 1h\n  feature total = sum(net) over 1h default 0.0\n",
            ),
        ],
        &[(
            "time at\n  arrival time",
            "begins @1960-01-01T00:00:00Z\n  time at\n  arrival time",
        )],
    ];
    for edits in edits {
        let report = restored(edits);
        assert!(report.is_whole() && report.dropped.is_empty(), "{edits:?}: {report:?}");
    }
}

#[test]
fn other_views_come_and_go() {
    let text = "service risk { spend.* }";
    let more = "view users of user from txn { owner \"o\" feature spent = sum(amount) over 1h }\nservice risk { spend.* }\n\
                service people { users.* }";
    let report = restored(&[(text, more)]);
    let [new] = &report.to_rebuild[..] else {
        panic!("{report:?}");
    };
    assert_eq!((report.kept.len(), report.dropped.len()), (2, 0));
    assert_eq!(
        (new.to_string().as_str(), new.after_us),
        (
            "the events of `txn` by (user): the snapshot does not have them",
            Some((400 - 180) * MINUTE)
        )
    );

    let logins = SHOP.find("view logins").zip(SHOP.find("service risk"));
    let (from, to) = logins.expect("it is there");
    let text = [
        (&SHOP[from..to], ""),
        ("service access { logins.* }", "service access { spend.total }"),
    ];
    let mut online = program(&text).online(TRUTH).expect("an engine");
    let report = online.restore(&old()).expect("the same truth");
    let dropped: Vec<String> = report.dropped.iter().map(ToString::to_string).collect();
    assert_eq!((report.kept.len(), report.is_whole()), (1, true));
    assert_eq!(dropped, ["the events of `login` by (user)"]);
}

#[test]
fn edits_that_change_events_are_named() {
    let why = |edits: &[(&str, &str)]| {
        let report = restored(edits);
        assert_eq!((report.kept.len(), report.dropped.len()), (1, 1), "{report:?}");
        report.to_rebuild[0].why
    };
    assert_eq!(why(&[("net > 1.0", "net > 2.0")]), Rebuild::Redeclared);
    assert_eq!(
        why(&[("arrival seen\n  lateness 1h", "arrival seen\n  lateness 2h")]),
        Rebuild::Redeclared
    );
    assert_eq!(why(&[("sum(net)", "sum(net * 2.0)")]), Rebuild::Columns { missing: 1 });
    // Window, lateness and an hour.
    let until_us = (400 - 240) * MINUTE;
    assert_eq!(
        why(&[("count() over 2h", "count() over 3h")]),
        Rebuild::Released { until_us }
    );
}

#[test]
fn a_question_below_the_horizon_is_told_the_way_out() {
    let mut online = program(&[]).online(Truth::Complete).expect("an engine");
    push(&mut online, 0..400);
    let questions = RecordBatch::try_from_iter([("card", Arc::new(StringArray::from(vec!["c0"])) as ArrayRef)]);
    let questions = questions.expect("one column");
    let read = |online: &Online, minute: i64| online.read("risk", &questions, &[minute * MINUTE], true);
    let before = read(&online, 360).expect("answers");
    assert!(read(&online, 10).is_ok());
    online.advance(360 * MINUTE).expect("ahead");
    assert_eq!(read(&online, 360).expect("answers"), before);
    let said = read(&online, 359).expect_err("refused").to_string();
    assert_eq!(
        said,
        "asked at 1970-01-01T05:59:00Z, but the events of `txn` through `big` by (card) can be asked from \
         1970-01-01T06:00:00Z on: what lies further back was released"
    );
    // Window, lateness and an hour.
    let stats = online.stats();
    assert!(stats[0].events < 250, "{stats:?}");
    // What comes so late is told.
    let before = online
        .push(
            "login",
            &RecordBatch::try_from_iter([
                ("id", Arc::new(Int64Array::from(vec![1_000, 1_001])) as ArrayRef),
                ("user", Arc::new(StringArray::from(vec!["u0", "u0"]))),
                (
                    "at",
                    Arc::new(TimestampMicrosecondArray::from(vec![MINUTE, 359 * MINUTE]).with_timezone("UTC")),
                ),
            ])
            .expect("columns of one length"),
        )
        .expect("pushes");
    assert_eq!((before.accepted, before.expired), (2, 1));
}
