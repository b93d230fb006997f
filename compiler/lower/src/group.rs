//! Views that share a transform and a key, folded into one set of rows, slots and features.

use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, FoldSpec, RowSpec};
use featc_ir::{
    ColumnId, Excluding, Expr, FeatureId, FeatureKind, Key, LiftId, Program, Slot, Source, SourceId, TransformId, View,
    ViewId, WindowId,
};
use std::collections::BTreeMap;

/// What makes two views answerable by one node.
#[derive(Debug, Clone, PartialEq, Eq)]
struct GroupKey {
    transform: TransformId,
    key: Vec<ColumnId>,
    entity: Vec<Key>,
}

/// One node's worth of work.
#[derive(Debug)]
pub(crate) struct Group {
    pub source: SourceId,
    pub rows: RowSpec,
    pub fold: FoldSpec,
    pub finish: FinishSpec,
    /// Where each requested feature comes out: position among the outputs of `finish`.
    pub outputs: BTreeMap<(ViewId, FeatureId), u32>,
}

/// Groups the requested features, in order of first request.
pub(crate) fn groups(program: &Program, requested: &[(ViewId, FeatureId)]) -> Vec<Group> {
    let mut found: Vec<(GroupKey, Vec<(ViewId, FeatureId)>)> = Vec::new();
    for (view_id, feature) in requested {
        let view = program.view(*view_id);
        let key = GroupKey {
            transform: view.transform,
            key: view.key.clone(),
            entity: program.entity(view.entity).keys.clone(),
        };
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push((*view_id, *feature)),
            None => found.push((key, vec![(*view_id, *feature)])),
        }
    }
    found
        .into_iter()
        .map(|(key, members)| Builder::new(program, key).build(&members))
        .collect()
}

struct Builder<'a> {
    program: &'a Program,
    source: &'a Source,
    group: Group,
    /// Positions in `finish.features`.
    placed: BTreeMap<(ViewId, FeatureId), u32>,
}

fn intern<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|known| *known == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}

impl<'a> Builder<'a> {
    fn new(program: &'a Program, key: GroupKey) -> Self {
        let transform = program.transform(key.transform);
        let source = program.source(transform.source);
        let group = Group {
            source: transform.source,
            rows: RowSpec {
                name: transform.name.clone(),
                steps: transform.steps.clone(),
                time: transform.time.clone(),
                key: key.key,
                lifts: Vec::new(),
            },
            fold: FoldSpec {
                entity: key.entity,
                windows: Vec::new(),
                slots: Vec::new(),
                presence: Vec::new(),
                self_columns: Vec::new(),
            },
            finish: FinishSpec {
                begins_us: source.begins_us,
                source_delay_us: source.delay_us,
                features: Vec::new(),
            },
            outputs: BTreeMap::new(),
        };
        Builder {
            program,
            source,
            group,
            placed: BTreeMap::new(),
        }
    }

    fn build(mut self, members: &[(ViewId, FeatureId)]) -> Group {
        for (view, feature) in members {
            let place = self.place(*view, *feature);
            self.group.finish.features[place as usize].output = true;
        }
        let mut next = 0;
        for (place, feature) in self.group.finish.features.iter().enumerate() {
            if feature.output {
                let (key, _) = self
                    .placed
                    .iter()
                    .find(|(_, at)| **at as usize == place)
                    .expect("placed above");
                self.group.outputs.insert(*key, next);
                next += 1;
            }
        }
        if self
            .group
            .fold
            .windows
            .iter()
            .any(|window| window.excluding == Excluding::SelfEvent)
        {
            let columns = self.source.unique.iter().map(|id| &self.source.columns[id.index()]);
            self.group.fold.self_columns = columns
                .map(|c| Key {
                    name: c.name.clone(),
                    ty: c.ty,
                })
                .collect();
        }
        self.group
    }

    /// Places a feature after its inputs; returns its position in `finish.features`. No recursion: chains may be long.
    fn place(&mut self, view_id: ViewId, id: FeatureId) -> u32 {
        let mut stack = vec![id];
        while let Some(top) = stack.last().copied() {
            let waiting: Vec<FeatureId> = match &self.program.view(view_id).feature(top).kind {
                FeatureKind::Aggregate { .. } => Vec::new(),
                FeatureKind::Derived { inputs, .. } => inputs
                    .iter()
                    .copied()
                    .filter(|input| !self.placed.contains_key(&(view_id, *input)))
                    .collect(),
            };
            if waiting.is_empty() {
                stack.pop();
                self.place_one(view_id, top);
            } else {
                // The first one on top: inputs are placed in the order in which they are read.
                stack.extend(waiting.into_iter().rev());
            }
        }
        self.placed[&(view_id, id)]
    }

    /// Places a feature whose inputs have been placed.
    fn place_one(&mut self, view_id: ViewId, id: FeatureId) {
        if self.placed.contains_key(&(view_id, id)) {
            return;
        }
        let view = self.program.view(view_id);
        let feature = view.feature(id);
        let kind = match &feature.kind {
            FeatureKind::Aggregate { slots, expr } => {
                let retention = self.program.retention_us(view, id);
                let presence = intern(&mut self.group.fold.presence, retention);
                FinishKind::Aggregate {
                    slots: slots.iter().map(|slot| self.slot(view, view.slot(*slot))).collect(),
                    expr: expr.clone(),
                    presence: presence as u32,
                    window: *view.window(view.slot(slots[0]).window),
                    ttl_us: view.ttl_us,
                }
            }
            FeatureKind::Derived { inputs, expr } => FinishKind::Derived {
                inputs: inputs.iter().map(|input| self.placed[&(view_id, *input)]).collect(),
                expr: expr.clone(),
            },
        };
        let place = self.group.finish.features.len() as u32;
        self.group.finish.features.push(FinishFeature {
            name: format!("{}__{}", view.name, feature.name),
            ty: feature.ty,
            kind,
            default: feature.default.clone(),
            output: false,
        });
        self.placed.insert((view_id, id), place);
    }

    fn slot(&mut self, view: &View, slot: &Slot) -> u32 {
        let window = intern(&mut self.group.fold.windows, *view.window(slot.window));
        let moved = Slot {
            argument: slot.argument.map(|lift| self.lift(view.lift(lift))),
            filter: slot.filter.map(|lift| self.lift(view.lift(lift))),
            window: WindowId::from(window),
            ..*slot
        };
        intern(&mut self.group.fold.slots, moved) as u32
    }

    fn lift(&mut self, lift: &Expr) -> LiftId {
        LiftId::from(intern(&mut self.group.rows.lifts, lift.clone()))
    }
}
