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

fn without_slots() -> FoldSpec {
    FoldSpec {
        entity: vec![],
        windows: vec![],
        slots: vec![],
        presence: vec![],
        self_columns: vec![],
    }
}

#[test]
fn texts_count_with_eight_bytes_for_every_offset() {
    // Instants and digests; identities; poison; texts.
    let ids = 8 + 8 * 5;
    let texts = 4 * 3 + 8 * 5;
    let mut exact = events(4);
    exact.set_room(0);
    assert_eq!(exact.heap_bytes(), 4 * 24 + ids + 4 + texts);
    // Room for more counts, too: of texts for as long ones as those that are there.
    exact.set_room(10);
    let room = 10 * 24 + (10 * 2 + 10 * 8) + 10 + (10 * 3 + 10 * 8) + 10 * 8;
    assert_eq!(exact.heap_bytes(), 4 * 24 + ids + 4 + texts + room);
    let mut none = events(0);
    none.set_room(0);
    assert_eq!(none.heap_bytes(), 8 + 8);
}

/// Pages of a log into which events come in an order, each as late as `late` says of its place.
fn pages_of(late: impl Fn(i64) -> i64) -> Vec<(usize, usize)> {
    let spec = without_slots();
    let log = Log::new(spec, (&[], vec![]), vec![], Paging::default());
    let mut of_one = EntityLog::default();
    for place in 0..2_000 {
        let mut one = events(1);
        one.lifts.clear();
        one.times[0] = 10 * place - late(place);
        one.digests[0] = place as u128;
        assert!(of_one.insert(&log.shape, &one, 0));
    }
    let pages = of_one.pages();
    pages.map(|page| (page.len(), page.times.capacity())).collect()
}

#[test]
fn pages_have_room_for_few_more_than_they_hold() {
    // In order: pages fill up, and grow to what they hold.
    let in_order = pages_of(|_| 0);
    let (_, full) = in_order.split_last().expect("pages");
    assert!(full.iter().all(|page| *page == (128, 128)), "{in_order:?}");
    // One in twenty comes late: pages are split, and no half keeps the room of the whole.
    let late = pages_of(|place| if place % 20 == 0 { 1_505 } else { 0 });
    let (held, room): (Vec<usize>, Vec<usize>) = late.iter().copied().unzip();
    assert!(
        late.len() > in_order.len() && room.iter().all(|room| *room <= 144),
        "{late:?}"
    );
    let (held, room): (usize, usize) = (held.iter().sum(), room.iter().sum());
    assert_eq!(held, 2_000);
    assert!(10 * room <= 14 * held, "{room} of {held}");
}

#[test]
fn keys_count_twice() {
    let spec = without_slots();
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
