//! What a question to a service brings: the keys of its entities, and what `excluding self` compares with.

use crate::id::{ColumnId, EntityId, SourceId, ViewId};
use crate::program::{Key, Program, Service};
use std::collections::{BTreeMap, BTreeSet};

impl Program {
    /// The key columns that a question to the service must bring: the union over its views and roles, by first appearance.
    pub fn service_keys(&self, service: &Service) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for asked in service.reads() {
            for key in service.keys_of(self, asked) {
                if !keys.iter().any(|known| known.name == key.name) {
                    keys.push(key.clone());
                }
            }
        }
        keys
    }

    /// The columns that `excluding self` compares with, in first appearance: a question must bring them too
    /// where a feature of the service (or an input of one) says `excluding self`. They are those of
    /// [`service_identity`](Program::service_identity), of each such source.
    pub fn service_self_columns(&self, service: &Service) -> Vec<Key> {
        let mut sources: Vec<SourceId> = Vec::new();
        let mut by_view: BTreeMap<ViewId, Vec<bool>> = BTreeMap::new();
        let reads = service.reads();
        crate::work::add(reads.len());
        for asked in reads {
            let view = self.view(asked.view);
            let says_self = by_view.entry(asked.view).or_insert_with(|| view.says_self());
            let says_self = std::mem::take(&mut says_self[asked.feature.index()]);
            let source = self.transform(view.transform).source;
            if says_self && !sources.contains(&source) {
                sources.push(source);
            }
        }
        let names = Names::new(self, service);
        sources.into_iter().flat_map(|source| names.identity(source)).collect()
    }

    /// All that a question to the service brings beside its instant: keys, then what `excluding self` compares with, then the
    /// fields of its request.
    pub fn service_questions(&self, service: &Service) -> Vec<Key> {
        let mut asked = self.service_keys(service);
        asked.extend(self.service_self_columns(service));
        asked.extend(service.request());
        asked
    }

    /// What a question to the service calls the `unique` columns of a source that the service reads, in declared order:
    /// by their own names, or by [`Source::qualified`](crate::Source::qualified) where something else of the service has
    /// the name. That is a `unique` column of another source, or a key of an entity, unless all views of that entity from
    /// this source, and at least one, take the column as that key.
    pub fn service_identity(&self, service: &Service, source: SourceId) -> Vec<Key> {
        Names::new(self, service).identity(source).collect()
    }
}

/// The column that the views of an entity take as a key, by their source; `None` where they take different ones.
type Taken = BTreeMap<SourceId, Option<ColumnId>>;

/// What the names of a service stand for.
struct Names<'a> {
    program: &'a Program,
    /// How many sources of the service have a `unique` column of the name.
    sources: BTreeMap<&'a str, usize>,
    /// The keys of the name, by entity.
    keys: BTreeMap<&'a str, BTreeMap<EntityId, Taken>>,
}

impl<'a> Names<'a> {
    fn new(program: &'a Program, service: &'a Service) -> Names<'a> {
        let mut names = Names {
            program,
            sources: BTreeMap::new(),
            keys: BTreeMap::new(),
        };
        let mut seen = BTreeSet::new();
        let mut views = BTreeSet::new();
        for asked in service.reads() {
            if !views.insert((asked.view, asked.role)) {
                continue;
            }
            let view = program.view(asked.view);
            let source = program.transform(view.transform).source;
            if seen.insert(source) {
                for column in program.source(source).identity() {
                    *names.sources.entry(&column.name).or_default() += 1;
                }
            }
            for (key, column) in service.keys_of(program, asked).iter().zip(&view.key) {
                let of_name = names.keys.entry(&key.name).or_default();
                let taken = of_name.entry(view.entity).or_default().entry(source);
                let taken = taken.or_insert(Some(*column));
                *taken = taken.filter(|known| known == column);
            }
        }
        names
    }

    /// Whether nothing else has the name of an identity column.
    fn is_alone(&self, source: SourceId, column: ColumnId, name: &str) -> bool {
        let is_it = |taken: &Taken| taken.get(&source) == Some(&Some(column));
        self.sources.get(name).is_none_or(|sources| *sources == 1)
            && self.keys.get(name).is_none_or(|keys| keys.values().all(is_it))
    }

    fn identity(&self, id: SourceId) -> impl Iterator<Item = Key> + use<'_, 'a> {
        let source = self.program.source(id);
        let columns = source.unique.iter().zip(source.identity());
        columns.map(move |(place, column)| Key {
            name: match self.is_alone(id, *place, &column.name) {
                true => column.name.clone(),
                false => source.qualified(&column.name),
            },
            ty: column.ty,
        })
    }
}
