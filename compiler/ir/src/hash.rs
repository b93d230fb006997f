//! The three hashes: program, feature fingerprint, state key.
//!
//! All are XXH3-128 (seed 0) in 32 hexadecimal digits. They are built bottom-up (Merkle), so that a `let` that is read
//! twice is hashed once and its name never enters.

mod state;

use crate::expr::{Expr, ExprKind};
use crate::id::{ColumnId, FeatureId, LiftId, ViewId};
use crate::program::{
    Arrival, AskedFeature, At, FeatureKind, Lateness, Program, Service, ServiceInput, Source, Step, Transform, View,
};
use crate::slot::Slot;
use serde::Serialize;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_128;

pub use state::{lift_keys, state_key, table_key, wait_key};

/// Version of what all features share in the kernels (expressions, acceptance of rows, statuses): part of every fingerprint
/// and state key. Results of one aggregate have [`crate::aggregate::Row::version`].
pub const KERNELS_VERSION: &str = "featr-kernels/1";

/// Version of the time zone database that the decoder uses (it checks that it is).
pub const TZDB_VERSION: &str = "2025b";

fn hex(hash: u128) -> String {
    format!("{hash:032x}")
}

/// Hashes a tag and parts, each with its length, so that no two different lists collide by concatenation.
fn node(tag: &str, parts: &[&[u8]]) -> u128 {
    let mut bytes = Vec::with_capacity(64);
    for part in std::iter::once(&tag.as_bytes()).chain(parts) {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    xxh3_128(&bytes)
}

fn wire<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data always serialises")
}

fn list(tag: &str, hashes: impl IntoIterator<Item = u128>) -> u128 {
    let bytes: Vec<u8> = hashes.into_iter().flat_map(u128::to_le_bytes).collect();
    node(tag, &[&bytes])
}

/// What the program means: the IR without docs, owners, tags and file paths.
pub fn program_hash(program: &Program) -> String {
    let features = program.views.iter().map(|view| view.features.len());
    let of_service = |service: &crate::program::Service| service.fields.len() + service.features.len();
    let fields = program.services.iter().map(of_service);
    let steps = program.transforms.iter().map(|transform| transform.steps.len());
    crate::work::add(features.chain(fields).chain(steps).sum());
    let mut stripped = program.clone();
    for entity in &mut stripped.entities {
        entity.doc = None;
    }
    for source in &mut stripped.sources {
        source.doc = None;
        source.batch = None;
        source.stream = None;
    }
    for transform in &mut stripped.transforms {
        transform.doc = None;
    }
    stripped.lookups_mut(&mut |lookup| {
        lookup.rows = None;
        lookup.table.files = None;
    });
    for view in &mut stripped.views {
        (view.doc, view.owner) = (None, None);
        view.tags.clear();
        for feature in &mut view.features {
            feature.doc = None;
        }
    }
    for service in &mut stripped.services {
        service.doc = None;
        for feature in &mut service.features {
            feature.doc = None;
        }
    }
    hex(node("program", &[&Program::VERSION.to_le_bytes(), &wire(&stripped)]))
}

/// The meaning of an expression, given the meanings of the columns that it reads.
fn expr_hash(expr: &Expr, columns: &[u128]) -> u128 {
    let ty = wire(&expr.ty);
    let (tag, head): (&str, Vec<u8>) = match &expr.kind {
        ExprKind::Column(id) => return columns[id.index()],
        ExprKind::Literal(literal) => ("literal", wire(literal)),
        ExprKind::Unary(op, _) => ("unary", wire(op)),
        ExprKind::Binary(op, ..) => ("binary", wire(op)),
        ExprKind::Case { branches, otherwise } => ("case", wire(&(branches.len(), otherwise.is_some()))),
        ExprKind::Coalesce(_) => ("coalesce", vec![]),
        ExprKind::Cast(_) => ("cast", vec![]),
        ExprKind::Call(function, arguments) if function.reads_clocks() && arguments.len() == 2 => {
            ("call", wire(&(function, TZDB_VERSION)))
        }
        ExprKind::Call(function, _) => ("call", wire(function)),
        ExprKind::Lookup(lookup, _) => ("lookup", wire(&(lookup.rules(), TZDB_VERSION))),
    };
    let children: Vec<u8> = expr
        .children()
        .into_iter()
        .flat_map(|child| expr_hash(child, columns).to_le_bytes())
        .collect();
    node(tag, &[&ty, &head, &children])
}

/// An aggregate with what it computes from: `how`, then the meanings of its argument, its filter, and its second argument
/// where it has one. Version 1 adds nothing.
fn aggregate_hash(tag: &str, slot: &Slot, how: &[u8], lift: impl Fn(LiftId) -> u128) -> u128 {
    let meaning = |id: Option<LiftId>| id.map_or(0, &lift).to_le_bytes();
    let (argument, filter, version) = (
        meaning(slot.argument),
        meaning(slot.filter),
        slot.aggregate.version().to_le_bytes(),
    );
    let second = slot.second.map(|id| lift(id).to_le_bytes());
    let mut parts: Vec<&[u8]> = vec![how, &argument, &filter];
    if slot.aggregate.version() > 1 {
        parts.push(&version);
    }
    if let Some(second) = &second {
        parts.push(second);
    }
    let since = slot
        .since
        .map(|id| node("since", &[&lift(id).to_le_bytes()]).to_le_bytes());
    if let Some(since) = &since {
        parts.push(since);
    }
    node(tag, &parts)
}

