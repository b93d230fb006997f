//! What was compared and what that rests on, as a file of the build.

use crate::lifted::Lifted;
use crate::term::Term;
use featc_ir::hash;
use featc_ir::plan::{BatchPlan, Method, StreamGraph};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// `certificate.json`: every feature of every service means in both plans what it means in the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Always `featc.certificate`.
    pub kind: &'static str,
    pub version: u32,
    /// The release that compared.
    pub featc: &'static str,
    /// Hash of the program.
    pub program: String,
    /// What all features share in the kernels, and the time zones that the decoder uses.
    pub kernels: &'static str,
    pub time_zones: &'static str,
    pub services: BTreeMap<String, CertifiedService>,
    pub laws: Vec<Law>,
    /// What is believed and not compared here.
    pub trusted: Vec<&'static str>,
}

/// A service whose plans mean what the program says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertifiedService {
    pub questions: Term,
    pub columns: Term,
    /// What events are; features name them by their position.
    pub events: Vec<Term>,
    pub features: BTreeMap<String, CertifiedFeature>,
    /// What the service computes of them, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<Term>,
    /// The columns without which the stream graph answers nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gated: Vec<String>,
}

/// A feature, its term, and where either plan says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertifiedFeature {
    pub events: usize,
    pub term: Term,
    /// `pipelines/0/finish/features/2`
    pub batch: String,
    /// `answers/0/finish/features/2`
    pub stream: String,
}

/// What makes a method exact, where plans use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Law {
    pub method: Method,
    pub law: &'static str,
    /// The aggregates that are computed so.
    pub aggregates: BTreeSet<&'static str>,
}

/// The law that a method rests on.
fn law(method: Method) -> &'static str {
    match method {
        Method::Prefix => "states form a group: the difference of two prefixes is the fold of what lies between",
        Method::Extreme => "the winner of two ranges is the winner of their winners",
        Method::Edge => "the value is that of one event, chosen by the order of events",
        Method::Values | Method::Ranks | Method::Deltas => "what leaves undoes what entered",
        Method::States | Method::Pages => "states form a commutative monoid: a fold of folds is the fold",
    }
}

const TRUSTED: [&str; 6] = [
    "the analysis that made the program of its text",
    "the kernels: expressions, acceptance, aggregates, statuses",
    "the decoders: what a file's bytes mean as values",
    "the engines: that they run the operators of a plan as these are described",
    "that rows with equal 128-bit digests are equal",
    "this comparison",
];

impl Certificate {
    pub(crate) fn new(hash: &str) -> Certificate {
        Certificate {
            kind: "featc.certificate",
            version: 1,
            featc: env!("CARGO_PKG_VERSION"),
            program: hash.to_owned(),
            kernels: hash::KERNELS_VERSION,
            time_zones: hash::TZDB_VERSION,
            services: BTreeMap::new(),
            laws: Vec::new(),
            trusted: TRUSTED.to_vec(),
        }
    }

    pub(crate) fn add(&mut self, lifted: Lifted, plan: &BatchPlan, graph: &StreamGraph) {
        let batch = plan.pipelines.iter().map(|pipeline| &pipeline.finish);
        let stream = graph.answers.iter().map(|answer| &answer.finish);
        let places = |layer: &str, finishes: Vec<&featc_ir::plan::Finish>| -> BTreeMap<String, String> {
            let mut found = BTreeMap::new();
            for (place, finish) in finishes.into_iter().enumerate() {
                for (at, feature) in finish.features.iter().enumerate() {
                    found.insert(feature.name.clone(), format!("{layer}/{place}/finish/features/{at}"));
                }
            }
            found
        };
        let (batch, stream) = (
            places("pipelines", batch.collect()),
            places("answers", stream.collect()),
        );
        let at = |places: &BTreeMap<String, String>, name: &str| places.get(name).cloned().unwrap_or_default();
        let features = lifted.features.into_iter().map(|(name, (events, term))| {
            let feature = CertifiedFeature {
                events,
                term,
                batch: at(&batch, &name),
                stream: at(&stream, &name),
            };
            (name, feature)
        });
        let certified = CertifiedService {
            questions: lifted.spine,
            columns: lifted.columns,
            events: lifted.events,
            features: features.collect(),
            derived: lifted.derived,
            gated: lifted.gated,
        };
        self.services.insert(plan.service.clone(), certified);
        let folds = plan.pipelines.iter().map(|pipeline| &pipeline.fold);
        for fold in folds.chain(graph.answers.iter().map(|answer| &answer.fold)) {
            fold.slots
                .iter()
                .for_each(|slot| self.relies_on(slot.method, slot.aggregate.name()));
        }
    }

    fn relies_on(&mut self, method: Method, aggregate: &'static str) {
        let known = self.laws.iter_mut().find(|law| law.method == method);
        match known {
            Some(law) => drop(law.aggregates.insert(aggregate)),
            None => self.laws.push(Law {
                method,
                law: law(method),
                aggregates: BTreeSet::from([aggregate]),
            }),
        }
    }

    /// The certificate as it stands in files: indented JSON, a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data always serialises");
        text.push('\n');
        text
    }
}
