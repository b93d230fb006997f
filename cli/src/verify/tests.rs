//! What finds a difference, shrinks it and writes it, with evaluators that are wrong on purpose.

use super::answers::Answers;
use super::case::{Asked, Case, Fields, source_rows};
use super::checks::{Difference, Kind, differs, related, shrink_to};
use super::engines::{Evaluate, Evaluators, Ground, Setting, evaluators};
use super::relations::Relation;
use super::reproduce;
use super::sample::{edges, some_rows, spine_rows};
use super::{fields, ground, served};
use crate::answered::batch;
use crate::args::{Cli, Command, VerifyArgs};
use crate::report::Reporter;
use crate::run::{Prepared, prepare};
use clap::Parser as _;
use featc_ir::Type;
use featr::{Batch, Column, Side, Value};
use featr_model::Model;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

mod needed;
mod shift;
mod tables;

const PROGRAM: &str = "module shop

entity card (card: string)
entity till (till: int64)

source txn {
  columns (id: int64, card: string, till: int64?, amount: float64?, at: timestamp, known: timestamp)
  unique id
  time at
  arrival known
  lateness 2d
  batch csv \"txn.csv\"
}

view spend of card from txn {
  owner \"payments\"
  /// What the card spent.
  feature total = sum(amount) over [1h, 1d] default 0.0
  /// The last amount.
  feature last = last(amount) over 1d
  /// Payments but this one.
  feature others = count() over 1d excluding self
  /// At night.
  feature night = count(where hour(at) < 6) over 1d
  /// When.
  feature latest = max(at) over 1d
}

view sold of till from txn {
  owner \"payments\"
  /// Payments of a week.
  feature n = count() over 7d
  /// In all.
  feature ever = count() over lifetime
}

service risk {
  spend.*
  sold.*
}
";

/// A difference is planted in the first feature.
const FIELD: usize = 0;

fn instant(minute: u64) -> String {
    let (day, hour, minute) = (minute / 1_440, minute / 60 % 24, minute % 60);
    format!("2024-05-{:02}T{hour:02}:{minute:02}:00Z", day + 1)
}

/// A program over 60 payments of 7 cards at 4 tills, and 20 questions.
fn shop(folder: &Path) {
    let mut rows = String::from("id,card,till,amount,at,known\n");
    let mut spine = String::from("card,till,id,timestamp\n");
    for id in 0..60u64 {
        let minute = id * 97 % 4_000;
        let till = if id % 13 == 0 {
            String::new()
        } else {
            (id % 4).to_string()
        };
        let (at, known) = (instant(minute), instant(minute + id % 3));
        let _ = writeln!(rows, "{id},c{},{till},{}.25,{at},{known}", id % 7, id);
        if id % 3 == 0 {
            let _ = writeln!(spine, "c{},{},{id},{}", id % 7, id % 4, instant(minute + 30));
        }
    }
    for (name, text) in [("shop.feat", PROGRAM), ("txn.csv", &rows), ("spine.csv", &spine)] {
        std::fs::write(folder.join(name), text).expect("writable");
    }
}

/// The command over a program, as its words are read: its questions, and more.
fn command(program: &Path, questions: [&OsStr; 2], more: &[&OsStr]) -> VerifyArgs {
    let words = ["featc", "verify", "--service", "risk"].map(OsStr::new);
    let words = words.into_iter().chain([program.as_os_str()]);
    let words = words.chain(questions).chain(more.iter().copied());
    match Cli::try_parse_from(words).expect("a command").command {
        Command::Verify(args) => args,
        other => panic!("{other:?}"),
    }
}

/// A program with its data, ready to be asked.
struct Ready {
    args: VerifyArgs,
    prepared: Prepared,
    fields: Fields,
    case: Case,
    setting: Setting,
}

