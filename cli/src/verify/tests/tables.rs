//! A table that one view reads and another one looks into.

use super::super::case::{Case, Events};
use super::super::checks::{Kind, related};
use super::super::engines::Evaluators;
use super::super::relations::Relation;
use super::super::reproduce;
use super::{Ready, planted, ready};
use featr::{Batch, Side};
use std::collections::BTreeSet;
use std::path::Path;

const PROGRAM: &str = "module shop

entity shop (shop: string)
entity card (card: string)

table shops {
  columns (shop: string, rent: float64, since: timestamp, known: timestamp)
  key shop
  valid from since
  arrival known
  batch csv \"shops.csv\"
}

source payments {
  columns (id: int64, card: string, shop: string, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 1d
  batch csv \"payments.csv\"
}

transform rented from payments {
  let rent = lookup shops(shop).rent
}

view spend of card from rented {
  owner \"payments\"
  /// Rent of the last shop.
  feature rent = last(rent) over 7d
}

view facts of shop from shops {
  owner \"payments\"
  /// Rent now.
  feature rent = last(rent) over 1 events max 7d
}

service risk {
  spend.*
  facts.*
}
";

/// Each of two cards paid in the shop that the question about the other one is about; what is known of shops holds since a day.
fn shops(folder: &Path, since: u32, asked: u32) -> Ready {
    let day = |day: u32| format!("2024-01-{day:02}T00:00:00Z");
    let (since, at, asked) = (day(since), day(2), day(asked));
    let files = [
        ("shop.feat", PROGRAM.to_owned()),
        (
            "shops.csv",
            format!("shop,rent,since,known\ns2,200.0,{since},{since}\ns1,100.0,{since},{since}\n"),
        ),
        (
            "payments.csv",
            format!("id,card,shop,at,seen\n1,a,s2,{at},{at}\n2,b,s1,{at},{at}\n"),
        ),
        (
            "spine.csv",
            format!("card,shop,timestamp\na,s1,{asked}\nb,s2,{asked}\n"),
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("writable");
    }
    ready(
        &folder.join("shop.feat"),
        &folder.join("spine.csv"),
        &folder.join("out/case"),
    )
}

fn rows<'a>(case: &'a Case, source: &str) -> &'a Batch {
    let is_it = |events: &&Events| events.source.name == source;
    &case.sources.iter().find(is_it).expect("a source").rows
}

#[test]
fn what_is_looked_into_stays_whatever_is_changed() {
    // What holds in time is found, and is not to go; what holds too late is not found, and nothing is to come before it.
    for (since, asked) in [(1, 3), (5, 6)] {
        let folder = tempfile::tempdir().expect("a folder");
        let ready = shops(folder.path(), since, asked);
        for relation in Relation::ALL {
            let outcome = relation.check(&ready.ground(), &ready.evaluators(), &ready.case, &ready.setting, None);
            let check = related(relation, outcome.expect("runs"), &ready.fields);
            assert_eq!(check.differ(), 0, "{relation:?}: {:?}", check.first());
        }
        for relation in [Relation::EntitiesRemoved, Relation::EntitiesAdded, Relation::Outside] {
            let changed = relation.apply(&ready.ground(), &ready.case, &ready.setting);
            let changed = changed.unwrap_or_else(|why| panic!("{relation:?}: {why}"));
            let columns = |case: &Case, source: &str| rows(case, source).columns.clone();
            assert_eq!(columns(&changed.case, "shops"), columns(&ready.case, "shops"));
            assert_ne!(columns(&changed.case, "payments"), columns(&ready.case, "payments"));
        }
    }
}

#[test]
fn a_case_has_its_rows_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = shops(folder.path(), 1, 3);
    let own = ready.evaluators();
    let ids = |case: &Case| rows(case, "payments").columns[0].i64s().to_vec();
    let faulty = Evaluators {
        stream: planted(own.stream, |case, _| ids(case).contains(&1).then_some(0)),
        ..own
    };
    let shrunk = ready.shrunk(Kind::Stream, 0, &faulty).expect("a difference");
    assert!(shrunk.is_fewest);
    assert_eq!((ids(&shrunk.case), shrunk.case.asked.len()), (vec![1], 1));
    let written = reproduce::write(&ready.prepared, &ready.args, &shrunk.case, (&ready.setting, false));
    let written = written.expect("a case");
    let entries = std::fs::read_dir(&written.folder).expect("a folder").flatten();
    let names: BTreeSet<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let files = ["payments.parquet", "shop.feat", "shops.parquet", "spine.parquet"];
    assert_eq!(names, files.map(str::to_owned).into());
    let again = self::ready(
        &written.folder,
        &written.folder.join("spine.parquet"),
        &folder.path().join("other"),
    );
    assert_eq!(rows(&again.case, "shops").columns, rows(&ready.case, "shops").columns);
    let stored = again.prepared.program.record("risk", Side::Stream, None).expect("rows");
    assert_eq!(stored.iter().map(|recorded| recorded.rows.rows).sum::<usize>(), 3);
}
