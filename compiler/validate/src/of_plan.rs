//! The terms of a plan: what its operators say, with every position replaced by the name that stands there.

use crate::derived;
use crate::lifted::{self, Lifted, keys};
use crate::of_program::{columns_term, spine};
use crate::term::{Term, expression, form};
use featc_ir::plan::{
    Accept, BatchPlan, Compose, Dedup, Derive, Finish, FinishFeature, FinishKind, Fold, FoldSlot, Rows, Scan, Spine,
    StreamGraph, Visibility,
};
use featc_ir::{ColumnId, LiftId, Step};
use std::collections::BTreeMap;

/// One way from a source to features, in either plan.
#[derive(Clone, Copy)]
pub(crate) struct Chain<'a> {
    pub scan: &'a Scan,
    pub accept: &'a Accept,
    pub rows: &'a Rows,
    pub dedup: &'a Dedup,
    pub fold: &'a Fold,
    pub finish: &'a Finish,
    /// What is let through in front of everything, where the plan says so beside the slots.
    pub gate: Option<Visibility>,
}

/// The ways of a batch plan.
pub(crate) fn of_batch(plan: &BatchPlan) -> Vec<Chain<'_>> {
    let chains = plan.pipelines.iter().map(|pipeline| Chain {
        scan: &pipeline.scan,
        accept: &pipeline.accept,
        rows: &pipeline.rows,
        dedup: &pipeline.dedup,
        fold: &pipeline.fold,
        finish: &pipeline.finish,
        gate: None,
    });
    chains.collect()
}

/// The ways of a stream graph.
///
/// # Errors
/// An operator that reads what is not there.
pub(crate) fn of_stream(graph: &StreamGraph) -> Result<Vec<Chain<'_>>, String> {
    let missing = || "an operator reads what is not there".to_owned();
    let mut chains = Vec::new();
    for answer in &graph.answers {
        let log = graph.logs.get(answer.input.index()).ok_or_else(missing)?;
        let node = graph.rows.get(log.input.index()).ok_or_else(missing)?;
        let source = graph.sources.get(node.input.index()).ok_or_else(missing)?;
        chains.push(Chain {
            scan: &source.scan,
            accept: &source.accept,
            rows: &node.rows,
            dedup: &log.dedup,
            fold: &answer.fold,
            finish: &answer.finish,
            gate: Some(log.gate),
        });
    }
    Ok(chains)
}