fn ready(program: &Path, spine: &Path, case: &Path) -> Ready {
    let case = ["--case".as_ref(), case.as_os_str()];
    let args = command(program, ["--spine".as_ref(), spine.as_os_str()], &case);
    let reporter = Reporter::of_words(&[]);
    let prepared = prepare(&args.program, &reporter).expect("compiles");
    let fields = fields(&prepared);
    let spine = prepared.spine(&args.spine, &reporter).expect("a spine");
    let recorded = prepared.program.record("risk", Side::Stream, None).expect("rows");
    let case = Case::read(&prepared, &recorded, Asked::of(&spine)).expect("a case");
    let setting = Setting::new(&args.program.run, &args.options);
    Ready {
        args,
        prepared,
        fields,
        case,
        setting,
    }
}

impl Ready {
    fn of_shop(folder: &Path) -> Ready {
        shop(folder);
        ready(
            &folder.join("shop.feat"),
            &folder.join("spine.csv"),
            &folder.join("out/case"),
        )
    }

    fn ground(&self) -> Ground<'_> {
        ground(&self.prepared, &self.fields, 1).expect("a service")
    }

    fn evaluators(&self) -> Evaluators<'_> {
        evaluators(&self.prepared, self.ground(), None)
    }

    fn shrunk(&self, kind: Kind, row: usize, evaluators: &Evaluators<'_>) -> Option<super::shrink::Shrunk> {
        let difference = Difference {
            row,
            field: FIELD,
            said: Vec::new(),
        };
        shrink_to(
            (kind, &difference),
            &self.ground(),
            evaluators,
            &self.case,
            &self.setting,
        )
    }
}

/// An evaluator whose answer to a question is wrong, where `wrong` names one.
fn planted<'a>(evaluate: Evaluate<'a>, wrong: impl Fn(&Case, &Setting) -> Option<usize> + 'a) -> Evaluate<'a> {
    Box::new(move |case, setting| {
        let answers: Answers = evaluate(case, setting)?;
        Ok(match wrong(case, setting) {
            Some(row) => answers.with_value(row, FIELD, &Value::Float64(0.125), Type::Float64),
            None => answers,
        })
    })
}

fn ids(case: &Case, side: Side) -> Vec<i64> {
    case.sources[0].side(side).columns[0].i64s().to_vec()
}

/// The first question about a card.
fn asks(case: &Case, card: &str) -> Option<usize> {
    let (_, cards) = &case.asked.columns[0];
    (0..case.asked.len()).find(|row| cards.value(*row) == Value::String(card.to_owned()))
}

/// Wrong about card c3 while two of its payments are there.
fn two_payments(case: &Case) -> Option<usize> {
    let ids = ids(case, Side::Stream);
    asks(case, "c3").filter(|_| ids.contains(&17) && ids.contains(&38))
}

#[test]
fn a_difference_is_shrunk_to_its_events_and_one_question_and_shows_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    let own = ready.evaluators();
    let faulty = Evaluators {
        stream: planted(own.stream, |case, _| two_payments(case)),
        ..own
    };
    let row = two_payments(&ready.case).expect("a question about c3");
    let shrunk = ready.shrunk(Kind::Stream, row, &faulty).expect("a difference");
    assert!(shrunk.is_fewest);
    assert_eq!(ids(&shrunk.case, Side::Stream), [17, 38]);
    assert_eq!(ids(&shrunk.case, Side::Batch), [17, 38]);
    assert_eq!(shrunk.case.asked.len(), 1);
    assert_eq!(asks(&shrunk.case, "c3"), Some(0));

    let written = reproduce::write(&ready.prepared, &ready.args, &shrunk.case, (&ready.setting, false));
    let written = written.expect("a writable folder");
    let out = folder.path().join("out");
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(names(&out), BTreeSet::from(["case".to_owned()]));
    let files = ["shop.feat", "spine.parquet", "txn.parquet"].map(str::to_owned);
    assert_eq!(names(&out.join("case")), BTreeSet::from(files));
    let place = out.join("case").display().to_string();
    assert_eq!(
        written.command,
        format!(
            "featc verify {place} --service risk --spine {place}/spine.parquet --truth as-of-arrival --chunk 4096 \
             --sample 2 --seed 1 --max-rejected 100% --max-missing 100%"
        )
    );

    let again = self::ready(&out.join("case"), &out.join("case/spine.parquet"), &out.join("other"));
    let own = again.evaluators();
    assert!(!differs(
        Kind::Stream,
        FIELD,
        &again.ground(),
        &own,
        &again.case,
        &again.setting
    ));
    let faulty = Evaluators {
        stream: planted(own.stream, |case, _| two_payments(case)),
        ..own
    };
    assert!(differs(
        Kind::Stream,
        FIELD,
        &again.ground(),
        &faulty,
        &again.case,
        &again.setting
    ));
    // A folder that holds something is never written to.
    let refused = reproduce::write(&ready.prepared, &ready.args, &shrunk.case, (&ready.setting, false));
    assert!(refused.expect_err("refused").contains("a folder with files in it"));
}

