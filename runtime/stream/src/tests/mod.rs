//! Tests of the whole engine, against slow twins and under adversaries: order, chunking, copies, restores, page sizes,
//! retractions, releases, edited programs.

mod agree;
mod arrival;
mod branches;
mod edits;
mod fixture;
mod releases;
mod retractions;
mod served;
mod shapes;
mod shards;
mod snapshots;
mod storing;
