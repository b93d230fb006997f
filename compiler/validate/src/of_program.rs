//! The terms of a program, from the page (docs/semantics.md) and nothing that the lowering calls.

use crate::asked::{Names, own_columns, self_columns, service_keys, with_inputs};
use crate::derived;
use crate::lifted::{self, Lifted, keys};
use crate::term::{Term, expression, form};
use featc_ir::{
    Arrival, AskedFeature, ColumnId, Expr, FeatureId, FeatureKind, Key, Program, Service, Source, Step, Transform, View,
};
use std::collections::{BTreeMap, BTreeSet};

/// The terms of a service.
///
/// # Errors
/// A program that refers to what is not there, which no analysis makes.
pub fn lift(program: &Program, service: &Service) -> Result<Lifted, String> {
    let mut views: Vec<AskedFeature> = Vec::new();
    let mut wanted: Vec<AskedFeature> = Vec::new();
    for read in derived::read(service) {
        if !views
            .iter()
            .any(|known| (known.view, known.role) == (read.view, read.role))
        {
            views.push(read);
        }
        wanted.push(read);
    }
    let asked = with_inputs(program, &wanted);
    let brought = self_columns(program, service, &asked);
    let events_of = |view: &AskedFeature| -> Result<Term, String> {
        let by = keys("by", derived::brings(program, service, *view));
        Ok(Term::node(
            "asked",
            vec![events(program, &program.views[view.view.index()])?, by],
        ))
    };
    let events: Result<Vec<Term>, String> = views.iter().map(events_of).collect();
    let names = Names::new(program, service);
    let mut features = BTreeMap::new();
    for read in &asked {
        let place = views
            .iter()
            .position(|known| (known.view, known.role) == (read.view, read.role))
            .ok_or("a view is not there")?;
        let own = own_columns(program.view_source(&program.views[read.view.index()]), &brought);
        features.insert(names.of(*read), (place, feature_term(&names, *read, &own)?));
    }
    let columns = service.fields.iter().map(|field| {
        let view = &program.views[field.view.index()];
        (field.name.as_str(), view.feature(field.feature).ty)
    });
    let own = service
        .features
        .iter()
        .map(|feature| (feature.name.as_str(), feature.ty));
    Ok(Lifted {
        spine: spine(&service_keys(program, service), &brought, &derived::fields(service)),
        columns: columns_term(columns.chain(own)),
        events: events?,
        features,
        derived: derived::of_program(program, service, |read| names.of(read))?,
        gated: gated(service),
    })
}

/// The columns that say `fallback gate`.
fn gated(service: &Service) -> Vec<String> {
    let fields = service.fields.iter().filter(|field| field.gate);
    fields.map(|field| field.name.clone()).collect()
}

pub(crate) fn spine(by: &[Key], own: &[Key], request: &[Key]) -> Term {
    let mut items = vec![keys("by", by), keys("own", own)];
    if !request.is_empty() {
        items.push(keys("request", request));
    }
    Term::node("questions", items)
}

pub(crate) fn columns_term<'a>(columns: impl Iterator<Item = (&'a str, featc_ir::Type)>) -> Term {
    Term::names("columns", columns.map(|(name, ty)| format!("{name}:{ty}")))
}

/// What the events of a view are: from the rows of its source to its keys.
fn events(program: &Program, view: &View) -> Result<Term, String> {
    let transform = &program.transforms[view.transform.index()];
    let source = &program.sources[transform.source.index()];
    let entity = &program.entities[view.entity.index()];
    let name = |id: ColumnId| column(transform, id);
    let key = view.key.iter().map(|id| name(*id).ok_or("a key is not there"));
    let key: Vec<String> = key.collect::<Result<_, _>>()?;
    let mut items = source_terms(source)?;
    items.push(Term::names("transform", [&transform.name]));
    items.push(steps(transform)?);
    items.push(Term::node(
        "time",
        vec![expression(&transform.time, &name)?, moved(source, transform)],
    ));
    items.push(Term::names("key", key));
    items.push(keys("entity", &entity.keys));
    Ok(Term::node("events", items))
}