#[test]
fn questions_that_matter_to_each_other_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    let own = ready.evaluators();
    let faulty = Evaluators {
        batch: planted(own.batch, |case, _| {
            asks(case, "c3").filter(|_| asks(case, "c6").is_some())
        }),
        ..own
    };
    let row = asks(&ready.case, "c3").expect("a question");
    let shrunk = ready.shrunk(Kind::Model, row, &faulty).expect("a difference");
    assert_eq!((shrunk.case.events(), shrunk.case.asked.len()), (0, 2));
    assert!(shrunk.is_fewest);
}

#[test]
fn what_the_rows_at_hand_do_not_show_is_not_shrunk() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    assert!(ready.shrunk(Kind::Stream, 0, &ready.evaluators()).is_none());
    assert!(ready.shrunk(Kind::Model, 0, &ready.evaluators()).is_none());
}

/// How an evaluator can be wrong that only one relation shows.
fn fault(relation: Relation, before: &Case) -> Box<dyn Fn(&Case, &Setting) -> Option<usize>> {
    let (events, questions) = (before.events(), before.asked.len());
    let times = before.asked.times.iter().copied();
    let last = times.max().expect("questions");
    Box::new(move |case, setting| {
        let times = case.sources[0].rows.columns[4].i64s();
        let is_wrong = match relation {
            Relation::Questions => case.asked.len() > questions,
            Relation::EntitiesRemoved => case.events() < events,
            Relation::EntitiesAdded => case.events() > events,
            Relation::Shifted => case.asked.times[0] > last,
            Relation::Outside => times.contains(&(last + 1)),
            Relation::Split => setting.files > 1,
            Relation::Memory => setting.memory_bytes.is_some(),
            Relation::Threads => setting.threads == 1,
            Relation::Delivery => setting.restart_every.is_some(),
        };
        is_wrong.then_some(0)
    })
}

#[test]
fn each_relation_finds_its_fault_and_nothing_where_there_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    for relation in Relation::ALL {
        let check = |evaluators: &Evaluators<'_>| {
            let outcome = relation.check(&ready.ground(), evaluators, &ready.case, &ready.setting, None);
            related(relation, outcome.expect("runs"), &ready.fields)
        };
        let honest = check(&ready.evaluators());
        assert!(honest.outcome.is_ok(), "{relation:?}: {:?}", honest.outcome);
        assert!(honest.compared() > 0, "{relation:?}");
        assert_eq!(honest.differ(), 0, "{relation:?}: {:?}", honest.first());
        let own = ready.evaluators();
        let faulty = Evaluators {
            batch: planted(own.batch, fault(relation, &ready.case)),
            stream: planted(own.stream, fault(relation, &ready.case)),
            model: own.model,
        };
        let found = check(&faulty);
        assert!(found.differ() > 0, "{relation:?}: nothing found");
        assert_eq!(found.first().expect("a difference").field, FIELD);
    }
}

