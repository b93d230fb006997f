//! Other entities: their rows are removed, or rows of new ones are added.

use super::super::case::{Case, Events};
use super::super::engines::Ground;
use super::super::sample::{asked_views, views_of};
use super::{Changed, drawn_rows};
use crate::report::counted;
use featc_ir::{ColumnId, Key, Type, View};
use featr::{Random, Value};
use featr_model::Model;
use std::collections::BTreeSet;

/// Keeps the questions about some entities, and takes out the rows of those that these are not about.
pub fn remove(ground: &Ground<'_>, changed: &mut Changed) -> Result<(), String> {
    let all = changed.case.asked.len();
    let rows = changed.case.model_rows(ground.ir, None);
    let model = Model::new(ground.ir, &rows);
    let kept = some_questions(ground, &changed.case, &model);
    changed.case.asked = changed.case.asked.take(&kept);
    changed.rows = kept;
    let case = &changed.case;
    let mut removed = 0;
    let mut sources = Vec::new();
    for events in &case.sources {
        if events.is_looked_into {
            sources.push(events.clone());
            continue;
        }
        let (mut own, mut foreign) = (BTreeSet::new(), BTreeSet::new());
        // Who is asked about in one role is not foreign in another.
        for (id, view, keys) in asked_views(ground) {
            if ground.ir.view_source(view).name != events.source.name {
                continue;
            }
            let asked: BTreeSet<Vec<Value>> = entity_of_rows(keys, case).into_iter().collect();
            for (entity, of_entity) in &model.view_events(id).by_entity {
                let into = if asked.contains(entity) { &mut own } else { &mut foreign };
                into.extend(of_entity.iter().map(|event| event.source_row as u32));
            }
        }
        let left: Vec<u32> = (0..events.rows.rows as u32)
            .filter(|row| own.contains(row) || !foreign.contains(row))
            .collect();
        removed += events.rows.rows - left.len();
        sources.push(events.take(&left));
    }
    changed.what = format!(
        "{}, {} of {} asked",
        counted(removed, "row"),
        changed.rows.len(),
        counted(all, "question")
    );
    changed.case.sources = sources;
    match removed {
        0 => Err("every row is about an entity that is asked about, or of a table that is looked into".to_owned()),
        _ => Ok(()),
    }
}

/// Questions in an order by seed, as long as the entities that they are about have half of the events at most; one in any
/// case. Ascending.
fn some_questions(ground: &Ground<'_>, case: &Case, model: &Model<'_>) -> Vec<u32> {
    let of_views: Vec<_> = asked_views(ground)
        .map(|(id, _, keys)| (&model.view_events(id).by_entity, entity_of_rows(keys, case)))
        .collect();
    let all = of_views.iter().flat_map(|(known, _)| known.values());
    let most = all.map(Vec::len).sum::<usize>() / 2;
    let mut asked: Vec<BTreeSet<&Vec<Value>>> = vec![BTreeSet::new(); of_views.len()];
    let mut order: Vec<u32> = (0..case.asked.len() as u32).collect();
    let mut random = Random::new(ground.seed);
    random.shuffle(&mut order);
    let (mut kept, mut events) = (Vec::new(), 0);
    for row in order {
        let new = of_views.iter().zip(&asked).map(|((known, entities), asked)| {
            let entity = &entities[row as usize];
            match asked.contains(entity) {
                true => 0,
                false => known.get(entity).map_or(0, Vec::len),
            }
        });
        let with_it = events + new.sum::<usize>();
        if kept.is_empty() || with_it <= most {
            events = with_it;
            kept.push(row);
            for ((_, entities), asked) in of_views.iter().zip(&mut asked) {
                asked.insert(&entities[row as usize]);
            }
        }
    }
    kept.sort_unstable();
    kept
}

/// Per question: these keys of it.
fn entity_of_rows(keys: &[Key], case: &Case) -> Vec<Vec<Value>> {
    let of_row = |row: usize| {
        let value = |name: &String| {
            let found = case.asked.columns.iter().find(|(key, _)| key.name == *name);
            found.map_or(Value::Null, |(_, column)| column.value(row))
        };
        keys.iter().map(|key| value(&key.name)).collect()
    };
    (0..case.asked.len()).map(of_row).collect()
}

/// Adds rows of entities that nobody asks about: rows of the source with new values in the key columns.
pub fn add(ground: &Ground<'_>, changed: &mut Changed) -> Result<(), String> {
    let mut added = 0;
    let columns = changed.case.asked.columns.iter().map(|(_, column)| column);
    let asked: BTreeSet<Value> = columns.flat_map(featr::Column::values).collect();
    for place in 0..changed.case.sources.len() {
        let events = &changed.case.sources[place];
        let Some(columns) = key_columns(ground, events).filter(|_| !events.is_looked_into) else {
            continue;
        };
        let mut rows = drawn_rows(ground, events);
        for (number, row) in rows.iter_mut().enumerate() {
            for column in &columns {
                row[column.index()] = unasked(&asked, events.source.columns[column.index()].ty, number);
            }
        }
        added += rows.len();
        changed.case.sources[place].add(&rows);
    }
    changed.what = counted(added, "row");
    match added {
        0 => Err("no source that is not looked into has rows and plain keys of type string or int64".to_owned()),
        _ => Ok(()),
    }
}

/// Columns of the source that decide the entities of all its views; `None` if some entity is decided by others.
fn key_columns(ground: &Ground<'_>, events: &Events) -> Option<BTreeSet<ColumnId>> {
    let source = &events.source;
    let views = views_of(ground).into_iter().map(|(_, view)| view);
    let own: Vec<&View> = views
        .filter(|view| ground.ir.view_source(view).name == source.name)
        .collect();
    let can_change = |column: &ColumnId| {
        let declared = source.columns.get(column.index());
        declared.is_some_and(|column| matches!(column.ty, Type::String | Type::Int64))
    };
    let mut columns = BTreeSet::new();
    for view in own {
        columns.insert(*view.key.iter().find(|column| can_change(column))?);
    }
    (!columns.is_empty()).then_some(columns)
}

/// A value that is not among those that questions bring.
fn unasked(asked: &BTreeSet<Value>, ty: Type, number: usize) -> Value {
    let candidate = |again: i64| match ty {
        Type::Int64 => Value::Int64(i64::MIN / 2 + number as i64 + again * 1_000_003),
        _ => Value::String(format!("unasked {number}.{again}")),
    };
    let found = (0..=asked.len() as i64)
        .map(candidate)
        .find(|value| !asked.contains(value));
    found.unwrap_or(Value::Null)
}