/// The terms of a service.
///
/// # Errors
/// A reference to what is not there; a feature of a name that another has.
pub(crate) fn lift(
    asked: &Spine,
    chains: &[Chain<'_>],
    (compose, derive): (&Compose, &Derive),
    gates: &[u32],
) -> Result<Lifted, String> {
    let mut features = BTreeMap::new();
    let mut events = Vec::new();
    for (place, chain) in chains.iter().enumerate() {
        events.push(Term::node("asked", vec![chain.events()?, chain.asked_by()]));
        for (at, feature) in chain.finish.features.iter().enumerate() {
            let term = chain.feature(at, feature)?;
            if features.insert(feature.name.clone(), (place, term)).is_some() {
                return Err(format!("feature {} is there twice", feature.name));
            }
        }
    }
    let leaves = |place: u32, output: u32| {
        let finish = &chains.get(place as usize)?.finish.features;
        finish.iter().filter(|feature| feature.output).nth(output as usize)
    };
    let mut columns = Vec::new();
    for (place, output) in &compose.0 {
        let feature = leaves(*place, *output).ok_or("a column comes from nowhere")?;
        columns.push((feature.name.as_str(), feature.ty));
    }
    let gated = |at: &u32| columns.get(*at as usize).map(|(name, _)| (*name).to_owned());
    let gated: Option<Vec<String>> = gates.iter().map(gated).collect();
    columns.extend(derive.0.iter().map(|feature| (feature.name.as_str(), feature.ty)));
    Ok(Lifted {
        gated: gated.ok_or("a gated column is not there")?,
        spine: spine(&asked.keys, &asked.self_columns, &asked.request),
        columns: columns_term(columns.into_iter()),
        events,
        features,
        derived: derived::of_plan(
            asked,
            |place, output| Some(leaves(place, output)?.name.as_str()),
            derive,
        )?,
    })
}

impl Chain<'_> {
    /// The name of a column of the transform's row; `lets` of its own columns are there.
    fn column(&self, id: ColumnId, lets: usize) -> Option<String> {
        let declared = self.scan.columns.len();
        match id.index().checked_sub(declared) {
            None => self.scan.columns.get(id.index()).map(|column| column.name.clone()),
            Some(at) if at < lets => self.rows.steps.lets.get(at).cloned(),
            Some(_) => None,
        }
    }

    fn name(&self, id: ColumnId) -> Result<String, String> {
        let all = self.rows.steps.lets.len();
        self.column(id, all)
            .ok_or_else(|| format!("column {} is not there", id.0))
    }

    fn names(&self, head: &str, ids: &[ColumnId]) -> Result<Term, String> {
        let names: Result<Vec<String>, String> = ids.iter().map(|id| self.name(*id)).collect();
        Ok(Term::names(head, names?))
    }

    /// A lift, by what it computes.
    pub fn lift(&self, id: LiftId) -> Result<Term, String> {
        let lift = self.rows.lift.0.get(id.index());
        let lift = lift.ok_or_else(|| format!("lift {} is not there", id.0))?;
        expression(lift, &|id| self.name(id).ok())
    }

    pub fn events(&self) -> Result<Term, String> {
        let required = |at: usize| self.accept.required.contains(&ColumnId::from(at));
        let columns = self.scan.columns.iter().enumerate().map(|(at, column)| {
            let null = if required(at) { "" } else { "?" };
            format!("{}:{}{null}{}", column.name, column.ty, form(&column.form))
        });
        let moved = match self.rows.place.at {
            None => Term::leaf("own"),
            Some(at) => {
                let time = Term::leaf(self.name(at.source_time)?);
                Term::node("not_before", vec![time, Term::us("within", at.within_us)])
            }
        };
        let time = expression(&self.rows.place.time, &|id| self.name(id).ok())?;
        Ok(Term::node(
            "events",
            vec![
                Term::names("source", [&self.scan.source]),
                Term::names("columns", columns),
                Term::names("zone", [format!("{:?}", self.scan.zone)]),
                Term::names("keep_nan", [self.scan.keep_nan]),
                lifted::files("batch", self.scan.batch.as_ref()),
                lifted::files("stream", self.scan.stream.as_ref()),
                Term::names("accept", [self.name(self.accept.time)?]),
                lifted::arrival(self.accept.arrival, &|id| self.name(id))?,
                lifted::lateness(self.accept.lateness, self.accept.skew_us),
                self.names("copies", &self.dedup.identity)?,
                Term::names("transform", [&self.rows.steps.transform]),
                self.steps()?,
                Term::node("time", vec![time, moved]),
                self.names("key", &self.rows.key.columns)?,
                keys("entity", &self.rows.key.entity),
            ],
        ))
    }

    /// The columns of a question that bring the key.
    pub fn asked_by(&self) -> Term {
        keys("by", self.fold.asked_by.as_ref().unwrap_or(&self.rows.key.entity))
    }

    fn steps(&self) -> Result<Term, String> {
        let mut lets = 0;
        let mut items = Vec::new();
        for step in &self.rows.steps.steps {
            let name = |id: ColumnId| self.column(id, lets);
            items.push(match step {
                Step::Where(predicate) => Term::node("where", vec![expression(predicate, &name)?]),
                Step::Let(value) => {
                    let added = self.rows.steps.lets.get(lets).ok_or("a let without a name")?;
                    let term = Term::node("let", vec![Term::leaf(added), expression(value, &name)?]);
                    lets += 1;
                    term
                }
            });
        }
        Ok(Term::node("steps", items))
    }

    fn feature(&self, at: usize, feature: &FinishFeature) -> Result<Term, String> {
        let missing = |what: &str| format!("feature {}: {what} is not there", feature.name);
        let position = |id: ColumnId| Some(format!("${}", id.0));
        let mut items = vec![Term::names("view", [&feature.view]), Term::names("type", [feature.ty])];
        match &feature.kind {
            FinishKind::Aggregate {
                slots,
                expr,
                presence,
                window,
                ttl_us,
            } => {
                for slot in slots {
                    let slot = self.fold.slots.get(*slot as usize).ok_or_else(|| missing("a slot"))?;
                    items.push(self.slot(slot)?);
                }
                let presence = self.fold.presence.get(*presence as usize);
                let presence = presence.ok_or_else(|| missing("its presence"))?;
                let after = Term::us("after", presence.reach_us);
                items.push(Term::node("missing", vec![after, self.visible(presence.visibility)]));
                let window = lifted::window(window, &self.own());
                items.push(Term::node("truncated", vec![self.begins(), window]));
                items.push(Term::us("ttl", *ttl_us));
                items.push(Term::node("value", vec![expression(expr, &position)?]));
            }
            FinishKind::Derived { inputs, expr } => {
                let before = &self.finish.features[..at];
                let input = |input: &u32| before.get(*input as usize).ok_or_else(|| missing("an input before it"));
                let names: Result<Vec<&str>, String> = inputs
                    .iter()
                    .map(|place| input(place).map(|input| input.name.as_str()))
                    .collect();
                items.push(Term::names("inputs", names?));
                items.push(Term::node("value", vec![expression(expr, &position)?]));
            }
        }
        items.push(lifted::default(feature.default.as_ref(), feature.ty));
        Ok(Term::node("feature", items))
    }

    fn slot(&self, slot: &FoldSlot) -> Result<Term, String> {
        let lift = |lift: Option<LiftId>| lift.map_or(Ok(Term::leaf("none")), |lift| self.lift(lift));
        let window = self.fold.windows.get(slot.window.index());
        let window = window.ok_or_else(|| "a slot's window is not there".to_owned())?;
        let mut arguments = vec![lift(slot.argument)?];
        if slot.second.is_some() {
            arguments.push(lift(slot.second)?);
        }
        Ok(Term::node(
            "slot",
            vec![
                Term::leaf(format!("{:?}:{}", slot.aggregate, slot.ty)),
                Term::names("version", [slot.version]),
                Term::node("argument", arguments),
                Term::node("filter", vec![lift(slot.filter)?]),
                Term::node("since", vec![lift(slot.since)?]),
                lifted::window(window, &self.own()),
                self.visible(slot.visibility),
            ],
        ))
    }

    fn own(&self) -> Vec<String> {
        self.fold.self_columns.iter().map(|key| key.name.clone()).collect()
    }

    /// What the slot says; where a gate says something else, both.
    fn visible(&self, of_slot: Visibility) -> Term {
        let text = |seen: Visibility| match seen {
            Visibility::Always => Term::names("visible", ["always"]),
            Visibility::AsOf { delay_us } => Term::us("visible", Some(delay_us)),
        };
        match self.gate {
            Some(gate) if gate != of_slot => Term::node("behind_gate", vec![text(gate), text(of_slot)]),
            Some(_) | None => text(of_slot),
        }
    }

    fn begins(&self) -> Term {
        match self.finish.begins_us {
            None if self.finish.moved_us == 0 => Term::names("begins", ["never"]),
            None => Term::names("begins", ["never".to_owned(), self.finish.moved_us.to_string()]),
            Some(begins) => Term::names("begins", [begins.to_string(), self.finish.moved_us.to_string()]),
        }
    }
}
