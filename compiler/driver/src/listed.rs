//! The files of a build that its manifest lists.

use crate::{Certificate, Plans};
use featc_ir::manifest::{CERTIFICATE, PROGRAM};
use featc_ir::plan::{BatchPlan, StreamGraph};
use featc_ir::wire::Wire;
use featc_ir::{Program, display};
use std::iter::once;

/// The files by their names, one after the other: the typed program, the certificate, both plans of each service.
pub fn files(program: &Program, plans: &Plans, certificate: &Certificate) -> impl Iterator<Item = (String, String)> {
    let of_stream = |graph: &StreamGraph| {
        let name = |ending: &str| format!("stream/{}.{ending}", graph.service);
        [
            (name("txt"), display::stream_graph(graph)),
            (name("json"), graph.to_json()),
            (name("mmd"), display::mermaid(graph)),
        ]
    };
    let of_batch = |plan: &BatchPlan| {
        let name = |ending: &str| format!("batch/{}.{ending}", plan.service);
        [(name("txt"), display::batch_plan(plan)), (name("json"), plan.to_json())]
    };
    once(("program.txt".to_owned(), display::program(program)))
        .chain(once((PROGRAM.to_owned(), program.to_json())))
        .chain(once((CERTIFICATE.to_owned(), certificate.to_json())))
        .chain(plans.stream.iter().flat_map(of_stream))
        .chain(plans.batch.iter().flat_map(of_batch))
}
