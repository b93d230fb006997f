//! What has to hold beside the terms: nothing that is needed is left out, nothing is there that nobody needs, and every method
//! is lawful for its aggregate.

use crate::lifted::{chooses, end, presence_us, reach_us};
use crate::of_plan::Chain;
use crate::term::{Term, columns_of};
use featc_ir::plan::{FinishKind, Fold, Method, Order, OrderKey, Pages, Restrict, StreamLog, Visibility, Walk};
use featc_ir::{Aggregate, Arrival, ColumnId, Step, Type, Window};
use std::collections::BTreeSet;

/// Which engine a fold is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Batch,
    Stream,
}

type Outcome = Result<(), String>;

fn ensure(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// The laws that a method needs, and whether an aggregate has them.
pub(crate) fn is_lawful(method: Method, aggregate: Aggregate) -> bool {
    match method {
        // The states form a group.
        Method::Prefix => matches!(
            aggregate,
            Aggregate::Count
                | Aggregate::Sum
                | Aggregate::Mean
                | Aggregate::Variance
                | Aggregate::Stddev
                | Aggregate::VariancePop
                | Aggregate::StddevPop
        ),
        // One argument wins by its value.
        Method::Extreme => matches!(aggregate, Aggregate::Min | Aggregate::Max),
        // One event is chosen by its place in the order.
        Method::Edge => matches!(
            aggregate,
            Aggregate::First { .. } | Aggregate::Last { .. } | Aggregate::TimeSinceLast
        ),
        // Values are counted, and counts can be taken back.
        Method::Values => matches!(aggregate, Aggregate::CountDistinct { .. }),
        // Values are counted in their order, and counts can be taken back.
        Method::Ranks => matches!(
            aggregate,
            Aggregate::Median { .. } | Aggregate::Quantile { .. } | Aggregate::Mode { .. }
        ),
        // The states form a group: what enters can leave again.
        Method::Deltas => {
            is_lawful(Method::Prefix, aggregate)
                || matches!(
                    aggregate,
                    Aggregate::Any
                        | Aggregate::All
                        | Aggregate::Covariance
                        | Aggregate::Correlation
                        | Aggregate::Slope
                        | Aggregate::Intercept
                        | Aggregate::WeightedMean
                        | Aggregate::Skewness
                        | Aggregate::Kurtosis
                )
        }
        // The states form a commutative monoid: all of them do.
        Method::States | Method::Pages => true,
    }
}

/// Whether there are so many, each at its own place, and no two are equal.
fn all_used(used: &BTreeSet<usize>, count: usize) -> bool {
    used.len() == count && used.iter().all(|at| *at < count)
}

fn distinct<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))
}

/// What holds in both plans.
pub(crate) fn of_chain(chain: &Chain<'_>, order: &Order, engine: Engine) -> Outcome {
    ensure(
        order.by == [OrderKey::Time, OrderKey::Identity, OrderKey::Digest],
        "events are in another order",
    )?;
    features(chain)?;
    slots(chain, engine)?;
    let steps = chain.rows.steps.steps.iter();
    let lets = steps.filter(|step| matches!(step, Step::Let(_))).count();
    ensure(lets == chain.rows.steps.lets.len(), "a name of no column")
}

/// Every feature leaves or is read, and reads what is before it.
fn features(chain: &Chain<'_>) -> Outcome {
    let features = &chain.finish.features;
    let (mut read, mut slots, mut presence) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (at, feature) in features.iter().enumerate() {
        match &feature.kind {
            FinishKind::Aggregate {
                slots: folded,
                presence: of,
                ..
            } => {
                ensure(!folded.is_empty(), "a feature that folds nothing")?;
                slots.extend(folded.iter().map(|slot| *slot as usize));
                presence.insert(*of as usize);
            }
            FinishKind::Derived { inputs, .. } => {
                ensure(
                    inputs.iter().all(|input| (*input as usize) < at),
                    "an input after its reader",
                )?;
                read.extend(inputs.iter().map(|input| *input as usize));
            }
        }
    }
    let mut places = features.iter().enumerate();
    ensure(
        places.all(|(at, feature)| feature.output || read.contains(&at)),
        "a feature that nobody reads",
    )?;
    ensure(all_used(&slots, chain.fold.slots.len()), "a slot that nobody reads")?;
    ensure(
        all_used(&presence, chain.fold.presence.len()),
        "a presence that nobody reads",
    )?;
    let lookbacks: Vec<_> = chain.fold.presence.iter().map(|presence| presence.reach_us).collect();
    ensure(distinct(&lookbacks), "a presence twice")
}

