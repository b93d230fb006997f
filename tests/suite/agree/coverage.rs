//! What the drawn cases contain, and what of it matters.
//!
//! A construct counts in a case only if the slow model gives another answer once it is changed there: one that is
//! merely written down tests nothing.

use super::clauses::{Read, aggregate_name, clauses};
use super::nodes::{SCALARS, change, construct, for_each_node, types_of};
use crate::evaluators::{Answers, Case, model};
use featc_ir::{Aggregate, Function, Type};
use featc_tests::programs::SHORT;
use featc_tests::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Cases with more rows are too slow to answer again for every change.
const ROWS_MAX: usize = 200;
/// So many places of a construct are tried in a case.
const TRIES: usize = 2;

/// Of one construct.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    /// Cases that contain it.
    pub drawn: u64,
    /// Changes that were tried, until there were enough cases.
    pub tried: u64,
    /// Cases in which a change changed an answer.
    pub live: u64,
}

/// Counts by construct.
#[derive(Debug, Default)]
pub struct Coverage {
    counts: BTreeMap<String, Count>,
    /// So many live cases are enough.
    target: u64,
}

enum Place {
    Node(usize),
    Clause(Box<dyn Fn(&mut Case)>),
}

/// The places of a case that can be changed, by construct.
fn places(case: &Case, read: Read) -> BTreeMap<String, Vec<Place>> {
    let mut places: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    let mut number = 0;
    for_each_node(&mut case.program.clone(), &mut |expr| {
        if let Some(name) = construct(expr) {
            places.entry(name).or_default().push(Place::Node(number));
        }
        number += 1;
    });
    for clause in clauses(case, read) {
        places
            .entry(clause.construct)
            .or_default()
            .push(Place::Clause(clause.change));
    }
    places
}

fn changed(case: &Case, place: &Place) -> Case {
    let mut case = case.clone();
    match place {
        Place::Clause(change) => change(&mut case),
        Place::Node(wanted) => {
            let mut number = 0;
            for_each_node(&mut case.program, &mut |expr| {
                if number == *wanted {
                    change(expr);
                }
                number += 1;
            });
        }
    }
    case
}

impl Coverage {
    pub fn new(target: u64) -> Coverage {
        Coverage {
            counts: expected().into_iter().map(|name| (name, Count::default())).collect(),
            target,
        }
    }

    /// Counts what a case contains, and changes what was not often enough of use.
    pub fn visit(&mut self, (case, read): (&Case, Read), expected: &Answers, rng: &Rng) {
        let is_small = case.rows.iter().map(Vec::len).sum::<usize>() <= ROWS_MAX;
        for (name, mut of_name) in places(case, read) {
            let count = self.counts.entry(name).or_default();
            count.drawn += 1;
            if !is_small || count.live >= self.target {
                continue;
            }
            // A copy, so that what is tried does not depend on what other cases have shown.
            rng.clone().shuffle(&mut of_name);
            for place in of_name.iter().take(TRIES) {
                count.tried += 1;
                if model(&changed(case, place)) != *expected {
                    count.live += 1;
                    break;
                }
            }
        }
    }

    pub fn merge(&mut self, other: Coverage) {
        for (name, count) in other.counts {
            let known = self.counts.entry(name).or_default();
            known.drawn += count.drawn;
            known.tried += count.tried;
            known.live += count.live;
        }
    }

    /// The constructs that were of use in fewer cases than this.
    pub fn below(&self, least: u64) -> Vec<String> {
        // A short run, which wants one case of each, asks only for what it draws often, and for edges: a full one asks for
        // everything.
        let often = if least > 1 { 0 } else { 40 };
        let few = self
            .counts
            .iter()
            .filter(|(name, count)| count.live < least && (count.drawn >= often || EDGES.contains(&name.as_str())));
        few.map(|(name, count)| format!("{name}: {} of {}", count.live, count.drawn))
            .collect()
    }

    /// A line for each construct.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<36} {:>8} {:>8} {:>8}\n",
            "construct", "drawn in", "changed", "counts"
        );
        for (name, count) in &self.counts {
            let _ = writeln!(
                text,
                "{name:<36} {:>8} {:>8} {:>8}",
                count.drawn, count.tried, count.live
            );
        }
        text
    }
}

/// Where a fault of a microsecond shows.
const EDGES: [&str; 6] = [
    "first instant that is kept",
    "first instant that matters",
    "last instant that matters",
    "last instant of an offset",
    "after an offset",
    "where before over events",
];

