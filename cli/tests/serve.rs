//! `featc serve`: the binary over HTTP, killed and started again, with broken files, beside a broker, and with bad requests.
//!
//! `tests/ui/<CODE>/<point>.http` is a session: `== serve OPTIONS` (the shop of `serve/shop.feat` is served),
//! `== program` (this one is served in its place), `== push SOURCE` (these rows are there), `== hold N` (so many requests begin and do not go on), `== blocks N` (no file is longer, in KiB), `== repeat N` (the body comes so often, a line each), `== request` with
//! method, path, headers and body, `== status CODE`, `== body` with what is answered. `FEATC_BLESS=1` rewrites the bodies.
//! `tests/ui/<CODE>/<point>.log` is one of what a server tells in its log: `== file NAME`, `== serve OPTIONS`, `== accepted N`,
//! `== write NAME`, `== schema N` (a registry has it), `== record` (the topic `payments` has it, in hexadecimal), done in order, and `== log` with the line of this code.

#[path = "../../tests/support/broker.rs"]
mod broker;
#[path = "serve/client.rs"]
mod client;
#[path = "serve/faults.rs"]
mod faults;
#[path = "serve/feast.rs"]
mod feast;
#[path = "serve/followed.rs"]
mod followed;
#[path = "serve/forms.rs"]
mod forms;
#[path = "serve/fuzz.rs"]
mod fuzz;
#[path = "serve/kafka.rs"]
mod kafka;
#[path = "serve/limits.rs"]
mod limits;
#[path = "serve/mocked.rs"]
mod mocked;
#[path = "serve/nested.rs"]
mod nested;
#[path = "../../tests/support/registry.rs"]
#[allow(dead_code, reason = "it is shared, and each test uses its part")]
mod registry;
#[path = "serve/requests.rs"]
mod requests;
#[path = "serve/sessions.rs"]
mod sessions;
#[path = "serve/state.rs"]
mod state;
#[path = "serve/steps.rs"]
mod steps;
#[path = "serve/tables.rs"]
mod tables;