fn slots(chain: &Chain<'_>, engine: Engine) -> Outcome {
    let fold = chain.fold;
    let windows: BTreeSet<usize> = fold.slots.iter().map(|slot| slot.window.index()).collect();
    ensure(all_used(&windows, fold.windows.len()), "a window that nobody reads")?;
    let different: BTreeSet<&Window> = fold.windows.iter().collect();
    ensure(different.len() == fold.windows.len(), "a window twice")?;
    for slot in &fold.slots {
        let is_run = match engine {
            Engine::Batch => slot.method != Method::Pages,
            Engine::Stream => slot.method == Method::Pages,
        };
        ensure(
            is_run && is_lawful(slot.method, slot.aggregate),
            "a method without its law",
        )?;
    }
    Ok(())
}

/// What a log keeps for a fold: every slot has its state and is answered once.
pub(crate) fn of_pages(fold: &Fold, pages: &Pages) -> Outcome {
    let used: BTreeSet<usize> = pages.of_slots.iter().map(|part| *part as usize).collect();
    ensure(all_used(&used, pages.parts.len()), "a part that nobody reads")?;
    let different: BTreeSet<_> = pages
        .parts
        .iter()
        .map(|part| (part.aggregate, part.argument, part.second, part.filter))
        .collect();
    ensure(different.len() == pages.parts.len(), "a part twice")?;
    ensure(pages.of_slots.len() == fold.slots.len(), "a slot without its part")?;
    for (slot, part) in fold.slots.iter().zip(&pages.of_slots) {
        let part = &pages.parts[*part as usize];
        ensure(
            (part.aggregate, part.argument, part.second, part.filter)
                == (slot.aggregate, slot.argument, slot.second, slot.filter),
            "a slot that reads another's part",
        )?;
    }
    let mut answered: Vec<u32> = Vec::new();
    for walk in &pages.walks {
        of_walk(fold, walk)?;
        answered.extend(walk.stops.iter().flat_map(|stop| &stop.slots));
    }
    answered.sort_unstable();
    ensure(
        answered.into_iter().eq(0..fold.slots.len() as u32),
        "a slot that is not answered once",
    )
}

/// The windows of a walk end alike and nest, each is one stop; one that chooses among events is alone, by one filter.
fn of_walk(fold: &Fold, walk: &Walk) -> Outcome {
    let mut windows = Vec::new();
    for stop in &walk.stops {
        let window = fold.windows.get(stop.window.index()).ok_or("a stop at no window")?;
        windows.push(window);
        ensure(!stop.slots.is_empty(), "a stop for nothing")?;
        for slot in &stop.slots {
            let slot = fold.slots.get(*slot as usize).ok_or("a stop for no slot")?;
            ensure(slot.window == stop.window, "a slot at another's stop")?;
        }
    }
    let reach = |window: &Window| reach_us(window).map_or((1, 0), |us| (0, us));
    let nests = |pair: &[&Window]| {
        let (left, right) = (reach(pair[0]), reach(pair[1]));
        end(pair[0]) == end(pair[1]) && left < right
    };
    ensure(
        !windows.is_empty() && windows.windows(2).all(nests),
        "windows of a walk that do not nest",
    )?;
    let filters = |slot: &u32| (fold.slots[*slot as usize].filter, fold.slots[*slot as usize].since);
    // Which events a window begins with is decided by `since` where that is said, and by the filter otherwise.
    let chooser = |(filter, since): (_, Option<_>)| since.or(filter);
    let chosen = walk.stops[0]
        .slots
        .iter()
        .map(filters)
        .map(chooser)
        .collect::<BTreeSet<_>>();
    ensure(
        !windows.iter().any(|window| chooses(window)) || (windows.len() == 1 && chosen.len() == 1),
        "a window that chooses among events for others too",
    )
}

