//! Views that share a transform and a key, and are asked by the same columns, folded into one set of rows, slots and features.

use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, FoldSpec, RowSpec};
use featc_ir::{
    Arrival, AskedFeature, ColumnId, Excluding, Expr, FeatureKind, Key, LiftId, Program, RoleId, Service, Slot, Source,
    SourceId, TransformId, View, ViewId, Window, WindowId,
};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// What makes two views answerable by one node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey {
    transform: TransformId,
    key: Vec<ColumnId>,
    entity: Vec<Key>,
}

/// One node's worth of work.
#[derive(Debug)]
pub(crate) struct Group {
    pub key: GroupKey,
    /// The columns of the question that bring the key, where a role says others than the entity's.
    pub asked_by: Option<Vec<Key>>,
    pub source: SourceId,
    pub rows: RowSpec,
    pub fold: FoldSpec,
    pub finish: FinishSpec,
    /// Where each requested feature comes out: position among the outputs of `finish`.
    pub outputs: BTreeMap<AskedFeature, u32>,
}

/// What the events of a (transform, key) carry on.
pub(crate) type Lifts = HashMap<GroupKey, Vec<Expr>>;

/// Groups the requested features, in order of first request; of a service, under its names. Events carry on what `known` says
/// and what more is asked.
pub(crate) fn groups(
    (program, service): (&Program, Option<&Service>),
    requested: &[AskedFeature],
    known: &Lifts,
) -> Vec<Group> {
    let mut keys: Interned<(GroupKey, Option<Vec<Key>>)> = Interned::default();
    let mut members: Vec<Vec<AskedFeature>> = Vec::new();
    let mut by_view: BTreeMap<(ViewId, Option<RoleId>), usize> = BTreeMap::new();
    for asked in requested {
        let place = *by_view.entry((asked.view, asked.role)).or_insert_with(|| {
            let view = program.view(asked.view);
            let entity = &program.entity(view.entity).keys;
            let by = service.map(|service| service.keys_of(program, *asked));
            let by = by.filter(|by| by != entity).map(<[Key]>::to_vec);
            let key = GroupKey {
                transform: view.transform,
                key: view.key.clone(),
                entity: entity.clone(),
            };
            keys.place(&(key, by))
        });
        members.resize_with(keys.items.len(), Vec::new);
        members[place].push(*asked);
    }
    let fields = service.into_iter().flat_map(|service| &service.fields);
    let columns = fields.map(|field| (field.asked(), field.name.as_str())).collect();
    keys.items
        .into_iter()
        .zip(members)
        .map(|(key, members)| Builder::new((program, service, &columns), key, known).build(&members))
        .collect()
}

/// Different things in the order in which they were met. The map is only looked into, never walked.
#[derive(Debug)]
struct Interned<T> {
    items: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned {
            items: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    fn place(&mut self, item: &T) -> usize {
        featc_ir::work::add(1);
        if let Some(place) = self.places.get(item) {
            return *place;
        }
        self.items.push(item.clone());
        self.places.insert(item.clone(), self.items.len() - 1);
        self.items.len() - 1
    }
}

struct Builder<'a> {
    program: &'a Program,
    service: Option<&'a Service>,
    /// What leaves the service, by its names.
    columns: &'a BTreeMap<AskedFeature, &'a str>,
    source: &'a Source,
    group: Group,
    /// Positions in `finish.features`.
    placed: BTreeMap<AskedFeature, u32>,
    /// What stands at those positions.
    order: Vec<AskedFeature>,
    lifts: Interned<Expr>,
    windows: Interned<Window>,
    slots: Interned<Slot>,
    presence: Interned<Option<u64>>,
}

impl<'a> Builder<'a> {
    fn new(
        (program, service, columns): (&'a Program, Option<&'a Service>, &'a BTreeMap<AskedFeature, &'a str>),
        (key, asked_by): (GroupKey, Option<Vec<Key>>),
        known: &Lifts,
    ) -> Self {
        let transform = program.transform(key.transform);
        let source = program.source(transform.source);
        let mut lifts: Interned<Expr> = Interned::default();
        for lift in known.get(&key).into_iter().flatten() {
            lifts.place(lift);
        }
        let lets = transform.columns.iter().skip(source.columns.len());
        let group = Group {
            key: key.clone(),
            asked_by,
            source: transform.source,
            rows: RowSpec {
                name: transform.name.clone(),
                steps: transform.steps.clone(),
                lets: lets.map(|column| column.name.clone()).collect(),
                time: transform.time.clone(),
                at: transform.at,
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
                moved_us: source
                    .begins_us
                    .and(transform.at)
                    .and_then(|at| at.within_us)
                    .unwrap_or(0),
                source_delay_us: source.delay_us,
                features: Vec::new(),
            },
            outputs: BTreeMap::new(),
        };
        Builder {
            program,
            service,
            columns,
            source,
            group,
            placed: BTreeMap::new(),
            order: Vec::new(),
            lifts,
            windows: Interned::default(),
            slots: Interned::default(),
            presence: Interned::default(),
        }
    }

