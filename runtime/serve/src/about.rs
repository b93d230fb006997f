//! What is served, for people and for tools.

use crate::endpoints::{Access, Does, ENDPOINTS, Endpoint};
use crate::feast::STATUSES;
use crate::head::{ARROW, ID_BYTES_MAX, JSON};
use crate::shared::Server;
use featc_ir::{Arrival, Key, Source, Type};
use featr_online::Runtime;
use serde_json::{Map, Value, json};

fn keys(keys: &[Key]) -> Vec<Value> {
    keys.iter()
        .map(|key| json!({ "name": key.name, "type": key.ty.to_string() }))
        .collect()
}

fn source(source: &Source) -> Value {
    let columns: Vec<Value> = source.columns.iter().map(featr::column_json).collect();
    let arrival = match source.arrival {
        Some(Arrival::Column(column)) => json!(source.columns[column.index()].name),
        Some(Arrival::AfterTime { .. }) => json!("after its event time"),
        Some(Arrival::Static) => json!("static"),
        None => Value::Null,
    };
    json!({ "name": source.name, "columns": columns, "arrival": arrival })
}

/// The services with their keys and features, and the sources with their columns.
pub fn services(runtime: &Runtime) -> Value {
    let program = runtime.program();
    let service = |name: &str| {
        let asked = program
            .service(name)
            .map(|asked| keys(&asked.columns()))
            .unwrap_or_default();
        let gated = program.gated(name);
        let fields = runtime.fields(name).into_iter().enumerate();
        let features = fields.map(|(place, (name, ty))| {
            let mut about = json!({ "name": name, "type": ty.to_string() });
            if gated.contains(&place) {
                about["fallback"] = json!("gate");
            }
            about
        });
        let features: Vec<Value> = features.collect();
        let sources = program.service_inputs(name).unwrap_or_default();
        let sources: Vec<String> = sources.into_iter().map(|source| source.name).collect();
        json!({ "name": name, "keys": asked, "features": features, "sources": sources })
    };
    json!({
        "program": program.hash(),
        "services": program.services().map(service).collect::<Vec<_>>(),
        "sources": program.inputs().iter().map(source).collect::<Vec<_>>(),
    })
}

/// The JSON schema of a value.
fn schema(ty: Type) -> Value {
    let nullable = |name: &str| json!({ "type": [name, "null"] });
    let text = |format: &str| json!({ "type": ["string", "null"], "format": format });
    match ty {
        Type::Bool => nullable("boolean"),
        Type::Int64 => nullable("integer"),
        Type::Float64 => json!({ "type": ["number", "string", "null"] }),
        Type::Decimal { .. } => nullable("number"),
        Type::Timestamp => text("date-time"),
        Type::Date => text("date"),
        Type::Duration => text("duration"),
        Type::String => nullable("string"),
        Type::List(of) => json!({ "type": ["array", "null"], "items": schema(*of) }),
    }
}

