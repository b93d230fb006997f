//! Tests of the whole engine, against slow twins and under adversaries: order, chunking, copies, restores, page sizes.

mod agree;
mod arrival;
mod fixture;
mod shapes;
mod snapshots;