/// Whether exactly the columns are read that somebody looks at.
pub(crate) fn of_scan(chains: &[Chain<'_>]) -> Outcome {
    let Some(one) = chains.first() else {
        return Err("a scan that nobody reads".to_owned());
    };
    let mut looked: BTreeSet<ColumnId> = one.dedup.identity.iter().copied().collect();
    looked.insert(one.accept.time);
    if let Some(Arrival::Column(id)) = one.accept.arrival {
        looked.insert(id);
    }
    for chain in chains {
        for step in &chain.rows.steps.steps {
            match step {
                Step::Where(expr) | Step::Let(expr) => columns_of(expr, &mut looked),
            }
        }
        columns_of(&chain.rows.place.time, &mut looked);
        looked.extend(chain.rows.place.at.map(|at| at.source_time));
        looked.extend(&chain.rows.key.columns);
        chain.rows.lift.0.iter().for_each(|lift| columns_of(lift, &mut looked));
    }
    looked.retain(|id| id.index() < one.scan.columns.len());
    ensure(
        one.scan.read.iter().copied().eq(looked),
        "it reads other columns than are looked at",
    )?;
    let required = &one.accept.required;
    ensure(
        required.is_sorted_by(|left, right| left < right),
        "required columns out of order",
    )
}

/// Whether events go back as far as the longest window and presence, and until the last question.
pub(crate) fn of_restrict(chain: &Chain<'_>, restrict: &Restrict) -> Outcome {
    let mut furthest: Option<u64> = Some(0);
    for window in &chain.fold.windows {
        for reach in [reach_us(window), presence_us(window, chain.accept.lateness)] {
            furthest = furthest.zip(reach).map(|(known, reach)| known.max(reach));
        }
    }
    ensure(
        restrict.after_us == furthest,
        "it restricts events to another range than its windows reach",
    )
}

/// Whether a log keeps what its answers and the program's other services read, as long as they may ask; `windows` are those of
/// all its answers.
pub(crate) fn of_log(chain: &Chain<'_>, log: &StreamLog, (windows, carried): (&[Window], &BTreeSet<Term>)) -> Outcome {
    let mut lifts = BTreeSet::new();
    for at in 0..chain.rows.lift.0.len() {
        lifts.insert(chain.lift(at.into())?);
    }
    ensure(
        lifts == *carried && lifts.len() == chain.rows.lift.0.len(),
        "events carry on other values than the services read",
    )?;
    let reach = |window: &&Window| reach_us(window).map_or((1, 0), |us| (0, us));
    let furthest = windows.iter().map(|window| reach(&window)).max();
    let of = windows.iter().find(|window| Some(reach(window)) == furthest);
    let kept = &log.retention;
    let late = match chain.accept.lateness {
        featc_ir::Lateness::Unbounded => 0,
        featc_ir::Lateness::Within { bound_us } => bound_us,
    };
    ensure(
        of == Some(&kept.window)
            && kept.keep_us == presence_us(&kept.window, chain.accept.lateness)
            && (kept.lateness_us, kept.read_skew_us) == (late, crate::lifted::READ_SKEW_US),
        "it keeps events for another time than its windows reach",
    )?;
    let types: Vec<Type> = chain.rows.lift.0.iter().map(|lift| lift.ty).collect();
    let entity: Vec<Type> = chain.rows.key.entity.iter().map(|key| key.ty).collect();
    let column = |id: &ColumnId| chain.scan.columns.get(id.index());
    let identity = chain
        .dedup
        .identity
        .iter()
        .map(|id| column(id).map(|column| (&column.name, column.ty)));
    let state = &log.state;
    let is_kept = state.lifts == types
        && state.entity == entity
        && state.identity.iter().map(|key| Some((&key.name, key.ty))).eq(identity)
        && state.waits
            == matches!(
                chain.accept.arrival,
                Some(Arrival::Column(_) | Arrival::AfterTime { .. })
            );
    ensure(is_kept, "its state has another schema than its events")?;
    ensure(
        (log.gate == Visibility::Always) == (chain.accept.arrival == Some(Arrival::Static)),
        "its gate is another",
    )
}