#[test]
fn a_difference_of_a_relation_is_shrunk() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    let own = ready.evaluators();
    let faulty = Evaluators {
        batch: planted(own.batch, |case, setting| {
            let is_wrong = setting.memory_bytes.is_some() && ids(case, Side::Batch).contains(&5);
            asks(case, "c6").filter(|_| is_wrong)
        }),
        ..own
    };
    let row = asks(&ready.case, "c6").expect("a question");
    let kind = Kind::Relation(Relation::Memory);
    let shrunk = ready.shrunk(kind, row, &faulty).expect("a difference");
    assert_eq!(ids(&shrunk.case, Side::Batch), [5]);
    assert_eq!(shrunk.case.asked.len(), 1);
    let written = reproduce::write(&ready.prepared, &ready.args, &shrunk.case, (&ready.setting, true));
    assert!(written.expect("a writable folder").command.ends_with(" --metamorphic"));
}

#[test]
fn the_sample_is_of_all_entities_and_of_edges() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = Ready::of_shop(folder.path());
    assert_eq!(spine_rows(8, 1, 20).len(), 4);
    assert_eq!(spine_rows(100, 1, 20), (0..20).collect::<Vec<u32>>());
    assert_eq!(some_rows(8, 1, 20).len(), 8, "where no question is at an edge");
    assert!(
        spine_rows(8, 1, 1_000).iter().any(|row| *row > 100),
        "not the first rows"
    );
    let rows = ready.case.model_rows(ready.ground().ir, Some(Side::Stream));
    let model = Model::new(ready.ground().ir, &rows);
    let keys: Vec<_> = ready.case.asked.columns.iter().map(|(key, _)| key.clone()).collect();
    let draw = |seed: u64| {
        let ground = Ground { seed, ..ready.ground() };
        edges(&ground, &model, &keys, 400)
    };
    let (asked, other) = (draw(1), draw(2));
    assert_eq!(asked.times, draw(1).times);
    assert_ne!(asked.times, other.times);
    let values = |place: usize| -> BTreeSet<Value> { asked.columns[place].1.values().into_iter().collect() };
    let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["card", "till", "id"]);
    assert_eq!(values(0).len(), 7, "all cards");
    assert_eq!(values(1).len(), 4, "all tills");
    assert!(
        values(2).contains(&Value::Null) && values(2).len() > 10,
        "with and without an identity"
    );

    let own: BTreeSet<i64> = ready.case.sources[0].rows.columns[4].i64s().iter().copied().collect();
    let hour = 3_600_000_000;
    let at = |offset: i64| {
        asked
            .times
            .iter()
            .filter(|time| own.contains(&(*time - offset)))
            .count()
    };
    for length in [0, hour, 24 * hour, 7 * 24 * hour] {
        for beside in [-1, 0, 1] {
            assert!(at(length + beside) > 0, "no question at {length} {beside:+}");
        }
    }
}