/// Everything of a source that can change a value: not its files, docs or place, nor the order of its columns.
fn source_hash(source: &Source) -> u128 {
    // Every field is named, so that a new one asks whether it can change a value.
    let Source {
        name: own_name,
        doc: _,
        columns: all,
        unique,
        time,
        arrival,
        delay_us,
        lateness,
        skew_us,
        begins_us,
        zone,
        keep_nan,
        batch: _,
        stream: _,
    } = source;
    let columns: BTreeMap<_, _> = all.iter().map(|c| (&c.name, (c.ty, c.nullable))).collect();
    let name = |id: ColumnId| all[id.index()].name.as_str();
    let unique: Vec<&str> = unique.iter().map(|id| name(*id)).collect();
    let arrival = arrival.map(|arrival| match arrival {
        Arrival::Column(id) => (Some(name(id)), 0),
        Arrival::AfterTime { offset_us } => (None, offset_us),
        // No column has a blank in its name.
        Arrival::Static => (Some("static rows"), 0),
    });
    // Skew plays no role where lateness is unbounded.
    let skew_us = match lateness {
        Lateness::Unbounded => 0,
        Lateness::Within { .. } => *skew_us,
    };
    // A zone's rules come from a database, whose version is part of the meaning.
    let zone = zone.as_ref().map(|zone| (zone, TZDB_VERSION));
    let rules = (delay_us, lateness, skew_us, begins_us, zone, keep_nan);
    let head = wire(&(own_name, columns, unique, name(*time), arrival));
    let forms: BTreeMap<_, _> = all.iter().map(|c| (&c.name, &c.form)).collect();
    let forms: BTreeMap<_, _> = forms.into_iter().filter(|(_, form)| !form.is_plain()).collect();
    if forms.is_empty() {
        return node("source", &[&head, &wire(&rules)]);
    }
    node("source", &[&head, &wire(&rules), &wire(&(forms, TZDB_VERSION))])
}

/// The meanings of a row's columns after `steps`, and of the row's existence (its source and filters).
fn row_hashes(source: &Source, steps: &[Step], time: &Expr, at: Option<At>) -> (Vec<u128>, u128) {
    let mut columns: Vec<u128> = source
        .columns
        .iter()
        .map(|column| node("column", &[column.name.as_bytes(), &wire(&column.ty)]))
        .collect();
    crate::work::add(columns.len() + steps.len());
    let mut filters = Vec::new();
    for step in steps {
        match step {
            Step::Where(predicate) => filters.push(expr_hash(predicate, &columns)),
            Step::Let(value) => columns.push(expr_hash(value, &columns)),
        }
    }
    // A row is kept iff every filter is true, poisoned by the least code of those that fail: order does not matter.
    filters.sort_unstable();
    filters.dedup();
    let time = time_hash(source, expr_hash(time, &columns), at, &columns);
    let row = list("row", [source_hash(source), list("filters", filters), time]);
    (columns, row)
}

/// The meaning of an event time. One that is not the source's own is bounded, and an error of it poisons its row.
fn time_hash(source: &Source, time: u128, at: Option<At>, columns: &[u128]) -> u128 {
    match at {
        Some(at) if time != columns[source.time.index()] => node("at", &[&time.to_le_bytes(), &wire(&at.within_us)]),
        Some(_) | None => time,
    }
}

/// The [`row_hashes`] of a view.
fn view_row_hashes(program: &Program, view: &View) -> (Vec<u128>, u128) {
    let transform: &Transform = program.transform(view.transform);
    row_hashes(
        program.source(transform.source),
        &transform.steps,
        &transform.time,
        transform.at,
    )
}

fn aggregate_feature_hash(program: &Program, view: &View, id: FeatureId, (columns, row): &(Vec<u128>, u128)) -> u128 {
    let feature = view.feature(id);
    let FeatureKind::Aggregate { slots, expr } = &feature.kind else {
        unreachable!("the caller has looked")
    };
    let slots: Vec<u128> = slots
        .iter()
        .map(|slot| {
            let slot = view.slot(*slot);
            let window = view.window(slot.window);
            let how = match window.zone() {
                None => wire(&(slot.aggregate, window, slot.ty)),
                Some(_) => wire(&(slot.aggregate, window, slot.ty, TZDB_VERSION)),
            };
            aggregate_hash("slot", slot, &how, |lift| expr_hash(view.lift(lift), columns))
        })
        .collect();
    let keys = &program.entity(view.entity).keys;
    let key = list("key", view.key.iter().map(|id| columns[id.index()]));
    let rules = wire(&(
        keys,
        view.ttl_us,
        program.retention_us(view, id),
        &feature.default,
        feature.ty,
    ));
    node(
        "feature",
        &[
            KERNELS_VERSION.as_bytes(),
            &wire(&char::UNICODE_VERSION),
            &row.to_le_bytes(),
            &key.to_le_bytes(),
            &expr_hash(expr, &slots).to_le_bytes(),
            &rules,
        ],
    )
}

