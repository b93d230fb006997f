//! Who and when: the entities that a service's sources know, and the instants of their events.
//!
//! One pass over the sources, batch by batch; what is kept is each distinct entity (or question) once. Acceptance and
//! transforms are those of the engines, so an entity is known exactly if some event of it counts.
//!
//! Invariant SET: the answer is sorted; it depends on the set of rows only.

use crate::error::Error;
use crate::grid::{Grid, Unseen};
use crate::lookups::Looking;
use crate::program::Program;
use crate::recorded::{SharedRejects, Side, forward};
use crate::results::SourceReport;
use crate::sought::LookupReport;
use crate::view_rejects::{Node, ViewRejects};
use featc_ir::plan::Spine as Asked;
use featc_ir::{Key, Source, Type};
use featr_batch::{EXAMPLES_MAX, RejectedRow, RejectedRows};
use featr_decode::{Decoded, Example, Fault, ReadOptions, read_source};
use featr_kernels::rows::{self, Reason};
use featr_kernels::{Batch, Column, Value, identity};
use std::collections::HashMap;
use std::ops::Range;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

/// What to look for.
#[derive(Default)]
pub struct SurveyOptions {
    /// Collects the events in this range of instants (microseconds, end excluded), not the entities.
    pub events_in: Option<Range<i64>>,
    /// Keeps only entities with these values of the service's keys, one column per key.
    pub only: Option<Vec<Column>>,
    /// Looks which views find nothing for questions at these instants.
    pub grid: Option<Grid>,
    /// Receives every row of a source that cannot be used.
    pub rejects: Option<Box<dyn RejectedRows>>,
}

impl std::fmt::Debug for SurveyOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SurveyOptions")
            .field("events_in", &self.events_in)
            .finish_non_exhaustive()
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Survey {
    /// What became of the rows of each source of the service.
    pub sources: Vec<SourceReport>,
    /// The instants of the events, ascending; empty unless events were asked for.
    pub times: Vec<i64>,
    /// One column per key of the service, then, with events, one per column that `excluding self` compares with and that
    /// is no key. Rows are distinct (with events: together with their instant), sorted by instant and key.
    pub columns: Vec<(Key, Column)>,
    /// Of the entities that [`SurveyOptions::only`] names, how many have an event; all that were found without it.
    pub known: u64,
    /// The views in which no question of [`SurveyOptions::grid`] finds anything. Of views that lack a key of the service,
    /// only those that would find nothing whatever the entities are.
    pub unseen: Vec<String>,
    /// What rows of the sources look up in tables.
    pub lookups: Vec<LookupReport>,
}

/// Distinct rows, each kept once.
struct Distinct {
    seen: HashMap<Box<[u8]>, u32, Xxh3DefaultBuilder>,
    columns: Vec<Column>,
}

impl Distinct {
    fn new(types: impl IntoIterator<Item = Type>) -> Distinct {
        Distinct {
            seen: HashMap::with_hasher(Xxh3DefaultBuilder::new()),
            columns: types.into_iter().map(Column::empty).collect(),
        }
    }

    /// Adds the given rows.
    fn add(&mut self, columns: &[&Column], chosen: impl Iterator<Item = usize>, rows: usize) {
        let keys = identity::keys_of_columns(columns, rows);
        for row in chosen {
            let key = keys.get(row);
            if !self.seen.contains_key(key) {
                self.seen.insert(key.into(), self.seen.len() as u32);
                for (all, column) in self.columns.iter_mut().zip(columns) {
                    all.push_from(column, row);
                }
            }
        }
    }

    fn len(&self) -> usize {
        self.seen.len()
    }

    fn contains(&self, key: &[u8]) -> bool {
        self.seen.contains_key(key)
    }

    /// The rows in the order of their values.
    fn sorted(self) -> Vec<Column> {
        let mut order: Vec<(Box<[u8]>, u32)> = self.seen.into_iter().collect();
        order.sort_unstable();
        let rows: Vec<u32> = order.into_iter().map(|(_, row)| row).collect();
        self.columns.iter().map(|column| column.take(&rows)).collect()
    }
}

/// What rows are kept.
struct Pass<'a> {
    service: &'a Asked,
    self_columns: Vec<&'a Key>,
    events_in: Option<Range<i64>>,
    only: Option<Distinct>,
    found: Distinct,
    unseen: Option<Unseen>,
    looking: Looking,
}

