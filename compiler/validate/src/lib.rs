//! Whether the plans of a build mean what its program means: checked for every build, by other rules than those that made
//! them.
//!
//! ```text
//! Program ─ of_program ─▶ terms ┐
//! BatchPlan ─ of_plan ──▶ terms ┼─ compared feature by feature, each plan with the program ─▶ Certificate or Refusal
//! StreamGraph ─ of_plan ▶ terms ┘   and conditions: nothing left out, nothing extra, every method lawful
//! ```
//!
//! A *term* says what a feature is with names in place of positions. Nothing else is renamed or moved: two programs that
//! mean the same and are written differently have different terms.
//!
//! Architecture invariant: this crate imports `featc-ir` alone, and calls nothing of it that derives (retention, reach, bounds,
//! grouping): it has its own rules, from docs/semantics.md.

mod asked;
mod certificate;
mod conditions;
mod derived;
mod lifted;
mod of_plan;
mod of_program;
mod term;

pub use certificate::{Certificate, CertifiedFeature, CertifiedService, Law};
pub use term::{Difference, Term, differences};

use conditions::Engine;
use featc_ir::plan::{BatchPlan, StreamGraph};
use featc_ir::{Program, Service, Window};
use lifted::Lifted;
use of_plan::Chain;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Why a plan is not the program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `batch plan` or `stream graph`.
    pub plan: &'static str,
    pub service: String,
    /// What is wrong, in words.
    pub what: String,
    /// Where the terms differ; empty where something else is wrong.
    pub differences: Vec<Difference>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of service `{}`: {}", self.plan, self.service, self.what)?;
        for difference in &self.differences {
            write!(
                f,
                "\n  at {}\n    plan     {}\n    program  {}",
                difference.path, difference.plan, difference.program
            )?;
        }
        Ok(())
    }
}

/// What a program means, service by service: what plans are compared with.
#[derive(Debug)]
pub struct Meaning<'a> {
    program: &'a Program,
    hash: String,
    services: Vec<Lifted>,
    /// What events carry on for some service, by what they are.
    carried: BTreeMap<Term, BTreeSet<Term>>,
}

