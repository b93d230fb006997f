//! Typed program to batch plan and stream graph.