#[test]
fn values_of_every_type_come_back_from_the_files_of_a_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = "module odd
entity card (card: string)
source txn {
  columns (id: int64, card: string, b: bool?, f: float64?, d: decimal(38, 10)?, day: date?, long: duration?, at: timestamp)
  unique all
  time at
  arrival time + 1s
  keep nan
  batch parquet \"txn.parquet\"
}
view seen of card from txn {
  owner \"payments\"
  /// Payments of a day.
  feature n = count() over 1d
}
service risk { seen.n }
";
    let most = 10i128.pow(38) - 1;
    let rows = [
        (
            i64::MIN,
            "",
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            0,
        ),
        (
            i64::MAX,
            "a\"b,\n\0é",
            Value::Bool(true),
            Value::float(f64::NAN),
            Value::Decimal(most),
            Value::Date(-719_162),
            Value::Duration(i64::MIN),
            i64::MIN,
        ),
        (
            7,
            "null",
            Value::Bool(false),
            Value::Float64(5e-324),
            Value::Decimal(-most),
            Value::Date(2_932_896),
            Value::Duration(i64::MAX),
            i64::MAX - 2_000_000,
        ),
    ];
    let rows: Vec<Vec<Value>> = rows
        .into_iter()
        .map(|(id, card, b, f, d, day, long, at)| {
            let card = Value::String(card.to_owned());
            vec![Value::Int64(id), card, b, f, d, day, long, Value::Timestamp(at)]
        })
        .collect();
    let spine = "card,timestamp\na,2024-05-01T00:00:00Z\n";
    for (name, text) in [("odd.feat", program), ("spine.csv", spine)] {
        std::fs::write(folder.path().join(name), text).expect("writable");
    }
    let (feat, questions) = (folder.path().join("odd.feat"), folder.path().join("spine.csv"));
    let args = command(&feat, ["--spine".as_ref(), questions.as_os_str()], &[]);
    let reporter = Reporter::of_words(&[]);
    let prepared = prepare(&args.program, &reporter).expect("compiles");
    let source = prepared.program.sources()[0].clone();
    let columns = source.columns.iter().enumerate().map(|(place, column)| {
        let values: Vec<Value> = rows.iter().map(|row| row[place].clone()).collect();
        Column::from_values(column.ty, &values)
    });
    let batch = source_rows(&source, &Batch::from_columns(columns.collect())).expect("columns of one length");
    featr::write_rows(&folder.path().join("txn.parquet"), batch.schema(), vec![batch]).expect("writable");
    let odd = self::ready(&feat, &questions, &folder.path().join("case"));
    let read: Vec<Vec<Value>> = (0..3).map(|row| odd.case.sources[0].rows.row(row)).collect();
    assert_eq!(read, rows);
    let written = reproduce::write(&odd.prepared, &odd.args, &odd.case, (&odd.setting, false));
    let case = written.expect("what was read comes back").folder;
    let again = self::ready(&case, &case.join("spine.parquet"), &folder.path().join("other"));
    let read: Vec<Vec<Value>> = (0..3).map(|row| again.case.sources[0].rows.row(row)).collect();
    assert_eq!(read, rows);
}

/// The log says what is computed again, so that only the model can find a wrong answer.
#[test]
fn the_model_is_asked_about_the_answers_of_a_served_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    shop(folder.path());
    let spine = std::fs::read_to_string(at("spine.csv")).expect("a spine");
    let mut log = String::from("service,program,card,till,id,timestamp,cut_txn\n");
    for line in spine.lines().skip(1) {
        let instant = line.rsplit(',').next().expect("an instant");
        let _ = writeln!(log, "risk,p,{line},{instant}");
    }
    std::fs::write(at("log.csv"), log).expect("writable");
    let questions = at("log.csv");
    let args = command(&at("shop.feat"), ["--served-log".as_ref(), questions.as_os_str()], &[]);
    let (program, reporter) = (served::program(&args), Reporter::of_words(&[]));
    let prepared = prepare(&program, &reporter).expect("compiles");
    let log = prepared.served(&args.spine, true, &reporter).expect("a log");
    let (own, asked, fields) = (
        log.spine.schema.fields().len(),
        Asked::of(&log.spine),
        fields(&prepared),
    );
    let again = batch(&prepared, &program.run, log.spine, true, None, &reporter).expect("answers");
    let again = Answers::of(&again.collect(&reporter).expect("rows"), own).expect("columns");
    let wrong = again
        .clone()
        .with_value(3, FIELD, &Value::Float64(0.125), Type::Float64);
    let sampled: Vec<u32> = (0..asked.len() as u32).collect();
    for (answers, sampled, differ) in [
        (&again, &sampled[..], 0),
        (&wrong, &sampled[..], 1),
        (&wrong, &sampled[..3], 0),
    ] {
        let found = served::ask_model(&prepared, &asked, sampled, (answers, &fields), &reporter);
        let found = found.expect("the model answers");
        let answered = (found.rows, found.left_out, found.differ);
        assert_eq!(answered, (sampled.len(), 0, differ));
    }
}