/// Every construct of the language that a program can contain.
fn expected() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut list = |names: &[&str]| all.extend(names.iter().map(|name| (*name).to_owned()));
    list(&[
        "not",
        "and",
        "or",
        "if",
        "case of several",
        "case without else",
        "coalesce",
        "lookup of a static table",
        "lookup of a version",
        "within of a lookup",
        "valid to",
        "arrival of a version",
        "view of a table",
    ]);
    list(&["+ int64", "- int64", "* int64", "div int64", "mod int64", "/ int64"]);
    list(&[
        "+ float64",
        "- float64",
        "* float64",
        "/ float64",
        "int64 / float64",
        "float64 / int64",
    ]);
    list(&[
        "+ decimal",
        "- decimal",
        "* decimal",
        "/ decimal",
        "int64 / decimal",
        "decimal / int64",
    ]);
    list(&["+ duration", "- duration", "/ duration", "duration * int64"]);
    list(&["timestamp + duration", "timestamp - duration", "- timestamp", "- date"]);
    list(&[
        "truth as of arrival",
        "delay of the whole run",
        "delays of several sources",
    ]);
    list(&[
        "truth as served",
        "null cut",
        "cut later than the instant",
        "cut earlier than the instant",
        "cut at an arrival",
        "cut of each question",
        "cuts of several sources",
        "ttl as served",
        "cut of a table",
    ]);
    list(&[
        "unique column",
        "unique columns",
        "unique all",
        "arrival column",
        "arrival time +",
        "delay",
        "lateness",
    ]);
    list(&[
        "skew",
        "zone",
        "begins",
        "keep nan",
        "static",
        "shared identity names",
        "key named like an identity",
        "identity named like another",
        "where of a transform",
        "at",
        "at within",
        "at in its bounds",
        "at before the source's time",
        "begins under at",
        "error in `at` poisons",
        "key error rejected",
        "first minute that matters",
        "last minute that matters",
        "first instant that matters",
        "last instant that matters",
        "first instant that is kept",
        "composite key",
        "key from a let",
    ]);
    list(&[
        "entity with several views",
        "over 1us",
        "over a length",
        "over years",
        "over lifetime",
        "over a length offset",
        "over lifetime offset",
        "last instant of an offset",
        "after an offset",
        "over events",
        "where before over events",
        "over events max",
        "over since",
        "over since max",
        "over a grid",
        "points of a grid",
        "after a point",
        "zone of a grid",
        "this hour",
        "this day",
        "this week",
        "this month",
        "this quarter",
        "this year",
        "zone of a window",
        "last periods",
        "end of the last periods",
    ]);
    list(&[
        "excluding now",
        "excluding self",
        "ignoring nulls",
        "cap",
        "portion",
        "items",
        "ttl",
    ]);
    list(&["round float64 to digits"]);
    list(&["is null list", "is not null list", "column of lists"]);
    list(&["derived feature", "derived from derived", "derived at depth 3"]);
    list(&[
        "instant of the question",
        "field of a request",
        "feature read by a service",
        "feature of a service read by another",
        "default in a service",
        "role",
    ]);
    for scalar in SCALARS {
        for op in ["=", "!=", "<", "<=", ">", ">=", "is null", "is not null"] {
            all.push(format!("{op} {scalar}"));
        }
        all.push(format!("default of {scalar}"));
        if !matches!(scalar, "float64" | "duration") {
            all.push(format!("key {scalar}"));
        }
    }
    all.extend(["int64", "float64", "decimal", "duration"].map(|scalar| format!("negate {scalar}")));
    all.extend(functions());
    all.extend(casts());
    all.extend(aggregates());
    all
}

fn functions() -> Vec<String> {
    let forms = |function: &Function| {
        let name = function.name();
        match types_of(*function) {
            types if types.is_empty() => vec![name.to_owned()],
            types => types.iter().map(|of| format!("{name} {of}")).collect(),
        }
    };
    Function::ALL.iter().flat_map(forms).collect()
}

fn casts() -> Vec<String> {
    let pairs: [(&str, &[&str]); 8] = [
        ("int64", &["float64", "decimal", "string", "timestamp", "duration"]),
        ("float64", &["int64", "decimal", "string"]),
        ("decimal", &["float64", "int64", "decimal", "string"]),
        ("bool", &["int64", "string"]),
        ("string", &["bool", "int64", "float64", "decimal", "timestamp", "date"]),
        ("timestamp", &["int64", "date", "string"]),
        ("date", &["timestamp", "string"]),
        ("duration", &["int64"]),
    ];
    let pairs = pairs.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    pairs.map(|(from, to)| format!("cast {from} to {to}")).collect()
}

/// Every aggregate in each of its forms, by the types of the arguments that it takes.
fn aggregates() -> Vec<String> {
    let any = [
        Type::Bool,
        Type::Int64,
        Type::Float64,
        SHORT,
        Type::String,
        Type::Timestamp,
        Type::Date,
        Type::Duration,
    ];
    let forms = Aggregate::ALL.iter().flat_map(|one| [Some(*one), one.ignoring_nulls()]);
    let mut names = BTreeSet::new();
    for one in forms.flatten() {
        for count in one.row().arity.clone() {
            let mut lists: Vec<Vec<Type>> = vec![Vec::new()];
            for _ in 0..count {
                let longer = |list: &Vec<Type>| any.map(|ty| list.iter().copied().chain([ty]).collect());
                lists = lists.iter().flat_map(longer).collect();
            }
            // `count` takes no condition.
            lists.retain(|types| one.result(types).is_some() && (one, &types[..]) != (Aggregate::Count, &[Type::Bool]));
            names.extend(lists.iter().map(|types| aggregate_name(one, types)));
            names.insert(format!("where in {}", one.name()));
        }
    }
    names.into_iter().collect()
}