impl Program {
    /// Reads the sources of a service once, for its entities or its events.
    ///
    /// An entity is known from an event of any view of the service whose entity has all keys of the service.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::NoFiles`], [`Error::Decode`]; [`Error::Columns`] when no view has all keys and
    /// `only` does not say which entities there are.
    pub fn survey(&self, service: &str, options: SurveyOptions) -> Result<Survey, Error> {
        let readers = self.readers(service)?;
        let name = service;
        let service = self.service(service)?;
        let events = options.events_in.is_some();
        if readers.is_empty() && (events || options.only.is_none()) {
            let keys: Vec<&str> = service.keys.iter().map(|key| key.name.as_str()).collect();
            return Err(Error::Columns {
                what: format!("entities of service `{name}`"),
                why: format!("no view of it has all its keys ({})", keys.join(", ")),
            });
        }
        let is_key = |key: &Key| service.keys.iter().any(|known| known.name == key.name);
        let self_columns: Vec<&Key> = match events {
            true => service.self_columns.iter().filter(|key| !is_key(key)).collect(),
            false => Vec::new(),
        };
        let types = service
            .keys
            .iter()
            .chain(self_columns.iter().copied())
            .map(|key| key.ty);
        let time = events.then_some(Type::Timestamp);
        let mut pass = Pass {
            service,
            events_in: options.events_in,
            only: options.only.map(|columns| distinct(&columns)),
            found: Distinct::new(time.into_iter().chain(types)),
            self_columns,
            unseen: options.grid.map(|grid| self.unseen(name, grid)).transpose()?,
            looking: Looking::of(self.batch_plan(name)?),
        };
        let rejects = options.rejects.map(SharedRejects::new);
        let mut sources = Vec::new();
        for source in self.service_sources(name)? {
            let readers: Vec<&Node> = readers
                .iter()
                .filter(|reader| reader.source.name == source.name)
                .collect();
            let by_view = self.view_rejects(name, &source, false)?;
            sources.push(self.survey_source(&source, (&readers, by_view), rejects.as_ref(), &mut pass)?);
        }
        let known = pass.found.len() as u64;
        let Pass {
            only,
            found,
            self_columns,
            unseen,
            looking,
            ..
        } = pass;
        let mut columns = match only {
            // Whoever names the entities need not have events of them.
            Some(only) if !events => only.sorted(),
            Some(_) | None => found.sorted(),
        };
        let times = if events {
            columns.remove(0).i64s().to_vec()
        } else {
            Vec::new()
        };
        let keys = service.keys.iter().chain(self_columns).cloned();
        Ok(Survey {
            sources,
            times,
            columns: keys.zip(columns).collect(),
            known,
            unseen: unseen.map(Unseen::views).unwrap_or_default(),
            lookups: looking.reports(),
        })
    }

    /// The nodes of the service's plan that turn rows into events with all its keys.
    fn readers(&self, service: &str) -> Result<Vec<Node>, Error> {
        let keys = &self.service(service)?.keys;
        let mut nodes = self.nodes(service)?;
        nodes.retain(|node| keys.iter().all(|key| node.entity.contains(key)));
        Ok(nodes)
    }