    fn build(mut self, members: &[AskedFeature]) -> Group {
        for asked in members {
            let place = self.place(*asked);
            self.group.finish.features[place as usize].output = true;
        }
        let mut next = 0;
        for (feature, key) in self.group.finish.features.iter().zip(&self.order) {
            if feature.output {
                self.group.outputs.insert(*key, next);
                next += 1;
            }
        }
        self.group.rows.lifts = self.lifts.items;
        self.group.fold.windows = self.windows.items;
        self.group.fold.slots = self.slots.items;
        self.group.fold.presence = self.presence.items;
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
    fn place(&mut self, asked: AskedFeature) -> u32 {
        let mut stack = vec![asked];
        while let Some(top) = stack.last().copied() {
            let waiting: Vec<AskedFeature> = match &self.program.view(top.view).feature(top.feature).kind {
                FeatureKind::Aggregate { .. } => Vec::new(),
                FeatureKind::Derived { inputs, .. } => inputs
                    .iter()
                    .map(|feature| AskedFeature {
                        feature: *feature,
                        ..top
                    })
                    .filter(|input| !self.placed.contains_key(input))
                    .collect(),
            };
            if waiting.is_empty() {
                stack.pop();
                self.place_one(top);
            } else {
                // The first one on top: inputs are placed in the order in which they are read.
                stack.extend(waiting.into_iter().rev());
            }
        }
        self.placed[&asked]
    }

    /// Places a feature whose inputs have been placed.
    fn place_one(&mut self, asked: AskedFeature) {
        if self.placed.contains_key(&asked) {
            return;
        }
        let view = self.program.view(asked.view);
        let feature = view.feature(asked.feature);
        let kind = match &feature.kind {
            FeatureKind::Aggregate { slots, expr } => {
                let retention = self.program.retention_us(view, asked.feature);
                let presence = self.presence.place(&retention);
                FinishKind::Aggregate {
                    slots: slots.iter().map(|slot| self.slot(view, view.slot(*slot))).collect(),
                    expr: expr.clone(),
                    presence: presence as u32,
                    window: *view.window(view.slot(slots[0]).window),
                    // Rows that never change are never behind.
                    ttl_us: view.ttl_us.filter(|_| self.source.arrival != Some(Arrival::Static)),
                }
            }
            FeatureKind::Derived { inputs, expr } => {
                let inputs = inputs.iter().map(|feature| AskedFeature {
                    feature: *feature,
                    ..asked
                });
                FinishKind::Derived {
                    inputs: inputs.map(|input| self.placed[&input]).collect(),
                    expr: expr.clone(),
                }
            }
        };
        let of = self
            .service
            .map_or(view.name.as_str(), |service| service.name_of(self.program, asked));
        let column = self.columns.get(&asked).map(|column| (*column).to_owned());
        let place = self.group.finish.features.len() as u32;
        self.group.finish.features.push(FinishFeature {
            name: column.unwrap_or_else(|| format!("{of}__{}", feature.name)),
            view: of.to_owned(),
            ty: feature.ty,
            kind,
            default: feature.default.clone(),
            output: false,
        });
        self.placed.insert(asked, place);
        self.order.push(asked);
    }

    fn slot(&mut self, view: &View, slot: &Slot) -> u32 {
        let window = self.windows.place(view.window(slot.window));
        let moved = Slot {
            argument: slot.argument.map(|lift| self.lift(view.lift(lift))),
            second: slot.second.map(|lift| self.lift(view.lift(lift))),
            filter: slot.filter.map(|lift| self.lift(view.lift(lift))),
            since: slot.since.map(|lift| self.lift(view.lift(lift))),
            window: WindowId::from(window),
            ..*slot
        };
        self.slots.place(&moved) as u32
    }

    fn lift(&mut self, lift: &Expr) -> LiftId {
        LiftId::from(self.lifts.place(lift))
    }
}
