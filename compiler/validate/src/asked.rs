//! What a service asks of its questions and calls its columns, from the page (docs/semantics.md) and nothing that the lowering calls.

use crate::derived;
use featc_ir::{AskedFeature, ColumnId, Excluding, FeatureId, FeatureKind, Key, Program, Service, Source, View};
use std::collections::{BTreeMap, BTreeSet};

/// What a service calls features of views.
pub struct Names<'a> {
    pub program: &'a Program,
    service: &'a Service,
    columns: BTreeMap<AskedFeature, &'a str>,
}

impl<'a> Names<'a> {
    pub fn new(program: &'a Program, service: &'a Service) -> Names<'a> {
        let column = |field: &'a featc_ir::ServiceField| {
            let read = AskedFeature {
                view: field.view,
                feature: field.feature,
                role: field.role,
            };
            (read, field.name.as_str())
        };
        Names {
            program,
            service,
            columns: service.fields.iter().map(column).collect(),
        }
    }

    /// The view, or its role.
    pub fn view(&self, read: AskedFeature) -> &'a str {
        match read.role {
            Some(role) => &self.service.roles[role.index()].name,
            None => &self.program.views[read.view.index()].name,
        }
    }

    /// By the column in which it comes out, or by where it is from.
    pub fn of(&self, read: AskedFeature) -> String {
        let own = || {
            let feature = &self.program.views[read.view.index()].features[read.feature.index()];
            format!("{}__{}", self.view(read), feature.name)
        };
        self.columns.get(&read).map_or_else(own, |column| (*column).to_owned())
    }
}

/// The keys of the entities, by first appearance.
pub fn service_keys(program: &Program, service: &Service) -> Vec<Key> {
    let mut found: Vec<Key> = Vec::new();
    for read in derived::read(service) {
        for key in derived::brings(program, service, read) {
            if found.iter().all(|known| known.name != key.name) {
                found.push(key.clone());
            }
        }
    }
    found
}

/// The identity columns of sources that a question brings, by first appearance of the sources; a name that something else
/// of the service has carries the source's.
pub fn self_columns(program: &Program, service: &Service, asked: &BTreeSet<AskedFeature>) -> Vec<Key> {
    let says_self = |view: &View, feature: FeatureId| match &view.feature(feature).kind {
        FeatureKind::Aggregate { slots, .. } => slots.iter().any(|slot| {
            let window = view.slots[slot.index()].window;
            view.windows[window.index()].excluding == Excluding::SelfEvent
        }),
        FeatureKind::Derived { .. } => false,
    };
    let below: BTreeSet<AskedFeature> = asked
        .iter()
        .copied()
        .filter(|read| says_self(&program.views[read.view.index()], read.feature))
        .collect();
    let mut sources: Vec<&Source> = Vec::new();
    let read = derived::read(service);
    for of in read.iter().filter(|_| !below.is_empty()) {
        let source = program.view_source(&program.views[of.view.index()]);
        if sources.iter().any(|known| known.name == source.name) {
            continue;
        }
        let of_field = with_inputs(program, &[*of]);
        if of_field.iter().any(|feature| below.contains(feature)) {
            sources.push(source);
        }
    }
    let mut views: Vec<(&View, &[Key])> = Vec::new();
    for of in &read {
        let (view, by) = (&program.views[of.view.index()], derived::brings(program, service, *of));
        if views
            .iter()
            .all(|(known, asked)| known.name != view.name || *asked != by)
        {
            views.push((view, by));
        }
    }
    let mut found = Vec::new();
    for source in sources {
        for id in &source.unique {
            let column = &source.columns[id.index()];
            let name = match means_more(&views, (program, source), *id) {
                true => format!("{}.{}", source.name, column.name),
                false => column.name.clone(),
            };
            found.push(Key { name, ty: column.ty });
        }
    }
    found
}

/// Whether the name of an identity column stands for something else too: for a `unique` column of another source of the
/// views, or for what brings the key of an entity that is not that very column.
fn means_more(views: &[(&View, &[Key])], (program, source): (&Program, &Source), id: ColumnId) -> bool {
    let name = &source.columns[id.index()].name;
    let place = |by: &[Key]| by.iter().position(|key| key.name == *name);
    views.iter().any(|(view, by)| {
        let other = program.view_source(view);
        let mut unique = other.unique.iter().map(|id| &other.columns[id.index()].name);
        if other.name != source.name && unique.any(|known| known == name) {
            return true;
        }
        if place(by).is_none() {
            return false;
        }
        // All views of the entity from this source that are asked by the name, and at least one, take the column there.
        let mut of_source = views
            .iter()
            .filter(|(known, _)| known.entity == view.entity && program.view_source(known).name == source.name)
            .filter_map(|(known, by)| Some(known.key[place(by)?]))
            .peekable();
        of_source.peek().is_none() || of_source.any(|column| column != id)
    })
}

/// What a question calls the identity of a source's events.
pub fn own_columns(source: &Source, brought: &[Key]) -> Vec<String> {
    let column = |id: &ColumnId| {
        let name = &source.columns[id.index()].name;
        let qualified = format!("{}.{name}", source.name);
        match brought.iter().any(|key| key.name == qualified) {
            true => qualified,
            false => name.clone(),
        }
    };
    source.unique.iter().map(column).collect()
}

/// What is asked for, and what that is derived from.
pub fn with_inputs(program: &Program, wanted: &[AskedFeature]) -> BTreeSet<AskedFeature> {
    let mut found = BTreeSet::new();
    let mut stack = wanted.to_vec();
    while let Some(read) = stack.pop() {
        if found.insert(read)
            && let FeatureKind::Derived { inputs, .. } = &program.views[read.view.index()].feature(read.feature).kind
        {
            stack.extend(inputs.iter().map(|input| AskedFeature {
                feature: *input,
                ..read
            }));
        }
    }
    found
}