/// The inputs of a feature that are not in `known` yet.
fn missing(view: &View, id: FeatureId, known: &BTreeMap<FeatureId, u128>) -> Vec<FeatureId> {
    match &view.feature(id).kind {
        FeatureKind::Aggregate { .. } => Vec::new(),
        FeatureKind::Derived { inputs, .. } => inputs
            .iter()
            .copied()
            .filter(|input| !known.contains_key(input))
            .collect(),
    }
}

/// Adds the hash of a feature to `known`, after those of its inputs. No recursion: chains may be long.
fn feature_hash(
    program: &Program,
    view: &View,
    id: FeatureId,
    row: &(Vec<u128>, u128),
    known: &mut BTreeMap<FeatureId, u128>,
) {
    let mut stack = vec![id];
    while let Some(id) = stack.last().copied() {
        let waiting = missing(view, id, known);
        if !waiting.is_empty() {
            stack.extend(waiting);
            continue;
        }
        stack.pop();
        if known.contains_key(&id) {
            continue;
        }
        let feature = view.feature(id);
        let hash = match &feature.kind {
            FeatureKind::Aggregate { .. } => aggregate_feature_hash(program, view, id, row),
            FeatureKind::Derived { inputs, expr } => {
                let inputs: Vec<u128> = inputs.iter().map(|input| known[input]).collect();
                let all = list("inputs", inputs.iter().copied());
                let rules = wire(&(&feature.default, feature.ty));
                node(
                    "derived",
                    &[&all.to_le_bytes(), &expr_hash(expr, &inputs).to_le_bytes(), &rules],
                )
            }
        };
        known.insert(id, hash);
    }
}

/// The fingerprints of all features of a view, in declared order: each says everything that can change the feature's value or
/// status, and nothing else.
pub fn view_fingerprints(program: &Program, view: &View) -> Vec<String> {
    let mut known = BTreeMap::new();
    let row = view_row_hashes(program, view);
    for position in 0..view.features.len() {
        feature_hash(program, view, FeatureId::from(position), &row, &mut known);
    }
    known.into_values().map(hex).collect()
}

/// The fingerprints of what leaves a service, by column, in order. That of a feature of its own says what it reads and what it
/// makes of it.
pub fn service_fingerprints(program: &Program, service: &Service) -> Vec<(String, String)> {
    let mut of_views: BTreeMap<ViewId, Vec<String>> = BTreeMap::new();
    let mut of_feature = |view: ViewId, feature: FeatureId| {
        let of_view = of_views
            .entry(view)
            .or_insert_with(|| view_fingerprints(program, program.view(view)));
        of_view[feature.index()].clone()
    };
    let fields = service.fields.iter();
    let mut found: Vec<(String, String)> = fields
        .map(|field| {
            let fingerprint = of_feature(field.view, field.feature);
            let own = renamed_keys(program, service, field.asked(), &fingerprint);
            (field.name.clone(), own.map_or(fingerprint, hex))
        })
        .collect();
    let before = found.len();
    for feature in &service.features {
        let input = |input: &ServiceInput| match input {
            ServiceInput::At => node("instant", &[]),
            ServiceInput::Field(field) => node("field", &[&wire(field)]),
            ServiceInput::Feature { view, feature, .. } => {
                let fingerprint = of_feature(*view, *feature);
                let asked = input.asked().expect("it is one");
                let own = renamed_keys(program, service, asked, &fingerprint);
                own.unwrap_or_else(|| node("answer", &[fingerprint.as_bytes()]))
            }
            ServiceInput::Own(own) => node("own", &[found[before + *own as usize].1.as_bytes()]),
        };
        let inputs: Vec<u128> = feature.inputs.iter().map(input).collect();
        let rules = wire(&(KERNELS_VERSION, char::UNICODE_VERSION, &feature.default, feature.ty));
        let all = list("inputs", inputs.iter().copied()).to_le_bytes();
        let value = expr_hash(&feature.expr, &inputs).to_le_bytes();
        found.push((feature.name.clone(), hex(node("service", &[&all, &value, &rules]))));
    }
    found
}

/// The meaning of a feature that is asked for by other columns than its entity's keys; `None` where it is asked for by them.
fn renamed_keys(program: &Program, service: &Service, asked: AskedFeature, fingerprint: &str) -> Option<u128> {
    let keys = service.keys_of(program, asked);
    let own = &program.entity(program.view(asked.view).entity).keys;
    (keys != own).then(|| node("asked", &[fingerprint.as_bytes(), &wire(&keys)]))
}
