//! What a program declares.

use featc_ir::{FeatureKind, Program as Ir, View, hash};
use serde_json::{Value, json};

/// The windows of a feature: its own, or those of the features that it is derived from.
fn windows(view: &View, kind: &FeatureKind, found: &mut Vec<String>) {
    match kind {
        FeatureKind::Aggregate { slots, .. } => {
            for slot in slots {
                let window = view.windows[view.slots[slot.index()].window.index()].to_string();
                let window = window.strip_prefix("over ").unwrap_or(&window).to_owned();
                if !found.contains(&window) {
                    found.push(window);
                }
            }
        }
        FeatureKind::Derived { inputs, .. } => {
            for input in inputs {
                windows(view, &view.features[input.index()].kind, found);
            }
        }
    }
}

/// Features, services, views and sources, as JSON.
pub fn about(ir: &Ir) -> Value {
    let features = ir.views.iter().flat_map(|view| {
        let entity = ir.entity(view.entity);
        let keys: Vec<&str> = entity.keys.iter().map(|key| key.name.as_str()).collect();
        let fingerprints = hash::view_fingerprints(ir, view);
        let feature = move |(feature, fingerprint): (&featc_ir::Feature, String)| {
            let mut of = Vec::new();
            windows(view, &feature.kind, &mut of);
            json!({
                "name": format!("{}.{}", view.name, feature.name),
                "view": view.name,
                "type": feature.ty.to_string(),
                "entity": entity.name,
                "keys": keys,
                "owner": view.owner,
                "doc": feature.doc,
                "tags": view.tags,
                "window": of.join(", "),
                "fingerprint": fingerprint,
            })
        };
        view.features.iter().zip(fingerprints).map(feature).collect::<Vec<_>>()
    });
    let plans = featc_driver::lower(ir);
    let services = ir.services.iter().zip(&plans.stream).map(|(service, graph)| {
        let named = |keys: &[featc_ir::Key]| keys.iter().map(|key| (key.name.clone(), key.ty.to_string())).collect();
        let keys: Vec<(String, String)> = named(&graph.spine.keys);
        let own: Vec<(String, String)> = named(&graph.spine.self_columns);
        let request: Vec<(String, String)> = named(&graph.spine.request);
        let reads = service.reads().into_iter();
        let mut views: Vec<&str> = reads.map(|read| ir.view(read.view).name.as_str()).collect();
        views.dedup();
        json!({
            "name": service.name,
            "doc": service.doc,
            "keys": keys,
            "self_columns": own,
            "request": request,
            "views": views,
            "columns": service.columns(ir).map(|(name, _)| name).collect::<Vec<_>>(),
            "sources": graph.declared().iter().map(|source| source.name.clone()).collect::<Vec<_>>(),
        })
    });
    let views = ir.views.iter().map(|view| {
        let transform = ir.transform(view.transform);
        json!({
            "name": view.name,
            "doc": view.doc,
            "entity": ir.entity(view.entity).name,
            "transform": transform.name,
            "source": ir.view_source(view).name,
            "features": view.features.len(),
        })
    });
    let sources = ir.sources.iter().map(|source| {
        let columns = source.columns.iter().map(featr::column_json);
        json!({ "name": source.name, "doc": source.doc, "columns": columns.collect::<Vec<_>>() })
    });
    json!({
        "module": ir.module,
        "hash": hash::program_hash(ir),
        "features": features.collect::<Vec<_>>(),
        "services": services.collect::<Vec<_>>(),
        "views": views.collect::<Vec<_>>(),
        "sources": sources.collect::<Vec<_>>(),
    })
}
