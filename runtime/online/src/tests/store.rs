//! What was acknowledged survives everything; what is broken is found.

use super::disk::SimulatedDisk;
use crate::error::StateError;
use crate::log::Entry;
use crate::manifest::{Manifest, checkpoint_file};
use crate::recovery::Replay;
use crate::refusals::refused;
use crate::store::Store;
use featr::{Random, Stored};
use std::sync::Arc;

/// The numbers that were committed, in order.
#[derive(Debug, Default, PartialEq)]
struct Numbers(Vec<u64>);

impl Numbers {
    fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.extend(
            bytes
                .chunks(8)
                .map(|number| u64::from_le_bytes(number.try_into().expect("eight bytes"))),
        );
    }
}

impl Replay for Numbers {
    fn checkpoint(&mut self, bytes: &[u8], _: &str, _: &Manifest) -> Result<(), StateError> {
        self.add(bytes);
        Ok(())
    }

    fn record(&mut self, _: u32, _: (&[u8], Stored), _: &str) -> Result<(), StateError> {
        Ok(())
    }

    fn entry(&mut self, entry: Entry<'_>, _: &str) -> Result<(), StateError> {
        if let Entry::Rows { ipc, .. } = entry {
            self.add(ipc);
        }
        Ok(())
    }
}

fn open(disk: &SimulatedDisk) -> Result<(Store, Numbers), StateError> {
    let mut numbers = Numbers::default();
    let store = Store::open(Arc::new(disk.clone()), "program", &mut numbers)?;
    Ok((store, numbers))
}

fn checkpoint(store: &mut Store, bytes: &[u8], first: u64) -> Result<(), StateError> {
    let file = checkpoint_file(store.next_checkpoint());
    let written = store.disk().replace(&file, bytes);
    written.map_err(refused(&**store.disk(), &file))?;
    let manifest = store.next_manifest(first, None);
    store.checkpoint(manifest)?;
    store.needless().iter().for_each(|file| drop(store.disk().remove(file)));
    Ok(())
}

/// Commits numbers until the disk stops or there are enough of them; tells those that were acknowledged.
fn work(
    store: &mut Store,
    state: &mut Numbers,
    random: &mut Random,
    acknowledged: &mut Vec<u64>,
) -> Result<(), StateError> {
    for _ in 0..random.number() % 40 {
        if random.number() % 8 == 0 {
            let first = store.roll().map_err(|refusal| refusal.error)?;
            checkpoint(store, &state.bytes(), first)?;
            continue;
        }
        let count = 1 + random.number() % 5;
        let mut group = Vec::new();
        for _ in 0..count {
            group.push(Numbers(vec![state.0.len() as u64]).bytes());
            state.0.push(state.0.len() as u64);
        }
        let rows = |ipc| Entry::Rows { source: "txn", ipc };
        let entries: Vec<Entry<'_>> = group.iter().map(|ipc| rows(ipc.as_slice())).collect();
        let sync = random.number() % 4 > 0;
        store.commit(&entries, sync).map_err(|refusal| refusal.error)?;
        if sync {
            acknowledged.clone_from(&state.0);
        }
    }
    match random.number() % 4 {
        0 => store.end().inspect(|()| acknowledged.clone_from(&state.0)),
        _ => Ok(()),
    }
}

#[test]
fn what_was_acknowledged_survives_every_crash() {
    let (mut crashes, mut lost) = (0, 0);
    for seed in 0..3_000 {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::default();
        let mut acknowledged = Vec::new();
        for _ in 0..4 {
            disk.stop_after(random.number() % 120);
            if let Ok((mut store, mut state)) = open(&disk) {
                assert!(
                    state.0.len() >= acknowledged.len(),
                    "seed {seed}: {acknowledged:?} {state:?}"
                );
                crashes += u64::from(work(&mut store, &mut state, &mut random, &mut acknowledged).is_err());
            }
            disk.crash(&mut random);
            let (_, found) = open(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let in_order = found
                .0
                .iter()
                .enumerate()
                .all(|(place, number)| place as u64 == *number);
            assert!(
                in_order && found.0.len() >= acknowledged.len(),
                "seed {seed}: {acknowledged:?} {found:?}"
            );
            lost += found.0.len() - acknowledged.len();
            acknowledged = found.0;
        }
    }
    assert!(
        crashes > 1_000 && lost > 1_000,
        "{crashes} crashes, {lost} more than acknowledged"
    );
}

#[test]
fn every_changed_byte_of_what_counts_is_found() {
    let disk = SimulatedDisk::default();
    let (mut store, mut state) = open(&disk).expect("a new state");
    let (mut random, mut acknowledged) = (Random::new(7), Vec::new());
    while store.manifest().checkpoint < 2 || acknowledged.len() < 20 {
        work(&mut store, &mut state, &mut random, &mut acknowledged).expect("a good disk");
    }
    let entry = Entry::Rows {
        source: "txn",
        ipc: &(state.0.len() as u64).to_le_bytes(),
    };
    store.commit(&[entry], true).expect("a good disk");
    drop(store);
    for (file, len) in disk.files() {
        // The checkpoint's sum is checked by who takes it up; of the mark one slot of two is enough.
        if file.starts_with("checkpoint") || file == "mark" {
            continue;
        }
        for place in 0..len {
            disk.flip(&file, place);
            let found = open(&disk).err();
            let is_told = matches!(
                &found,
                Some(StateError::Damaged { file: said, .. } | StateError::OtherVersion { file: said, .. }) if said.ends_with(&file)
            );
            assert!(is_told, "{file} at {place}: {found:?}");
            disk.flip(&file, place);
        }
    }
    open(&disk).expect("put back as it was");
}

#[test]
fn who_has_been_overtaken_replaces_nothing() {
    let disk = SimulatedDisk::default();
    let (mut first, _) = open(&disk).expect("a new state");
    // A file system without locks.
    let (second, _) = open(&disk).expect("the same state");
    let before = disk.files();
    let turned = first.roll().expect("a good disk");
    let refused = checkpoint(&mut first, b"", turned);
    assert!(matches!(refused, Err(StateError::Fenced { .. })), "{refused:?}");
    assert!(matches!(first.end(), Err(StateError::Fenced { .. })));
    assert_eq!(second.manifest().epoch, 2);
    assert!(
        disk.files().len() > before.len(),
        "what it wrote is no part of the state"
    );
}

/// The process ends and the machine does not: what it wrote is read again, though it was never synced. A mark after that
/// must not be more durable than it is.
#[test]
fn what_a_killed_process_wrote_is_durable_before_the_mark_says_so() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::default();
        let (mut store, _) = open(&disk).unwrap_or_else(|error| panic!("{seed}: {error}"));
        for (number, sync) in [(1, true), (2, false), (3, false)] {
            let bytes = Numbers(vec![number]).bytes();
            let entry = Entry::Rows {
                source: "txn",
                ipc: &bytes,
            };
            assert!(store.commit(&[entry], sync).is_ok(), "{seed}");
        }
        drop(store);
        let (store, found) = open(&disk).unwrap_or_else(|error| panic!("{seed}: {error}"));
        assert_eq!(found.0, [1, 2, 3], "{seed}");
        drop(store);
        disk.crash(&mut random);
        let (_, found) = open(&disk).unwrap_or_else(|error| panic!("{seed}: {error}"));
        assert_eq!(found.0, [1, 2, 3], "{seed}");
    }
}
