//! The estimate of memory, byte by byte.

use super::*;
use featc_ir::{Window, WindowKind};
use featr_kernels::Data;

fn events(count: usize) -> Events {
    let ids = ["a", "bcd", "", "efgh"].into_iter().cycle().take(count);
    Events {
        times: (0..count as i64).collect(),
        ids: ids.map(str::as_bytes).collect(),
        digests: vec![0; count],
        poison: Some(vec![0; count]),
        lifts: vec![
            Column::empty(Type::Int64),
            Column {
                ty: Type::String,
                data: Data::Str(std::iter::repeat_n(&b"xyz"[..], count).collect()),
                tags: None,
            },
        ],
    }
}

#[test]
fn texts_count_with_eight_bytes_for_every_offset() {
    // Instants and digests; identities; poison; texts.
    let ids = 8 + 8 * 5;
    let texts = 4 * 3 + 8 * 5;
    assert_eq!(bytes_of(&events(4)), 4 * 24 + ids + 4 + texts);
    assert_eq!(bytes_of(&events(0)), 8 + 8);
}

#[test]
fn keys_count_twice() {
    let spec = FoldSpec {
        entity: vec![],
        windows: vec![],
        slots: vec![],
        presence: vec![],
        self_columns: vec![],
    };
    let size_with = |key: &[u8]| {
        let mut log = Log::new(spec.clone(), (&[], vec![]), vec![], Paging::default());
        let mut events = events(3);
        events.lifts.clear();
        log.restore_entity(key, &events);
        assert_eq!((log.size().entities, log.size().events), (1, 3));
        log.size().bytes
    };
    // It is in the map and in the list.
    assert_eq!(size_with(&[1; 50]) - size_with(&[1; 10]), 2 * 40);
}

#[test]
fn an_indexed_identity_counts_with_sixteen_bytes() {
    let size_with = |excluding| {
        let window = Window {
            kind: WindowKind::Lifetime,
            excluding,
        };
        let spec = FoldSpec {
            entity: vec![],
            windows: vec![window],
            slots: vec![],
            presence: vec![],
            self_columns: vec![],
        };
        // Identities are indexed where there are summaries.
        let paging = Paging {
            plain_below: 0,
            ..Paging::default()
        };
        let mut log = Log::new(spec, (&[], vec![]), vec![], paging);
        let mut events = events(3);
        events.lifts.clear();
        log.restore_entity(b"key", &events);
        log.size().bytes
    };
    assert_eq!(size_with(Excluding::SelfEvent) - size_with(Excluding::Nothing), 3 * 16);
}