fn column(transform: &Transform, id: ColumnId) -> Option<String> {
    transform.columns.get(id.index()).map(|column| column.name.clone())
}

/// How far after the source's own time an event may lie.
fn moved(source: &Source, transform: &Transform) -> Term {
    match transform.at {
        None => Term::leaf("own"),
        Some(at) => {
            let time = source
                .columns
                .get(at.source_time.index())
                .map_or("?", |column| &column.name);
            Term::node("not_before", vec![Term::leaf(time), Term::us("within", at.within_us)])
        }
    }
}

fn source_terms(source: &Source) -> Result<Vec<Term>, String> {
    // Every field is named, so that a new one asks what it means here. Delay, beginning: see `visible` and `begins`.
    let Source {
        name: own_name,
        doc: _,
        columns: all,
        unique,
        time,
        arrival,
        delay_us: _,
        lateness,
        skew_us,
        begins_us: _,
        zone,
        keep_nan,
        batch,
        stream,
    } = source;
    let name = |id: ColumnId| -> Result<String, String> {
        let column = all.get(id.index());
        column
            .map(|column| column.name.clone())
            .ok_or_else(|| "a column is not there".to_owned())
    };
    let columns = all.iter().map(|column| {
        let null = if column.nullable { "?" } else { "" };
        format!("{}:{}{null}{}", column.name, column.ty, form(&column.form))
    });
    let unique: Vec<String> = unique.iter().map(|id| name(*id)).collect::<Result<_, _>>()?;
    Ok(vec![
        Term::names("source", [own_name]),
        Term::names("columns", columns),
        Term::names("zone", [format!("{zone:?}")]),
        Term::names("keep_nan", [keep_nan]),
        lifted::files("batch", batch.as_ref()),
        lifted::files("stream", stream.as_ref()),
        Term::names("accept", [name(*time)?]),
        lifted::arrival(*arrival, &name)?,
        lifted::lateness(*lateness, *skew_us),
        Term::names("copies", unique),
    ])
}

fn steps(transform: &Transform) -> Result<Term, String> {
    let lets = transform
        .steps
        .iter()
        .filter(|step| matches!(step, Step::Let(_)))
        .count();
    let mut next = transform
        .columns
        .len()
        .checked_sub(lets)
        .ok_or("a let without a column")?;
    let mut items = Vec::new();
    for step in &transform.steps {
        let known = next;
        let name = |id: ColumnId| column(transform, id).filter(|_| id.index() < known);
        items.push(match step {
            Step::Where(predicate) => Term::node("where", vec![expression(predicate, &name)?]),
            Step::Let(value) => {
                let added = &transform.columns[next].name;
                next += 1;
                Term::node("let", vec![Term::leaf(added), expression(value, &name)?])
            }
        });
    }
    Ok(Term::node("steps", items))
}

