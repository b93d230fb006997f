//! Names that questions give to identities: what is said of one thing is not said of another.

use super::clauses::Found;
use crate::evaluators::Case;
use featc_ir::Key;
use featr_kernels::Value;

/// The columns of the question that carry the name of a source.
pub fn qualified(case: &Case) -> Vec<Key> {
    let service = case.program.service(&case.service).expect("drawn");
    let mut columns = case.program.service_self_columns(service);
    columns.retain(|column| column.name.contains('.'));
    columns
}

/// What questions call identities, where something else has the name.
pub fn names(case: &Case, found: &mut Found) {
    let shared = qualified(case);
    // What else has the name says nothing of the identity: a key, or a `unique` column of a source that nobody asks.
    let service = case.program.service(&case.service).expect("drawn");
    let keys = case.program.service_keys(service);
    for own in &shared {
        let (name, plain) = (own.name.clone(), own.name.split_once('.').expect("qualified").1);
        match keys.iter().find(|key| key.name == plain) {
            Some(key) if key.ty == own.ty => {
                let key = key.name.clone();
                found.add("key named like an identity", move |case| {
                    replace(case, &name, Some(&key))
                });
            }
            Some(_) => {}
            None if shared
                .iter()
                .all(|other| other == own || !other.name.ends_with(&format!(".{plain}"))) =>
            {
                found.add("identity named like another", move |case| replace(case, &name, None));
            }
            None => {}
        }
    }
    // Each source gets what was said of another: texts and numbers are no identities of each other.
    let plain = |key: &Key| key.name.split_once('.').map(|(_, plain)| plain.to_owned());
    let alike = |own: &Key| -> Vec<String> {
        let others = shared
            .iter()
            .filter(|other| other.ty == own.ty && plain(other) == plain(own));
        others.map(|other| other.name.clone()).collect()
    };
    if let Some(names) = shared.iter().map(alike).find(|names| names.len() > 1) {
        found.add("shared identity names", move |case| {
            for asked in &mut case.questions {
                let (mut places, values): (Vec<usize>, Vec<Value>) = names
                    .iter()
                    .filter_map(|name| {
                        let place = asked.values.iter().position(|(known, _)| known == name)?;
                        Some((place, asked.values[place].1.clone()))
                    })
                    .unzip();
                places.rotate_left(1);
                for (place, value) in places.into_iter().zip(values) {
                    asked.values[place].1 = value;
                }
            }
        });
    }
}

/// Says in all questions of a column what they say of another, or null.
fn replace(case: &mut Case, column: &str, by: Option<&str>) {
    for asked in &mut case.questions {
        let said = asked.values.iter().find(|(known, _)| Some(known.as_str()) == by);
        let said = said.map_or(Value::Null, |(_, value)| value.clone());
        if let Some((_, value)) = asked.values.iter_mut().find(|(known, _)| known == column) {
            *value = said;
        }
    }
}
