//! The search for why no question finds an entity in a view: keys that do not meet, or instants.
//!
//! The files of the view's source are read once more, whole when a run is refused; and up to [`LOOKED_MAX`] rows, for
//! the first of the questions that find nothing where others do.

use crate::absence::{Absence, Unfound};
use crate::error::Error;
use crate::program::Program;
use crate::recorded::Side;
use crate::spine::Spine;
use crate::view_rejects::Node;
use featc_ir::Key;
use featr_decode::{ReadOptions, read_source};
use featr_kernels::{Column, Data, identity, rows};
use std::collections::{BTreeMap, HashSet};

/// So many keys that were asked are compared, letter by letter, with so many keys of events.
const ASKED_MAX: usize = 5;
const KNOWN_MAX: usize = 10_000;
/// Keys are kept up to so many bytes.
const KNOWN_BYTES_MAX: usize = 16 << 20;
/// Of longer keys the first letters are compared.
const LETTERS_MAX: usize = 40;

/// So many rows of a source are looked at for questions that find nothing where others do.
const LOOKED_MAX: usize = 1 << 16;
/// And up to so many bytes of their texts and lists.
const LOOKED_BYTES_MAX: usize = 64 << 20;

/// Two instants, of which the first is not after the second.
fn widen(span: &mut Option<(i64, i64)>, at: i64) {
    let (first, last) = span.get_or_insert((at, at));
    (*first, *last) = ((*first).min(at), (*last).max(at));
}

/// The keys that were asked.
struct Asked {
    keys: Vec<Key>,
    /// By their bytes.
    bytes: HashSet<Box<[u8]>>,
    /// The first of them, in words.
    first: Vec<Vec<String>>,
    /// By what is left of them without case, blanks and zeros.
    plain: BTreeMap<Vec<String>, usize>,
    instants: Option<(i64, i64)>,
    /// The row that asked the first of them.
    row: Option<usize>,
}

/// What the events are found to be.
#[derive(Default)]
struct Found {
    /// Whether nearer keys are looked for although an entity has events; its instants are then those of the first.
    goes_on: bool,
    /// Of the entities that were asked.
    instants: Option<(i64, i64)>,
    /// When the platform learnt of these.
    known_at: Option<(i64, i64)>,
    any: bool,
    /// Rows that a `where` of the transform leaves out.
    filtered: u64,
    known: HashSet<Box<[u8]>>,
    /// Those of all keys in it.
    known_bytes: usize,
    /// How far apart, which key that was asked, and the event's.
    nearest: Option<(usize, usize, Vec<String>)>,
}

/// A key in words, `origin "JFK"`, and the nearest of those that are known, if one is near: the same but for case, blanks and
/// zeros, or also, unless `but_for_trifles`, by letters that differ.
pub(crate) fn nearest(
    keys: &[Key],
    words: Vec<String>,
    known: impl Iterator<Item = Vec<String>>,
    but_for_trifles: bool,
) -> (String, Option<String>) {
    let asked = Asked {
        keys: keys.to_vec(),
        bytes: HashSet::new(),
        plain: BTreeMap::from([(words.iter().map(|word| plain(word)).collect(), 0)]),
        first: vec![words],
        instants: None,
        row: None,
    };
    let mut found = Found::default();
    for (place, words) in known.enumerate() {
        found.goes_on = but_for_trifles || place >= KNOWN_MAX;
        found.compare(&asked, words);
    }
    let nearest = found.nearest.map(|(.., words)| asked.told(&words));
    (asked.told(&asked.first[0]), nearest)
}

impl Program {
    /// Why the questions find nothing in a view of the service.
    pub(crate) fn absence(&self, service: &str, view: &str, questions: &Spine, side: Side) -> Result<Absence, Error> {
        let bug = |why: &str| Error::Bug {
            why: format!("view {view}: {why}"),
        };
        let reader = self
            .node_of(service, view)?
            .ok_or_else(|| bug("nothing reads its events"))?;
        let rows = 0..questions.times.len();
        let asked = Asked::of(questions, &reader.entity, rows).ok_or_else(|| bug("its keys are not asked"))?;
        if asked.bytes.is_empty() {
            return Ok(Absence::NullKeys);
        }
        let mut found = Found::default();
        self.look(&reader, side, &asked, &mut found, usize::MAX)?;
        Ok(found.told(&asked))
    }