/// What a feature is, over the events of its view.
fn feature_term(names: &Names<'_>, read: AskedFeature, own: &[String]) -> Result<Term, String> {
    let program = names.program;
    let view = &program.views[read.view.index()];
    let transform = &program.transforms[view.transform.index()];
    let source = &program.sources[transform.source.index()];
    let feature = view.feature(read.feature);
    let position = |id: ColumnId| Some(format!("${}", id.0));
    let mut items = vec![
        Term::names("view", [names.view(read)]),
        Term::names("type", [feature.ty]),
    ];
    match &feature.kind {
        FeatureKind::Aggregate { slots, expr } => {
            let lift = |lift: Option<featc_ir::LiftId>| -> Result<Term, String> {
                let expr: Option<&Expr> = lift.map(|lift| &view.lifts[lift.index()]);
                expr.map_or(Ok(Term::leaf("none")), |expr| {
                    expression(expr, &|id| column(transform, id))
                })
            };
            let visible = visible(source);
            let mut windows = BTreeSet::new();
            for slot in slots {
                let slot = &view.slots[slot.index()];
                let window = view.windows[slot.window.index()];
                windows.insert(window);
                let mut arguments = vec![lift(slot.argument)?];
                if slot.second.is_some() {
                    arguments.push(lift(slot.second)?);
                }
                items.push(Term::node(
                    "slot",
                    vec![
                        Term::leaf(format!("{:?}:{}", slot.aggregate, slot.ty)),
                        Term::names("version", [slot.aggregate.version()]),
                        Term::node("argument", arguments),
                        Term::node("filter", vec![lift(slot.filter)?]),
                        Term::node("since", vec![lift(slot.since)?]),
                        lifted::window(&window, own),
                        visible.clone(),
                    ],
                ));
            }
            let [window] = windows.into_iter().collect::<Vec<_>>()[..] else {
                return Err(format!("feature {} has not one window", feature.name));
            };
            let presence = lifted::presence_us(&window, source.lateness);
            items.push(Term::node(
                "missing",
                vec![Term::us("after", presence), visible.clone()],
            ));
            items.push(Term::node(
                "truncated",
                vec![begins(source, transform), lifted::window(&window, own)],
            ));
            items.push(stale(source, view));
            items.push(Term::node("value", vec![expression(expr, &position)?]));
        }
        FeatureKind::Derived { inputs, expr } => {
            let name = |input: &FeatureId| {
                names.of(AskedFeature {
                    feature: *input,
                    ..read
                })
            };
            items.push(Term::names("inputs", inputs.iter().map(name)));
            items.push(Term::node("value", vec![expression(expr, &position)?]));
        }
    }
    items.push(lifted::default(feature.default.as_ref(), feature.ty));
    Ok(Term::node("feature", items))
}

/// As of arrival, what a question sees.
fn visible(source: &Source) -> Term {
    match source.arrival {
        Some(Arrival::Static) => Term::names("visible", ["always"]),
        Some(Arrival::Column(_) | Arrival::AfterTime { .. }) | None => Term::us("visible", Some(source.delay_us)),
    }
}

/// From when on windows are whole: the beginning, and how far events from before it may have been moved.
fn begins(source: &Source, transform: &Transform) -> Term {
    match source.begins_us {
        None => Term::names("begins", ["never"]),
        Some(begins) => {
            let moved = transform.at.map_or(0, |at| at.within_us.unwrap_or(0));
            Term::names("begins", [begins.to_string(), moved.to_string()])
        }
    }
}

/// Rows that never change are never behind.
fn stale(source: &Source, view: &View) -> Term {
    match source.arrival {
        Some(Arrival::Static) => Term::us("ttl", None::<u64>),
        Some(Arrival::Column(_) | Arrival::AfterTime { .. }) | None => Term::us("ttl", view.ttl_us),
    }
}

/// What events carry on for some service of the program, by what they are.
///
/// # Errors
/// As [`lift`].
pub fn carried(program: &Program) -> Result<BTreeMap<Term, BTreeSet<Term>>, String> {
    let mut found: BTreeMap<Term, BTreeSet<Term>> = BTreeMap::new();
    let read = program.services.iter().flat_map(derived::read);
    let wanted: Vec<AskedFeature> = read.map(|read| AskedFeature { role: None, ..read }).collect();
    let mut of_view: BTreeMap<usize, Term> = BTreeMap::new();
    for read in with_inputs(program, &wanted) {
        let (place, feature) = (read.view.index(), read.feature);
        let view = &program.views[place];
        if let std::collections::btree_map::Entry::Vacant(entry) = of_view.entry(place) {
            entry.insert(events(program, view)?);
        }
        let FeatureKind::Aggregate { slots, .. } = &view.feature(feature).kind else {
            continue;
        };
        let transform = &program.transforms[view.transform.index()];
        let lifts = found.entry(of_view[&place].clone()).or_default();
        for slot in slots.iter().map(|slot| &view.slots[slot.index()]) {
            let chosen = slot.filter.iter().chain(&slot.since);
            for lift in slot.argument.iter().chain(&slot.second).chain(chosen) {
                lifts.insert(expression(&view.lifts[lift.index()], &|id| column(transform, id))?);
            }
        }
    }
    Ok(found)
}