    fn survey_source(
        &self,
        source: &Source,
        (readers, mut by_view): (&[&Node], ViewRejects<'_>),
        rejects: Option<&SharedRejects>,
        pass: &mut Pass<'_>,
    ) -> Result<SourceReport, Error> {
        let options = ReadOptions {
            sink: rejects.map(|target| forward(source, target)),
            store: Some(self.store()),
            ..ReadOptions::default()
        };
        let mut report = SourceReport {
            source: source.name.clone(),
            ..SourceReport::default()
        };
        let mut counts = [0; 5];
        let mut examples = Vec::new();
        let mut reader = read_source(source, &self.files(source, Side::Batch)?, self.base(), options)?;
        for decoded in reader.by_ref() {
            self.check_interrupt()?;
            let decoded = decoded?;
            let verdict = rows::accept(source, &decoded.batch);
            counts
                .iter_mut()
                .zip(verdict.counts)
                .for_each(|(all, count)| *all += count);
            unaccepted(source, &decoded, &verdict, rejects, &mut examples)?;
            let place = |row: usize| (&decoded.file, decoded.rows.number(row));
            by_view.add(&decoded.batch, &verdict, place, rejects)?;
            let accepted = match verdict.all() {
                true => decoded.batch,
                false => decoded.batch.take(&verdict.rows()),
            };
            for reader in readers {
                pass.add(source, reader, &accepted);
            }
            pass.look(source, &accepted);
            pass.looking.add(&source.name, &accepted);
        }
        report.accepted = counts[0];
        report.add_undecoded(reader.rejects());
        let reasons = Reason::ALL.map(|reason| (reason, counts[reason as usize]));
        report.add_rejected(reasons.into_iter().filter(|(_, count)| *count > 0));
        report.examples.extend(examples);
        by_view.report(&mut report);
        // Of some views only.
        report.dropped.clear();
        Ok(report)
    }
}

fn distinct(columns: &[Column]) -> Distinct {
    let mut all = Distinct::new(columns.iter().map(|column| column.ty));
    let rows = columns.first().map_or(0, Column::len);
    all.add(&columns.iter().collect::<Vec<_>>(), 0..rows, rows);
    all
}

/// Tells of decoded rows that are no events.
fn unaccepted(
    source: &Source,
    decoded: &Decoded,
    verdict: &rows::Accepted,
    rejects: Option<&SharedRejects>,
    examples: &mut Vec<Example>,
) -> Result<(), Error> {
    let most = if rejects.is_some() { usize::MAX } else { EXAMPLES_MAX };
    for why in rows::rejected(source, &decoded.batch, verdict, most) {
        let (row, reason, detail) = (why.row, why.reason, &why.detail);
        let (file, line) = (&decoded.file, decoded.rows.number(row));
        if examples.len() < EXAMPLES_MAX {
            let fault = Fault::Unaccepted(reason, why.instants);
            examples.push(Example::new((file, line), reason.name(), detail, fault));
        }
        if let Some(target) = rejects {
            target.reject(&RejectedRow {
                source: &source.name,
                file,
                line,
                reason: reason.name(),
                detail,
                raw: None,
            })?;
        }
    }
    Ok(())
}

impl Pass<'_> {
    /// Looks which views find something in accepted rows of a source.
    fn look(&mut self, source: &Source, accepted: &Batch) {
        let Some(unseen) = &mut self.unseen else { return };
        let (service, only) = (self.service, &self.only);
        unseen.look(source, accepted, |node, columns, rows| {
            let only = only.as_ref()?;
            let in_order: Option<Vec<&Column>> = service
                .keys
                .iter()
                .map(|key| {
                    node.entity
                        .iter()
                        .position(|known| known == key)
                        .map(|place| columns[place])
                })
                .collect();
            let keys = identity::keys_of_columns(&in_order?, rows);
            Some((0..rows).map(|row| only.contains(keys.get(row))).collect())
        });
    }

    /// Adds what accepted rows of a source tell.
    fn add(&mut self, source: &Source, reader: &Node, accepted: &Batch) {
        let keyed = rows::apply(&reader.rows, accepted);
        let rows = keyed.times.len();
        let in_order: Vec<&Column> = self
            .service
            .keys
            .iter()
            .filter_map(|key| {
                let place = reader.entity.iter().position(|known| known == key)?;
                keyed.keys.get(place).map(AsRef::as_ref)
            })
            .collect();
        let known = self.only.as_ref().map(|only| {
            let keys = identity::keys_of_columns(&in_order, rows);
            (0..rows).map(|row| only.contains(keys.get(row))).collect::<Vec<bool>>()
        });
        let times = &keyed.times;
        let range = self.events_in.clone();
        let chosen = (0..rows).filter(|row| {
            known.as_ref().is_none_or(|known| known[*row])
                && range.as_ref().is_none_or(|range| range.contains(&times[*row]))
        });
        if self.events_in.is_none() {
            self.found.add(&in_order, chosen, rows);
            return;
        }
        let time = Column {
            ty: Type::Timestamp,
            data: featr_kernels::Data::I64(keyed.times.clone()),
            tags: None,
        };
        let own: Vec<Column> = self
            .self_columns
            .iter()
            .map(|key| self_column(source, key, accepted, &keyed.rows))
            .collect();
        let columns: Vec<&Column> = std::iter::once(&time).chain(in_order).chain(&own).collect();
        self.found.add(&columns, chosen, rows);
    }
}

/// The identity column of a source that questions compare with, or nulls where it is another source's. A plain name is
/// that of one source only.
fn self_column(source: &Source, key: &Key, accepted: &Batch, rows: &[u32]) -> Column {
    let same = |column: &featc_ir::ColumnId| {
        let declared = &source.columns[column.index()];
        let named = declared.name == key.name || source.qualified(&declared.name) == key.name;
        named && declared.ty == key.ty
    };
    match source.unique.iter().find(|id| same(id)) {
        Some(id) => accepted.columns[id.index()].take(rows),
        None => Column::repeat(key.ty, &Value::Null, rows.len()),
    }
}
