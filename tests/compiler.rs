//! Suites that link no engine: messages, golden plans, tidiness of the tree.

#[path = "suite/builds.rs"]
mod builds;
#[path = "suite/circles.rs"]
mod circles;
#[path = "suite/fingerprints.rs"]
mod fingerprints;
#[path = "suite/floods.rs"]
mod floods;
#[path = "suite/golden.rs"]
mod golden;
#[path = "suite/offers.rs"]
mod offers;
#[path = "suite/pages.rs"]
mod pages;
#[path = "suite/proofs.rs"]
mod proofs;
#[path = "suite/texts.rs"]
mod texts;
#[path = "suite/tidy.rs"]
mod tidy;
#[path = "suite/ui.rs"]
mod ui;
