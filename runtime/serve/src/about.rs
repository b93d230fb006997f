//! What is served, for people and for tools.

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
    let columns = source.columns.iter();
    let columns: Vec<Value> = columns
        .map(|column| json!({ "name": column.name, "type": column.ty.to_string(), "nullable": column.nullable }))
        .collect();
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
        let features = runtime.fields(name);
        let features: Vec<Value> = features
            .iter()
            .map(|(name, ty)| json!({ "name": name, "type": ty.to_string() }))
            .collect();
        let sources = program.service_sources(name).unwrap_or_default();
        let sources: Vec<String> = sources.into_iter().map(|source| source.name).collect();
        json!({ "name": name, "keys": asked, "features": features, "sources": sources })
    };
    json!({
        "program": program.hash(),
        "services": program.services().map(service).collect::<Vec<_>>(),
        "sources": program.sources().iter().map(source).collect::<Vec<_>>(),
    })
}

/// The JSON schema of a value.
fn schema(ty: Type) -> Value {
    let nullable = |name: &str| json!({ "type": [name, "null"] });
    match ty {
        Type::Bool => nullable("boolean"),
        Type::Int64 => nullable("integer"),
        Type::Float64 => json!({ "type": ["number", "string", "null"] }),
        Type::Timestamp => json!({ "type": ["string", "null"], "format": "date-time" }),
        Type::Decimal { .. } | Type::String | Type::Date | Type::Duration => nullable("string"),
        Type::List(_) => nullable("array"),
    }
}

fn object(entries: impl Iterator<Item = (String, Value)>) -> Value {
    let properties: Map<String, Value> = entries.collect();
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The description of this server in OpenAPI 3.1.
pub fn openapi(server: &Server) -> Value {
    let runtime = &server.runtime;
    let program = runtime.program();
    let mut schemas = Map::new();
    for name in program.services() {
        let asked = program.service(name).map(|asked| asked.columns()).unwrap_or_default();
        let entity = object(asked.iter().map(|key| (key.name.clone(), schema(key.ty))));
        let values = object(runtime.fields(name).into_iter().map(|(name, ty)| (name, schema(ty))));
        schemas.insert(format!("{name}.entity"), entity);
        schemas.insert(format!("{name}.values"), values);
    }
    let entities: Vec<Value> = program
        .services()
        .map(|name| json!({ "$ref": format!("#/components/schemas/{name}.entity") }))
        .collect();
    schemas.insert("refusal".to_owned(), json!({
        "type": "object",
        "properties": { "error": object(["code", "message", "help"].map(|name| (name.to_owned(), json!({ "type": "string" }))).into_iter()) },
        "required": ["error"],
    }));
    let content = |media: &str, schema: Value| json!({ media: { "schema": schema } });
    let any = || content("application/json", json!({ "type": "object" }));
    let refused = json!({ "description": "refused, with a code", "content": content("application/json", json!({ "$ref": "#/components/schemas/refusal" })) });
    let done = |what: &str| json!({ "200": { "description": what, "content": any() }, "default": refused });
    let request = json!({
        "type": "object",
        "properties": {
            "service": { "enum": program.services().collect::<Vec<_>>() },
            "entity": { "anyOf": entities },
            "entities": { "type": "array", "maxItems": server.limits.entities, "items": { "anyOf": entities } },
            "at": { "type": "string", "format": "date-time" },
            "request_id": { "type": "string" },
        },
        "required": ["service"],
        "additionalProperties": false,
    });
    let names: Vec<String> = program.sources().into_iter().map(|source| source.name).collect();
    let push = json!({ "post": {
        "summary": "Push rows of a source: JSON lines, or an Arrow IPC stream",
        "parameters": [{ "name": "source", "in": "path", "required": true, "schema": { "enum": names } }],
        "requestBody": { "required": true, "content": {
            "application/jsonl": { "schema": { "type": "string" } },
            "application/vnd.apache.arrow.stream": { "schema": { "type": "string", "format": "binary" } },
        } },
        "responses": done("the rows are durable; what could not be used is counted"),
    } });
    let answer = json!({ "post": {
        "summary": "Ask for the features of one entity or of many",
        "requestBody": { "required": true, "content": content("application/json", request) },
        "responses": done("values and statuses, the instant, and the cut of each source"),
    } });
    let get = |summary: &str| json!({ "get": { "summary": summary, "responses": done(summary) } });
    let security: Vec<Value> = server.token.iter().map(|_| json!({ "token": [] })).collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "featc serve", "version": program.hash() },
        "paths": {
            "/v1/push/{source}": push,
            "/v1/answer": answer,
            "/v1/services": get("Services with keys and features, sources with columns"),
            "/openapi.json": get("This description"),
            "/health": get("Whether the process is alive"),
            "/ready": get("Whether it takes requests"),
            "/metrics": get("Numbers, as Prometheus reads them"),
        },
        "components": { "schemas": schemas, "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
        "security": security,
    })
}