fn object(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    let properties: Map<String, Value> = entries.into_iter().collect();
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// An object with these entries.
fn record<const N: usize>(entries: [(&str, Value); N]) -> Value {
    object(entries.map(|(name, schema)| (name.to_owned(), schema)))
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What `/ready` says.
fn ready() -> Value {
    let mut said = record([("status", json!({ "type": "string" }))]);
    said["properties"]["checkpoint_failed"] = json!({ "type": "string" });
    said
}

/// What Feast's SDK sends, and what it is answered.
fn of_feast(server: &Server) -> (Value, Value) {
    let list = |items: Value| json!({ "type": "array", "items": items });
    let values = json!({ "type": "array", "maxItems": server.limits.entities });
    let services: Vec<&str> = server.runtime.program().services().collect();
    let question = json!({
        "type": "object",
        "properties": {
            "entities": { "type": "object", "minProperties": 1, "additionalProperties": values },
            "feature_service": { "enum": services },
            "features": list(json!({ "type": "string", "pattern": "^[^:]+:[^:]+$" })),
            "full_feature_names": { "type": "boolean" },
            "include_feature_view_version_metadata": { "enum": [false] },
        },
        "required": ["entities"],
        "additionalProperties": false,
    });
    let result = record([
        ("values", list(json!({}))),
        ("statuses", list(json!({ "enum": STATUSES }))),
        (
            "event_timestamps",
            list(json!({ "type": "string", "format": "date-time" })),
        ),
    ]);
    let metadata = record([("feature_names", list(json!({ "type": "string" })))]);
    let answer = record([("metadata", metadata), ("results", list(result))]);
    (question, answer)
}

/// What requests and answers are made of, by name.
fn schemas(server: &Server) -> Map<String, Value> {
    let (runtime, program) = (&server.runtime, server.runtime.program());
    let text = || json!({ "type": "string" });
    let text_or_null = || json!({ "type": ["string", "null"] });
    let instant = || json!({ "type": "string", "format": "date-time" });
    let number = || json!({ "type": "integer" });
    let numbers = || json!({ "type": "object", "additionalProperties": { "type": "integer" } });
    let mut all = Map::new();
    let (mut entities, mut answers) = (Vec::new(), Vec::new());
    for name in program.services() {
        let asked = program.service(name).map(|asked| asked.columns()).unwrap_or_default();
        let entity = object(asked.iter().map(|key| (key.name.clone(), schema(key.ty))));
        let fields = runtime.fields(name);
        let values = object(fields.iter().map(|(name, ty)| (name.clone(), schema(*ty))));
        let statuses = object(fields.iter().map(|(name, _)| (name.clone(), text())));
        let (of_entity, of_values) = (format!("{name}.entity"), format!("{name}.values"));
        let of_statuses = format!("{name}.statuses");
        entities.push(reference(&of_entity));
        answers.push(record([
            ("values", reference(&of_values)),
            ("statuses", reference(&of_statuses)),
        ]));
        all.extend([(of_entity, entity), (of_values, values), (of_statuses, statuses)]);
    }
    if program.services().any(|name| !program.gated(name).is_empty()) {
        answers.push(reference("refusal"));
    }
    let question = json!({
        "type": "object",
        "properties": {
            "service": { "enum": program.services().collect::<Vec<_>>() },
            "entity": { "anyOf": entities },
            "entities": { "type": "array", "maxItems": server.limits.entities, "items": { "anyOf": entities } },
            "at": instant(),
            "request_id": { "type": "string", "maxLength": ID_BYTES_MAX },
        },
        "required": ["service"],
        "additionalProperties": false,
    });
    let answer = record([
        ("service", text()),
        ("program", text()),
        ("request_id", text_or_null()),
        ("at", instant()),
        ("cuts", json!({ "type": "object", "additionalProperties": instant() })),
        ("answers", json!({ "type": "array", "items": { "anyOf": answers } })),
    ]);
    let of_feast = of_feast(server);
    let by_view = json!({ "type": "object", "additionalProperties": numbers() });
    let mut example = record([("place", number()), ("reason", text()), ("detail", text())]);
    example["properties"]["help"] = text();
    let pushed = record([
        ("source", text()),
        ("request_id", text_or_null()),
        ("rows", number()),
        ("accepted", number()),
        ("rejected", numbers()),
        ("rejected_by_view", by_view),
        ("arrival", json!({ "type": ["string", "null"], "format": "date-time" })),
        ("late_for_cut", number()),
        ("expired", number()),
        ("examples", json!({ "type": "array", "items": example })),
        ("undeclared", json!({ "type": "array", "items": text() })),
    ]);
    let mut error = record([("code", text()), ("message", text()), ("help", text())]);
    error["properties"]["gated"] = json!({ "type": "object", "additionalProperties": text() });
    let refusal = record([("error", error)]);
    for (name, schema) in [
        ("question", question),
        ("answer", answer),
        ("feast.question", of_feast.0),
        ("feast.answer", of_feast.1),
        ("pushed", pushed),
        ("refusal", refusal),
    ] {
        all.insert(name.to_owned(), schema);
    }
    all
}

/// What an address takes and gives, per form.
fn forms(media: &[&str], as_json: &Value) -> Value {
    let form = |media: &&str| {
        let schema = match *media {
            JSON => as_json.clone(),
            ARROW => json!({ "type": "string", "format": "binary" }),
            _ => json!({ "type": "string" }),
        };
        ((*media).to_owned(), json!({ "schema": schema }))
    };
    Value::Object(media.iter().map(form).collect())
}

fn operation(endpoint: &Endpoint, server: &Server) -> Value {
    let mut parameters = Vec::new();
    if endpoint.does == Does::Push {
        let sources = server.runtime.program().inputs();
        let names: Vec<String> = sources.into_iter().map(|source| source.name).collect();
        parameters.push(json!({ "name": "source", "in": "path", "required": true, "schema": { "enum": names } }));
    }
    if endpoint.access != Access::Everybody {
        let schema = json!({ "type": "string", "maxLength": ID_BYTES_MAX });
        parameters.push(json!({ "name": "X-Request-Id", "in": "header", "required": false, "schema": schema }));
    }
    let (takes, gives) = match endpoint.does {
        Does::Push => (Value::Null, reference("pushed")),
        Does::Answer => (reference("question"), reference("answer")),
        Does::Feast => (reference("feast.question"), reference("feast.answer")),
        Does::Live => (Value::Null, record([("status", json!({ "type": "string" }))])),
        Does::Ready => (Value::Null, ready()),
        Does::Services | Does::Describe | Does::Metrics => (Value::Null, json!({ "type": "object" })),
    };
    let done = json!({ "description": "done", "content": forms(endpoint.gives, &gives) });
    let refused = json!({ "description": "refused, with a code", "content": forms(&[JSON], &reference("refusal")) });
    let mut operation = json!({
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": { "200": done, "default": refused },
    });
    if !endpoint.takes.is_empty() {
        operation["requestBody"] = json!({ "required": true, "content": forms(endpoint.takes, &takes) });
    }
    if endpoint.access == Access::Everybody {
        operation["security"] = json!([]);
    }
    operation
}

/// The description of this server in OpenAPI 3.1.
pub fn openapi(server: &Server) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in &ENDPOINTS {
        let method = endpoint.method.as_str().to_lowercase();
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[method] = operation(endpoint, server);
    }
    let security: Vec<Value> = server.token.iter().map(|_| json!({ "token": [] })).collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "featc serve", "version": server.runtime.program().hash() },
        "paths": paths,
        "components": {
            "schemas": schemas(server),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
        "security": security,
    })
}
