//! A schema that records were written with, from its JSON.
//!
//! Only what is needed to read what was written: defaults, orders, aliases and documentation say nothing here, and a logical type
//! that its schema cannot have counts for nothing, as the specification of Avro wants it.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Where a type stands in [`Schema::types`].
pub type TypeId = usize;

/// A schema; types name each other by number, so that a record may have itself inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    types: Vec<Type>,
    root: TypeId,
}

/// What a value is, logical types included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    Null,
    Bool,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Vec<String>),
    Record(Vec<Field>),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    /// Days since the epoch.
    Date,
    Instant(Instant),
    /// Two's complement, in so many bytes or in as many as it has.
    Decimal {
        bytes: Option<usize>,
        scale: u32,
    },
    /// Sixteen bytes.
    Uuid,
    /// Months, days and milliseconds.
    Duration,
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Of its unit in a second.
    pub per_second: i64,
    /// As the clocks of a place show it: without an offset.
    pub is_local: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub ty: TypeId,
}

impl Schema {
    pub fn root(&self) -> TypeId {
        self.root
    }

    pub fn ty(&self, id: TypeId) -> &Type {
        // Numbers are those that the reader gave.
        self.types.get(id).unwrap_or(&Type::Null)
    }
}

/// The schemas of one record: those that it refers to, and then its own.
#[derive(Debug, Default)]
pub struct Schemas {
    types: Vec<Type>,
    /// By full name.
    named: BTreeMap<String, TypeId>,
}

impl Schemas {
    /// Reads a schema whose types those after it may name.
    ///
    /// # Errors
    /// It is none, in words.
    pub fn add(&mut self, text: &str) -> Result<TypeId, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        self.read(&json, "")
    }

    /// Reads the schema of the records themselves.
    ///
    /// # Errors
    /// As [`Schemas::add`].
    pub fn finish(mut self, text: &str) -> Result<Schema, String> {
        let root = self.add(text)?;
        let types = self.types;
        Ok(Schema { types, root })
    }

    fn new(&mut self, ty: Type) -> TypeId {
        self.types.push(ty);
        self.types.len() - 1
    }

    /// A schema within this namespace.
    fn read(&mut self, json: &Value, namespace: &str) -> Result<TypeId, String> {
        match json {
            Value::String(name) => self.by_name(name, namespace),
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| self.read(branch, namespace));
                let branches = branches.collect::<Result<_, _>>()?;
                Ok(self.new(Type::Union(branches)))
            }
            Value::Object(object) => self.read_object(object, namespace),
            other => Err(format!("no type: {other}")),
        }
    }

    fn by_name(&mut self, name: &str, namespace: &str) -> Result<TypeId, String> {
        if let Some(primitive) = primitive(name) {
            return Ok(self.new(primitive));
        }
        let known = self.named.get(&full_name(name, namespace));
        let known = known.or_else(|| self.named.get(name)).copied();
        known.ok_or_else(|| format!("no type `{name}` in front of where it is named"))
    }

    fn read_object(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<TypeId, String> {
        let ty = object.get("type").ok_or("a type that says no `type`")?;
        let Value::String(word) = ty else {
            // `{"type": {"type": "string"}}`
            return self.read(ty, namespace);
        };
        let inner = |key: &str| {
            let found = object.get(key);
            found.ok_or_else(|| format!("a type `{word}` without `{key}`"))
        };
        match word.as_str() {
            "array" => {
                let items = self.read(inner("items")?, namespace)?;
                Ok(self.new(Type::Array(items)))
            }
            "map" => {
                let values = self.read(inner("values")?, namespace)?;
                Ok(self.new(Type::Map(values)))
            }
            "record" | "error" => {
                let (name, namespace) = named(object, namespace)?;
                // Its fields may name it.
                let id = self.new(Type::Null);
                self.named.insert(name, id);
                let fields = inner("fields")?.as_array().ok_or("`fields` is no list")?;
                let fields: Result<Vec<Field>, String> =
                    fields.iter().map(|field| self.read_field(field, &namespace)).collect();
                let record = Type::Record(fields?);
                self.types
                    .get_mut(id)
                    .into_iter()
                    .for_each(|place| *place = record.clone());
                Ok(id)
            }
            "enum" => {
                let symbols = inner("symbols")?.as_array().ok_or("`symbols` is no list")?;
                let symbols = symbols.iter().map(|symbol| symbol.as_str().map(str::to_owned));
                let symbols = symbols.collect::<Option<_>>().ok_or("a symbol that is no text")?;
                self.keep(object, namespace, Type::Enum(symbols))
            }
            "fixed" => {
                let size = inner("size")?.as_u64().and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or("`size` is no number of bytes")?;
                let ty = logical(object, &Type::Fixed(size)).unwrap_or(Type::Fixed(size));
                self.keep(object, namespace, ty)
            }
            word => match primitive(word) {
                Some(primitive) => {
                    let ty = logical(object, &primitive).unwrap_or(primitive);
                    Ok(self.new(ty))
                }
                None => self.by_name(word, namespace),
            },
        }
    }

    fn read_field(&mut self, field: &Value, namespace: &str) -> Result<Field, String> {
        let name = field
            .get("name")
            .and_then(Value::as_str)
            .ok_or("a field without a name")?;
        let ty = field.get("type");
        let ty = ty.ok_or_else(|| format!("a field `{name}` that says no `type`"))?;
        Ok(Field {
            name: name.to_owned(),
            ty: self.read(ty, namespace)?,
        })
    }

    /// A type with a name.
    fn keep(&mut self, object: &Map<String, Value>, namespace: &str, ty: Type) -> Result<TypeId, String> {
        let (name, _) = named(object, namespace)?;
        let id = self.new(ty);
        self.named.insert(name, id);
        Ok(id)
    }
}