    /// One of the questions that find nothing in a view of the service, and what is near: `rows` are the first of them.
    /// `None` where nothing can be told.
    pub fn unfound(&self, service: &str, view: &str, questions: &Spine, rows: &[u32]) -> Option<Unfound> {
        let reader = self.node_of(service, view).ok()??;
        let rows = || rows.iter().map(|row| *row as usize);
        let asked = Asked::of(questions, &reader.entity, rows())?;
        let mut unfound = Unfound {
            asked: asked.first.first().map(|words| asked.told(words)),
            at: *questions.times.get(asked.row.or(rows().next())?)?,
            nearest: None,
            events: None,
        };
        if asked.first.is_empty() {
            return Some(unfound);
        }
        let mut found = Found {
            goes_on: true,
            ..Found::default()
        };
        // What cannot be read again is not told.
        let is_whole = self.look(&reader, Side::Batch, &asked, &mut found, LOOKED_MAX).ok()?;
        match found.nearest {
            Some((_, place, words)) => {
                unfound.asked = asked.first.get(place).map(|words| asked.told(words));
                unfound.nearest = Some(asked.told(&words));
            }
            None if is_whole => unfound.events = found.instants,
            None => {}
        }
        Some(unfound)
    }

    /// Looks at events of a view, until about so many rows are decoded; says whether these were all.
    fn look(&self, reader: &Node, side: Side, asked: &Asked, found: &mut Found, most: usize) -> Result<bool, Error> {
        let source = &reader.source;
        let options = ReadOptions {
            store: Some(self.store()),
            ..ReadOptions::default()
        };
        let (mut left, mut bytes) = (most, 0);
        for decoded in read_source(source, &self.files(source, side)?, self.base(), options)? {
            let batch = decoded?.batch;
            if left == 0 || (most < usize::MAX && bytes > LOOKED_BYTES_MAX) {
                return Ok(false);
            }
            left = left.saturating_sub(batch.rows);
            bytes += batch.columns.iter().map(text_bytes).sum::<usize>();
            let accepted = batch.take(&rows::accept(source, &batch).rows());
            let keyed = rows::apply(&reader.rows, &accepted);
            let columns: Vec<&Column> = keyed.keys.iter().map(AsRef::as_ref).collect();
            found.filtered += keyed.dropped.filtered;
            let arrivals = rows::arrivals(source, &accepted);
            let arrivals = arrivals.map(|all| keyed.rows.iter().map(|row| all[*row as usize]).collect::<Vec<i64>>());
            found.add(asked, &columns, &keyed.times, arrivals.as_deref());
        }
        Ok(true)
    }
}

impl Asked {
    /// Those of some rows.
    fn of(questions: &Spine, entity: &[Key], chosen: impl Iterator<Item = usize>) -> Option<Asked> {
        let column = |key: &Key| {
            let found = questions.columns.iter().find(|(known, _)| known.name == key.name);
            found.map(|(_, column)| column)
        };
        let columns: Vec<&Column> = entity.iter().map(column).collect::<Option<_>>()?;
        let rows = questions.times.len();
        let bytes = identity::keys_of_columns(&columns, rows);
        let mut asked = Asked {
            keys: entity.to_vec(),
            bytes: HashSet::new(),
            first: Vec::new(),
            plain: BTreeMap::new(),
            instants: None,
            row: None,
        };
        for row in chosen.filter(|row| columns.iter().all(|column| column.is_valid(*row))) {
            widen(&mut asked.instants, questions.times[row]);
            asked.row.get_or_insert(row);
            if asked.bytes.insert(bytes.get(row).into()) {
                let words = words(entity, &columns, row);
                let plain = words.iter().map(|word| plain(word)).collect();
                asked.plain.entry(plain).or_insert(asked.first.len());
                asked.first.push(words);
            }
        }
        Some(asked)
    }

    /// A key in words: `origin "JFK", carrier "AA"`.
    fn told(&self, words: &[String]) -> String {
        let told = self
            .keys
            .iter()
            .zip(words)
            .map(|(key, word)| format!("{} {word:?}", key.name));
        told.collect::<Vec<_>>().join(", ")
    }
}

impl Found {
    fn add(&mut self, asked: &Asked, columns: &[&Column], times: &[i64], arrivals: Option<&[i64]>) {
        let bytes = identity::keys_of_columns(columns, times.len());
        self.any |= !times.is_empty();
        for (row, time) in times.iter().enumerate() {
            let key = bytes.get(row);
            if asked.bytes.contains(key) {
                let is_first = || words(&asked.keys, columns, row) == asked.first[0];
                if !self.goes_on || is_first() {
                    widen(&mut self.instants, *time);
                    arrivals.iter().for_each(|all| widen(&mut self.known_at, all[row]));
                }
            } else if (self.goes_on || self.instants.is_none()) && !self.known.contains(key) {
                if self.known.len() < KNOWN_MAX && self.known_bytes + key.len() <= KNOWN_BYTES_MAX {
                    self.known.insert(key.into());
                    self.known_bytes += key.len();
                }
                self.compare(asked, words(&asked.keys, columns, row));
            }
        }
    }

