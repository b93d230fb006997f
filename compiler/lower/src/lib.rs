//! Typed program to plans: [`lower_batch`] and [`lower_stream`].
//!
//! Both begin from [`group::groups`]: views that read one transform by one key are answered by one node. From there the
//! two lowerings have nothing in common but the specs that they place.
//!
//! Architecture invariant: total functions over well-formed programs; no diagnostics, no engines.

mod batch;
mod group;
mod stream;

pub use batch::lower_batch;
pub use stream::lower_stream;
