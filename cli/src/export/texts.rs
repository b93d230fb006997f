//! The files of a repository of Feast.

use super::catalogue::{Catalogue, View};
use featc_ir::Type;
use serde_json::json;

const FEATURES: &str = "\"\"\"What Feast knows of the services of `featc serve`: names and types.

Written by `featc export feast`; write it anew when the program changes. Values are computed by the server.
\"\"\"

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
";

const SOURCE: &str = "
# Feast asks for a source. Nothing is ever read from this one, and the file is not there: `feast apply` warns of that.
source = FileSource(name=\"featc\", path=\"data/not-read.parquet\", timestamp_field=\"event_timestamp\")
";

const README: &str = "
```python
from feast import FeatureStore

store = FeatureStore(\".\")  # after `feast apply` in this folder
";

const ANSWERS: &str = "
## Answers

- Values are those of `POST /v1/answer` at the instant of the request. Decimals, instants, dates and durations are texts here:
  Feast would round them. What a feature was before is in the tag `type` of its field.
- Statuses are in `response.proto.results`, a value each. `missing` is NOT_FOUND, `stale` OUTSIDE_MAX_AGE, `error(…)` INVALID;
  `ok`, `empty` and `truncated` are PRESENT, or NULL_VALUE where the value is null. A default stands in the place of the value
  whatever the status says.
- A list of features is answered by a service that has them all, and wants the join keys of this service.
- A server with a token: put the last line of `feature_store.yaml` in force, and the token into `FEATC_TOKEN`.

## What Feast cannot ask

- Another instant than now: training sets are made by `featc train`. `get_historical_features`, `materialize` and `push` of
  Feast have nothing to work on.
- Fields of a request, and `excluding self`.
- Our statuses, cuts, and the hash of the program: they are in the answers of `POST /v1/answer`.
- Lists without items, or with nulls or floats that are no numbers in them (E0822).
";

/// A text of Python, which JSON's form is too.
fn text(text: &str) -> String {
    json!(text).to_string()
}

/// The type of Feast that holds the values, and its word for a key.
fn types(ty: Type) -> (String, &'static str) {
    let (name, value) = match ty {
        Type::Bool => ("Bool", "BOOL"),
        Type::Int64 => ("Int64", "INT64"),
        Type::Float64 => ("Float64", "DOUBLE"),
        Type::String | Type::Decimal { .. } | Type::Timestamp | Type::Date | Type::Duration => ("String", "STRING"),
        Type::List(of) => return (format!("Array({})", types(*of).0), "UNKNOWN"),
    };
    (name.to_owned(), value)
}

/// The type without the list around it.
fn scalar(ty: Type) -> Type {
    if let Type::List(of) = ty { *of } else { ty }
}

/// Whether Feast has a type of its own for it.
fn is_known(ty: Type) -> bool {
    match scalar(ty) {
        Type::Bool | Type::Int64 | Type::Float64 | Type::String => true,
        Type::Decimal { .. } | Type::Timestamp | Type::Date | Type::Duration | Type::List(_) => false,
    }
}

/// `, description="…"` of a doc comment.
fn described(doc: Option<&String>) -> String {
    doc.map_or(String::new(), |doc| format!(", description={}", text(doc)))
}

fn field(name: &str, ty: Type, doc: Option<&String>) -> String {
    let tag = match is_known(ty) {
        true => String::new(),
        false => format!(", tags={{\"type\": {}}}", text(&ty.to_string())),
    };
    let (name, feast, doc) = (text(name), types(ty).0, described(doc));
    format!("Field(name={name}, dtype={feast}{doc}{tag})")
}

fn view(view: &View, catalogue: &Catalogue) -> String {
    let name = &view.name;
    let entities = || view.entities.iter().map(|place| &catalogue.entities[*place]);
    let variables: Vec<String> = entities().map(|entity| format!("entity_{}", entity.name)).collect();
    let keys = entities().map(|entity| field(&entity.key.name, entity.key.ty, None));
    let features = view.features.iter();
    let features = features.map(|feature| field(&feature.name, feature.ty, feature.doc.as_ref()));
    let mut lines = vec![
        format!("name={},", text(name)),
        format!("entities=[{}],", variables.join(", ")),
        "ttl=timedelta(0),".to_owned(),
        "schema=[".to_owned(),
    ];
    lines.extend(keys.chain(features).map(|field| format!("    {field},")));
    lines.extend(["],", "online=True,", "source=source,"].map(str::to_owned));
    lines.extend(view.doc.iter().map(|doc| format!("description={},", text(doc))));
    lines.extend(view.owner.iter().map(|owner| format!("owner={},", text(owner))));
    if !view.tags.is_empty() {
        let tags: Vec<String> = view.tags.iter().map(|tag| format!("{}: \"\"", text(tag))).collect();
        lines.push(format!("tags={{{}}},", tags.join(", ")));
    }
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("\nview_{name} = FeatureView(\n{lines})\n")
}

/// `features.py`.
pub fn features(catalogue: &Catalogue) -> String {
    let keys = catalogue.entities.iter().map(|entity| entity.key.ty);
    let features = catalogue.views.iter().flat_map(|view| &view.features);
    let all: Vec<Type> = keys.chain(features.map(|feature| feature.ty)).collect();
    let mut names: Vec<String> = all.iter().map(|ty| types(scalar(*ty)).0).collect();
    names.extend(all.iter().any(|ty| ty.is_list()).then(|| "Array".to_owned()));
    names.sort();
    names.dedup();
    let mut out = format!("{FEATURES}from feast.types import {}\n{SOURCE}\n", names.join(", "));
    for entity in &catalogue.entities {
        let (name, key, doc) = (&entity.name, text(&entity.key.name), described(entity.doc.as_ref()));
        let (named, value) = (text(name), types(entity.key.ty).1);
        out += &format!("entity_{name} = Entity(name={named}, join_keys=[{key}], value_type=ValueType.{value}{doc})\n");
    }
    catalogue.views.iter().for_each(|one| out += &view(one, catalogue));
    for service in &catalogue.services {
        let (name, doc) = (&service.name, described(service.doc.as_ref()));
        let views = service.features.iter().map(|(view, features)| {
            let features: Vec<String> = features.iter().map(|feature| text(feature)).collect();
            format!("view_{view}[[{}]]", features.join(", "))
        });
        let (named, views) = (text(name), views.collect::<Vec<_>>().join(", "));
        out += &format!("\nservice_{name} = FeatureService(name={named}, features=[{views}]{doc})\n");
    }
    out
}

/// `feature_store.yaml`.
pub fn store(catalogue: &Catalogue, url: &str) -> String {
    // A name of Feast's has no dots, and does not begin with an underscore.
    let project = catalogue.module.replace('.', "_");
    let prefix = if project.starts_with('_') { "featc" } else { "" };
    let url = text(url);
    format!(
        "project: {prefix}{project}\nprovider: local\nregistry: data/registry.db\nentity_key_serialization_version: 3\n\
         online_store:\n  type: remote\n  path: {url}\noffline_store:\n  type: dask\n\
         # The token of `featc serve --token-file`, if it has one:\n\
         # auth: {{type: oidc, token_env_var: FEATC_TOKEN}}\n"
    )
}

/// `README.md`.
pub fn readme(catalogue: &Catalogue, url: &str) -> String {
    let module = &catalogue.module;
    let mut out = format!(
        "# `{module}` in Feast\n\nWritten by `featc export feast`: Feast's Python SDK reads the features of `{module}` from \
         `featc serve` at {url}.\n{README}"
    );
    if let Some(service) = catalogue.services.first() {
        let of_view = |(view, _): &(String, Vec<String>)| catalogue.views.iter().find(|known| known.name == *view);
        let mut keys: Vec<&str> = Vec::new();
        for place in service
            .features
            .iter()
            .filter_map(of_view)
            .flat_map(|view| &view.entities)
        {
            let key = catalogue.entities[*place].key.name.as_str();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let keys = keys
            .iter()
            .map(|key| format!("{}: …", text(key)))
            .collect::<Vec<_>>()
            .join(", ");
        let name = text(&service.name);
        out += &format!(
            "service = store.get_feature_service({name})\n\
             response = store.get_online_features(features=service, entity_rows=[{{{keys}}}], full_feature_names=True)\n\
             print(response.to_dict())\n"
        );
    }
    out += &format!("```\n{ANSWERS}");
    for (title, lines) in [("Notes", &catalogue.notes), ("Left out", &catalogue.left_out)] {
        if !lines.is_empty() {
            out += &format!("\n## {title}\n\n");
            lines.iter().for_each(|line| out += &format!("- {line}\n"));
        }
    }
    out
}
