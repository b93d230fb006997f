//! Lists and objects of a JSONL spine, which only pass through: the Arrow type that gives every value back, or none.
//!
//! What holds for a column holds for each place inside it, all items of a list being one place: its values are all
//! strings, all booleans, or numbers that one type holds exactly; lists and objects do not mix with others.

use super::infer::Kinds;
use crate::builder::json_string;
use crate::json;
use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

/// Lists and objects nest so deeply at most.
const DEPTH_MAX: usize = 100;

/// What the values at a place have in common so far.
#[derive(Debug)]
pub(super) struct Place {
    strings: bool,
    scalars: Option<Kinds>,
    items: Option<Box<Place>>,
    /// By name, in order of their first occurrence.
    fields: Option<(Vec<Place>, BTreeMap<String, usize>)>,
    /// The name in its object; empty for the items of a list.
    name: String,
}

/// Why a value cannot be passed through.
#[derive(Debug)]
pub(super) enum Refused {
    Why(String),
    /// Objects have more keys than may be.
    Keys,
}

impl Place {
    pub(super) fn new(name: &str) -> Place {
        Place {
            strings: false,
            scalars: None,
            items: None,
            fields: None,
            name: name.to_owned(),
        }
    }

    /// Takes in a JSON value as it is written; `keys` are those that may still be new.
    ///
    /// # Errors
    /// Why it cannot be passed through whatever else is at this place.
    pub(super) fn see(&mut self, raw: &str, keys: &mut usize) -> Result<(), Refused> {
        self.see_at(raw, 0, keys)
    }

    fn see_at(&mut self, raw: &str, depth: usize, keys: &mut usize) -> Result<(), Refused> {
        if depth > DEPTH_MAX {
            return Err(Refused::Why(format!("nests deeper than {DEPTH_MAX} levels")));
        }
        let why = |why: &str| Refused::Why(why.to_owned());
        match raw.as_bytes().first() {
            Some(b'n') => {}
            Some(b'"') => {
                json_string(raw).map_err(|_| why("has a broken escape"))?;
                self.strings = true;
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|_| why("has a broken list"))?;
                let place = self.items.get_or_insert_with(|| Box::new(Place::new("")));
                for item in items {
                    place.see_at(item.get(), depth + 1, keys)?;
                }
            }
            Some(b'{') => {
                let entries = json::entries(raw).map_err(|broken| why(&format!("has an object whose {broken}")))?;
                let (places, by_name) = self.fields.get_or_insert_default();
                for (name, value) in &entries.0 {
                    let known = by_name.get(name.as_ref()).copied();
                    let at = match known {
                        Some(at) => at,
                        None => {
                            *keys = keys.checked_sub(1).ok_or(Refused::Keys)?;
                            places.push(Place::new(name));
                            by_name.insert(name.to_string(), places.len() - 1);
                            places.len() - 1
                        }
                    };
                    places[at].see_at(value, depth + 1, keys)?;
                }
            }
            _ => self.scalars.get_or_insert_with(Kinds::new).see(raw),
        }
        Ok(())
    }

    /// The type of the values, `path` being where they stand; an error says what the place mixes.
    pub(super) fn data_type(&self, path: &str) -> Result<DataType, String> {
        let kinds = [
            self.strings,
            self.scalars.is_some(),
            self.items.is_some(),
            self.fields.is_some(),
        ];
        if kinds.into_iter().filter(|kind| *kind).count() > 1 {
            return Err(format!("a mixture of strings, numbers, lists or objects at `{path}`"));
        }
        if self.strings {
            return Ok(DataType::Utf8);
        }
        if let Some(kinds) = &self.scalars {
            return match kinds.data_type() {
                DataType::Utf8 => Err(format!(
                    "numbers and booleans, or numbers that no numeric type holds exactly, at `{path}`"
                )),
                ty => Ok(ty),
            };
        }
        if let Some(items) = &self.items {
            let ty = items.data_type(&format!("{path}[]"))?;
            return Ok(DataType::List(Arc::new(Field::new("item", ty, true))));
        }
        if let Some((places, _)) = &self.fields {
            let field = |place: &Place| {
                let ty = place.data_type(&format!("{path}.{}", place.name))?;
                Ok(Field::new(&place.name, ty, true))
            };
            let fields = places.iter().map(field).collect::<Result<Vec<_>, String>>()?;
            return Ok(DataType::Struct(fields.into()));
        }
        Ok(DataType::Null)
    }

    /// Texts that were seen as arrays, one per chunk, with their field; an error says what stands against it.
    pub(super) fn arrays(&self, chunks: &[StringArray]) -> Result<(Field, Vec<ArrayRef>), String> {
        let ty = self.data_type(&self.name)?;
        let schema = Arc::new(Schema::new(vec![Field::new("v", ty.clone(), true)]));
        let read = |chunk: &StringArray| -> Option<ArrayRef> {
            let line = |text: Option<&str>| format!("{{\"v\":{}}}\n", text.unwrap_or("null"));
            let lines: String = chunk.iter().map(line).collect();
            let builder = arrow::json::ReaderBuilder::new(schema.clone()).with_batch_size(chunk.len().max(1));
            let batch = builder.build(Cursor::new(lines)).ok()?.next()?.ok()?;
            (batch.num_rows() == chunk.len()).then(|| batch.column(0).clone())
        };
        let mut arrays = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            arrays.push(match chunk.len() {
                0 => arrow::array::new_empty_array(&ty),
                _ => read(chunk).ok_or("lists or objects that do not read back")?,
            });
        }
        Ok((Field::new(&self.name, ty, true), arrays))
    }
}

#[cfg(test)]
mod tests;