fn primitive(word: &str) -> Option<Type> {
    Some(match word {
        "null" => Type::Null,
        "boolean" => Type::Bool,
        "int" => Type::Int,
        "long" => Type::Long,
        "float" => Type::Float,
        "double" => Type::Double,
        "bytes" => Type::Bytes,
        "string" => Type::String,
        _ => return None,
    })
}

fn full_name(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.to_owned(),
        false => format!("{namespace}.{name}"),
    }
}

/// The full name of a type that has one, and the namespace of what is inside.
fn named(object: &Map<String, Value>, namespace: &str) -> Result<(String, String), String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let name = text("name").ok_or("a record, enum or fixed without a name")?;
    let full = full_name(name, text("namespace").unwrap_or(namespace));
    let inner = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
    Ok((full, inner))
}

/// What the logical type says that stands beside a type, if that can have it.
fn logical(object: &Map<String, Value>, ty: &Type) -> Option<Type> {
    let instant = |per_second, is_local| Some(Type::Instant(Instant { per_second, is_local }));
    match (object.get("logicalType")?.as_str()?, ty) {
        ("date", Type::Int) => Some(Type::Date),
        ("timestamp-millis", Type::Long) => instant(1_000, false),
        ("timestamp-micros", Type::Long) => instant(1_000_000, false),
        ("timestamp-nanos", Type::Long) => instant(1_000_000_000, false),
        ("local-timestamp-millis", Type::Long) => instant(1_000, true),
        ("local-timestamp-micros", Type::Long) => instant(1_000_000, true),
        ("local-timestamp-nanos", Type::Long) => instant(1_000_000_000, true),
        ("uuid", Type::Fixed(16)) => Some(Type::Uuid),
        ("duration", Type::Fixed(12)) => Some(Type::Duration),
        ("decimal", Type::Bytes | Type::Fixed(_)) => {
            let number = |key: &str| object.get(key).map_or(Some(0), Value::as_u64);
            let (precision, scale) = (number("precision")?, number("scale")?);
            let is_one = precision > 0 && scale <= precision;
            let bytes = match ty {
                Type::Fixed(bytes) => Some(*bytes),
                _ => None,
            };
            let scale = u32::try_from(scale)
                .ok()
                .filter(|scale| *scale <= SCALE_MAX && is_one)?;
            Some(Type::Decimal { bytes, scale })
        }
        _ => None,
    }
}

/// A decimal of more digits after the point is bytes.
const SCALE_MAX: u32 = 1_000;