    /// Keeps the pair that is nearest: alike but for case, blanks and zeros, or else by letters that differ.
    fn compare(&mut self, asked: &Asked, words: Vec<String>) {
        let mut keep = |distance: usize, place: usize| {
            let nearer = self
                .nearest
                .as_ref()
                .is_none_or(|known| (distance, place, &words) < (known.0, known.1, &known.2));
            if nearer {
                self.nearest = Some((distance, place, words.clone()));
            }
        };
        let plain: Vec<String> = words.iter().map(|word| plain(word)).collect();
        if let Some(place) = asked.plain.get(&plain) {
            keep(0, *place);
            return;
        }
        // An entity without events may be new: of others, only one that is the same but for such trifles is worth naming.
        if self.goes_on || self.known.len() >= KNOWN_MAX {
            return;
        }
        for (place, wanted) in asked.first.iter().take(ASKED_MAX).enumerate() {
            let letters: usize = wanted.iter().map(|word| word.chars().take(LETTERS_MAX).count()).sum();
            let distances = wanted.iter().zip(&words).map(|(left, right)| distance(left, right));
            let all: usize = distances.sum();
            // Half of the letters of another word agree by chance.
            if all * 3 <= letters.max(3) {
                keep(all, place);
            }
        }
    }

    fn told(self, asked: &Asked) -> Absence {
        match (self.instants, asked.instants) {
            (Some(events), Some(asked)) => Absence::Instants {
                asked,
                events,
                known: self
                    .known_at
                    .map(|(first, _)| first)
                    .filter(|first| *first > asked.1 && events.0 <= asked.1),
            },
            _ if !self.any => Absence::NoEvents {
                filtered: self.filtered,
            },
            _ => {
                let place = self.nearest.as_ref().map_or(0, |(_, place, _)| *place);
                Absence::Keys {
                    asked: asked
                        .first
                        .get(place)
                        .map_or_else(String::new, |words| asked.told(words)),
                    nearest: self.nearest.map(|(.., words)| asked.told(&words)),
                }
            }
        }
    }
}

/// The bytes of a column of texts or lists.
fn text_bytes(column: &Column) -> usize {
    match &column.data {
        Data::Str(texts) => texts.bytes.len(),
        _ => 0,
    }
}

/// The values of a row's keys.
fn words(keys: &[Key], columns: &[&Column], row: usize) -> Vec<String> {
    let values = keys.iter().zip(columns);
    values.map(|(key, column)| column.value(row).render(key.ty)).collect()
}

/// What is left of a key without case, quotes and blanks around it, zeros before it and `.0` after it.
fn plain(word: &str) -> String {
    let word = word.trim().trim_matches('"').trim().to_lowercase();
    let word = word.strip_suffix(".0").unwrap_or(&word);
    word.trim_start_matches('0').to_owned()
}

/// How many letters are to be put in, taken out or changed (Levenshtein), among the first of both.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(LETTERS_MAX).collect();
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().take(LETTERS_MAX).enumerate() {
        let mut before = costs[0];
        costs[0] = row + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = before + usize::from(letter != *other);
            before = costs[column + 1];
            costs[column + 1] = changed.min(before + 1).min(costs[column] + 1);
        }
    }
    costs[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_ir::Type;
    use featr_kernels::Value;

    #[test]
    fn keys_are_kept_up_to_so_many_bytes() {
        let asked = Asked {
            keys: vec![Key {
                name: "card".into(),
                ty: Type::String,
            }],
            bytes: HashSet::new(),
            first: vec![vec!["a".into()]],
            plain: BTreeMap::new(),
            instants: None,
            row: None,
        };
        let mut found = Found {
            goes_on: true,
            ..Found::default()
        };
        for number in 0..40 {
            let key = Value::String(format!("{number}{}", "x".repeat(1 << 20)));
            let column = Column::from_values(Type::String, &[key]);
            found.add(&asked, &[&column], &[0], None);
        }
        let kept: usize = found.known.iter().map(|key| key.len()).sum();
        assert!((8 << 20..=KNOWN_BYTES_MAX).contains(&kept), "{kept}");
    }

    #[test]
    fn long_keys_cost_no_more_than_their_first_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        let (left, right) = ("ab".repeat(50_000), "cd".repeat(50_000));
        assert_eq!(distance(&left, &right), LETTERS_MAX);
    }
}
