//! Snapshots: canonical, refused when foreign, harmless when damaged.

use super::fixture::{asks, deliveries, graph, paging, questions, restarted, run};
use crate::{Engine, Paging, RestoreError, SNAPSHOT_VERSION};
use featc_ir::Truth;
use featc_ir::plan::RowsId;
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

/// Puts the right checksum under changed bytes.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 16;
    let sum = xxh3_128(&bytes[..body]).to_le_bytes();
    bytes[body..].copy_from_slice(&sum);
    bytes
}

/// What is read from bytes that came from anywhere is a state as any other: written and read again it is the same.
pub(super) fn check_stable(bytes: &[u8], truth: Truth) -> Result<(), TestCaseError> {
    if let Ok((engine, _)) = Engine::restore(graph(), truth, bytes) {
        let invariants = engine.log(0).check();
        prop_assert!(invariants.is_ok(), "{invariants:?}");
        let written = engine.snapshot();
        let again = Engine::restore(graph(), truth, &written).map(|(again, _)| again.snapshot());
        prop_assert_eq!(again, Ok(written), "what is written is read again");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// The bytes are a function of the set of events.
    #[test]
    fn equal_sets_have_equal_snapshots((rows, chunks) in deliveries(), sizes in paging()) {
        let bytes = run(sizes, &chunks).snapshot();
        prop_assert_eq!(&bytes, &run(Paging::default(), &[rows]).snapshot());
        prop_assert_eq!(&bytes, &restarted(&run(sizes, &chunks), sizes).snapshot());
    }

    /// A restored engine answers as the one that wrote.
    #[test]
    fn a_restart_leaves_no_trace((_, chunks) in deliveries(), asks in asks(), sizes in paging()) {
        let engine = run(sizes, &chunks);
        let again = restarted(&engine, Paging::default());
        let questions = questions(&asks);
        prop_assert_eq!(
            engine.read("svc", &questions).unwrap(),
            again.read("svc", &questions).unwrap()
        );
    }

    /// Cut, flipped and extended bytes are refused; with a forged checksum they are read or refused, without a panic.
    #[test]
    fn damaged_snapshots_are_harmless(
        (_, chunks) in deliveries(), at in any::<prop::sample::Index>(), flip in 1u8..=255, wide in any::<bool>(),
    ) {
        let bytes = run(Paging::default(), &chunks).snapshot();
        let at = at.index(bytes.len());
        let is_refused = |bytes: &[u8]| Engine::restore(graph(), Truth::Complete, bytes).is_err();
        prop_assert!(is_refused(&bytes[..at]));
        prop_assert!(is_refused(&[&bytes[..], &[0]].concat()));
        let mut changed = bytes.clone();
        changed[at] ^= flip;
        prop_assert!(is_refused(&changed));
        if wide {
            changed[at.saturating_sub(3)..=at].fill(0xff);
        }
        check_stable(&sealed(changed), Truth::Complete)?;
    }

    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Engine::restore(graph(), Truth::Complete, &bytes).is_err());
    }
}

#[test]
fn foreign_snapshots_are_refused_with_their_reason() {
    let bytes = run(Paging::default(), &[]).snapshot();
    let mut version = bytes.clone();
    version[8] = 9;
    assert_eq!(
        Engine::restore(graph(), Truth::Complete, &sealed(version)).err(),
        Some(RestoreError::OtherVersion { found: 9, known: 3 })
    );
    assert_eq!(SNAPSHOT_VERSION, 3);

    let delay_us = Some(5);
    let wanted = Truth::AsOfArrival { delay_us };
    assert_eq!(
        Engine::restore(graph(), wanted, &bytes).err(),
        Some(RestoreError::OtherTruth {
            found: Truth::Complete,
            wanted
        })
    );

    let mut broken = graph();
    broken[0].logs[0].input = RowsId(1);
    assert!(matches!(
        Engine::restore(broken, Truth::Complete, &bytes),
        Err(RestoreError::Graph(_))
    ));
}