impl<'a> Meaning<'a> {
    /// The terms of a program.
    ///
    /// # Errors
    /// A program that refers to what is not there, which no analysis makes.
    pub fn of(program: &'a Program) -> Result<Meaning<'a>, Box<Refusal>> {
        let lift = |service: &Service| {
            of_program::lift(program, service).map_err(|what| refusal("program", &service.name, (what, Vec::new())))
        };
        Ok(Meaning {
            program,
            hash: featc_ir::hash::program_hash(program),
            services: program.services.iter().map(lift).collect::<Result<_, _>>()?,
            carried: of_program::carried(program).map_err(|what| refusal("program", "", (what, Vec::new())))?,
        })
    }

    fn service(&self, plan: &'static str, name: &str) -> Result<&Lifted, Box<Refusal>> {
        let place = self.program.services.iter().position(|service| service.name == name);
        let unknown = || refusal(plan, name, ("the program has no such service".to_owned(), Vec::new()));
        place.map(|place| &self.services[place]).ok_or_else(unknown)
    }

    /// Compares a batch plan with the program.
    ///
    /// # Errors
    /// Where it means something else.
    pub fn batch(&self, plan: &BatchPlan) -> Result<(), Box<Refusal>> {
        let wanted = self.service("batch plan", &plan.service)?;
        of_batch(plan, wanted, &self.hash).map_err(|wrong| refusal("batch plan", &plan.service, wrong))
    }

    /// Compares a stream graph with the program.
    ///
    /// # Errors
    /// Where it means something else.
    pub fn stream(&self, graph: &StreamGraph) -> Result<(), Box<Refusal>> {
        let wanted = self.service("stream graph", &graph.service)?;
        let compared = of_stream(graph, wanted, &self.hash, &self.carried);
        compared.map_err(|wrong| refusal("stream graph", &graph.service, wrong))
    }
}

/// Compares every plan with the program.
///
/// # Errors
/// The first plan that means something else, with all places where one feature of it does.
pub fn validate(program: &Program, batch: &[BatchPlan], stream: &[StreamGraph]) -> Result<Certificate, Box<Refusal>> {
    let meaning = Meaning::of(program)?;
    let mut certificate = Certificate::new(&meaning.hash);
    let services = program.services.iter().map(|service| &service.name);
    let complete = batch.iter().map(|plan| &plan.service).eq(services.clone())
        && stream.iter().map(|graph| &graph.service).eq(services);
    if !complete {
        let what = "the plans are not those of the program's services".to_owned();
        return Err(refusal("build", "", (what, Vec::new())));
    }
    for (lifted, (plan, graph)) in meaning.services.iter().zip(batch.iter().zip(stream)) {
        meaning.batch(plan)?;
        meaning.stream(graph)?;
        certificate.add(lifted.clone(), plan, graph);
    }
    Ok(certificate)
}

fn refusal(plan: &'static str, service: &str, (what, differences): Wrong) -> Box<Refusal> {
    Box::new(Refusal {
        plan,
        service: service.to_owned(),
        what,
        differences,
    })
}

/// In words, and where terms differ.
type Wrong = (String, Vec<Difference>);

fn word(what: String) -> Wrong {
    (what, Vec::new())
}

fn of_batch(plan: &BatchPlan, wanted: &Lifted, hash: &str) -> Result<(), Wrong> {
    same_program(&plan.program, hash)?;
    let chains = of_plan::of_batch(plan);
    let found = of_plan::lift(&plan.spine, &chains, (&plan.compose, &plan.derive), &[]).map_err(word)?;
    compare(&found, wanted)?;
    for (chain, pipeline) in chains.iter().zip(&plan.pipelines) {
        let about = |what: String| word(format!("events of `{}`: {what}", pipeline.scan.source));
        conditions::of_chain(chain, &pipeline.order, Engine::Batch).map_err(about)?;
        conditions::of_scan(&[*chain]).map_err(about)?;
        conditions::of_restrict(chain, &pipeline.restrict).map_err(about)?;
        let mut lifts = BTreeSet::new();
        for slot in &chain.fold.slots {
            lifts.extend(slot.argument.iter().chain(&slot.second).copied());
            lifts.extend(slot.filter.iter().chain(&slot.since).copied());
        }
        if lifts.len() != chain.rows.lift.0.len() {
            return Err(about("a lift that nobody reads".to_owned()));
        }
    }
    Ok(())
}

const TWICE: &str = "an operator that nobody reads, or two that do the same";

fn of_stream(
    graph: &StreamGraph,
    wanted: &Lifted,
    hash: &str,
    carried: &BTreeMap<Term, BTreeSet<Term>>,
) -> Result<(), Wrong> {
    same_program(&graph.program, hash)?;
    let chains = of_plan::of_stream(graph).map_err(word)?;
    let found = of_plan::lift(&graph.spine, &chains, (&graph.compose, &graph.derive), &graph.gated).map_err(word)?;
    compare(&found, wanted)?;
    gates(&found.gated, &wanted.gated)?;
    let nothing = BTreeSet::new();
    let (mut logs, mut asked) = (BTreeMap::new(), BTreeSet::new());
    for (chain, answer) in chains.iter().zip(&graph.answers) {
        let about = |what: String| word(format!("events of `{}`: {what}", chain.scan.source));
        let log = &graph.logs[answer.input.index()];
        conditions::of_chain(chain, &log.order, Engine::Stream).map_err(about)?;
        conditions::of_pages(&answer.fold, &answer.pages).map_err(about)?;
        let events = chain.events().map_err(word)?;
        let beside = chains.iter().zip(&graph.answers);
        let beside = beside.filter(|(_, other)| other.input == answer.input);
        let windows: Vec<Window> = beside.flat_map(|(chain, _)| chain.fold.windows.clone()).collect();
        let carried = carried.get(&events).unwrap_or(&nothing);
        conditions::of_log(chain, log, (&windows, carried)).map_err(about)?;
        // A log of each kind of events, and an answer for each way to ask for them.
        let known = logs.entry(events).or_insert(answer.input);
        if *known != answer.input || !asked.insert((answer.input, chain.asked_by())) {
            return Err(word(TWICE.to_owned()));
        }
    }
    for (place, source) in graph.sources.iter().enumerate() {
        let reads = |answer: &featc_ir::plan::StreamAnswer| {
            let rows = graph.logs[answer.input.index()].input;
            graph.rows[rows.index()].input.index() == place
        };
        let readers = chains.iter().zip(&graph.answers).filter(|(_, answer)| reads(answer));
        let readers: Vec<Chain<'_>> = readers.map(|(chain, _)| *chain).collect();
        conditions::of_scan(&readers).map_err(|what| word(format!("events of `{}`: {what}", source.scan.source)))?;
    }
    if logs.len() != graph.logs.len() || graph.logs.len() != graph.rows.len() {
        return Err(word(TWICE.to_owned()));
    }
    Ok(())
}

/// Whether a stream graph has the program's gates, in the order of the columns.
fn gates(found: &[String], wanted: &[String]) -> Result<(), Wrong> {
    let lacks = |some: &[String], name: &String| !some.contains(name);
    if let Some(lost) = wanted.iter().find(|name| lacks(found, name)) {
        return Err(word(format!("`{lost}` has lost its gate")));
    }
    if let Some(more) = found.iter().find(|name| lacks(wanted, name)) {
        return Err(word(format!("`{more}` has a gate that the program does not have")));
    }
    match found == wanted {
        true => Ok(()),
        false => Err(word("its gates are in another order, or twice".to_owned())),
    }
}

fn same_program(found: &str, hash: &str) -> Result<(), Wrong> {
    match found == hash {
        true => Ok(()),
        false => Err(word(format!("it is of program {found}, not {hash}"))),
    }
}

/// Whether a plan has the program's terms.
fn compare(found: &Lifted, wanted: &Lifted) -> Result<(), Wrong> {
    let differ = |what: String, found: &Term, wanted: &Term| match found == wanted {
        true => Ok(()),
        false => Err((what, differences(found, wanted))),
    };
    differ("questions bring something else".to_owned(), &found.spine, &wanted.spine)?;
    differ("other columns come out".to_owned(), &found.columns, &wanted.columns)?;
    for name in wanted.features.keys() {
        if !found.features.contains_key(name) {
            return Err(word(format!("feature `{name}` is not computed")));
        }
    }
    let mut known = BTreeSet::new();
    for (name, (events, feature)) in &found.features {
        let Some((of_program, term)) = wanted.features.get(name) else {
            return Err(word(format!("feature `{name}` is not asked for")));
        };
        let what = || format!("feature `{name}` means something else");
        if known.insert((*events, *of_program)) {
            differ(what(), &found.events[*events], &wanted.events[*of_program])?;
        }
        differ(what(), feature, term)?;
    }
    let derived = |terms: &[Term]| Term::node("features", terms.to_vec());
    let what = "the features of the service's own mean something else".to_owned();
    differ(what, &derived(&found.derived), &derived(&wanted.derived))
}
