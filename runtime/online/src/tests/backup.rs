//! Backup of checkpoints: another machine goes on from them, one process owns them, and wherever one stops they are whole.

use super::disk::SimulatedDisk;
use super::feeds::{position, read, text};
use super::fixture::{NOON, SECOND, SHOP, ask_of, compiled, open, program, push_of, total};
use super::objects::Store;
use crate::disk::Disk as _;
use crate::manifest::Manifest;
use crate::recovery::read_manifest;
use crate::{Backup, Objects, Options, Refused, Runtime, SetClock, StateError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A machine with a disk of its own.
struct Machine {
    disk: SimulatedDisk,
    clock: Arc<SetClock>,
    runtime: Runtime,
    restored: Option<u64>,
}

fn start_on(disk: &SimulatedDisk, store: &Store) -> Result<Machine, StateError> {
    let clock = Arc::new(SetClock::at(NOON));
    let (backup, restored) = Backup::prepare(Arc::new(store.clone()), disk)?;
    let options = Options {
        backup: Some(Arc::new(backup)),
        ..Options::default()
    };
    let runtime = open(disk, &clock, options)?;
    Ok(Machine {
        disk: disk.clone(),
        clock,
        runtime,
        restored,
    })
}

fn start(store: &Store) -> Machine {
    start_on(&SimulatedDisk::default(), store).expect("it begins")
}

impl Machine {
    fn push(&self, id: i64) -> Result<u64, Refused> {
        push_of(&self.runtime, "a", (id, NOON - 60 * SECOND), Some(NOON - 5 * SECOND))
    }

    fn total(&self) -> f64 {
        total(&ask_of(&self.runtime, "a", None).expect("an answer"))
    }

    /// A checkpoint that has all that was pushed.
    fn checkpoint(&self) -> Result<u64, Refused> {
        self.total();
        self.runtime.checkpoint_wait()
    }
}

#[test]
fn another_machine_goes_on_and_the_first_one_is_fenced() {
    let store = Store::default();
    let first = start(&store);
    assert_eq!(first.restored, None);
    for id in 0..3 {
        first.push(id).expect("pushed");
        first.checkpoint().expect("a checkpoint");
    }
    first.push(10).expect("pushed");
    assert_eq!(first.total(), 15.0);
    let second = start(&store);
    assert_eq!(second.restored, Some(3));
    // What came after that checkpoint is on the disk of the first one alone.
    assert_eq!(second.total(), 4.5);
    let refused = first.checkpoint().expect_err("it is not its state any more");
    assert!(refused.to_string().contains("taken over"), "{refused}");
    assert!(first.push(11).is_err());
    second.push(20).expect("pushed");
    second.checkpoint().expect("a checkpoint");
    drop(first.runtime);
    first.disk.restart();
    let again = start_on(&first.disk, &store).err();
    assert!(matches!(again, Some(StateError::NotLast { .. })), "{again:?}");
    second.runtime.stop().expect("it ends");
    second.disk.restart();
    let second = start_on(&second.disk, &store).expect("it begins");
    assert_eq!((second.restored, second.total()), (None, 25.0));
    second.clock.set(NOON + SECOND);
    second.checkpoint().expect("a checkpoint");
    assert_eq!(store.names("manifest").len(), 2);
    let named: Vec<String> = last(&store).1.into_values().collect();
    let mut there = store.names("checkpoints");
    there.retain(|object| !named.contains(object));
    assert_eq!(there, Vec::<String>::new(), "what nobody names is gone");
    // With what the first one acknowledged and could not save.
    let pushed = |name: &&String| name.contains("/pushed/");
    assert_eq!(store.names("archive").iter().filter(pushed).count(), 5);
}

#[test]
fn a_process_that_lost_its_state_finds_out_without_a_checkpoint() {
    let store = Store::default();
    let first = start(&store);
    let _second = start(&store);
    let begun = std::time::Instant::now();
    while first.runtime.failure().is_none() {
        assert!(begun.elapsed().as_secs() < 60, "it never looks");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(first.push(1).is_err());
}

#[test]
fn readers_go_on_where_the_backup_is() {
    let store = Store::default();
    let first = start(&store);
    let feed = first.runtime.feed("payments").expect("a source");
    read(&feed, text(0..5), 5).expect("read");
    first.checkpoint().expect("a checkpoint");
    read(&feed, text(5..9), 9).expect("read");
    first.clock.set(NOON + 60 * SECOND);
    let wanted = first.total();
    let second = start(&store);
    let feed = second.runtime.feed("payments").expect("a source");
    assert_eq!(position(&feed.positions()), 5);
    read(&feed, text(5..9), 9).expect("read");
    second.clock.set(NOON + 60 * SECOND);
    assert_eq!(
        (second.total(), wanted),
        (wanted, (0..9).map(|id| f64::from(id) + 0.5).sum())
    );
}

/// A folder that was brought back from a backup is older than its backup.
#[test]
fn a_folder_that_is_older_than_its_backup_is_refused() {
    for (later, restarts) in [(1, false), (2, false), (1, true), (0, true)] {
        let store = Store::default();
        let mut machine = start(&store);
        machine.push(1).expect("pushed");
        machine.checkpoint().expect("a checkpoint");
        let old = SimulatedDisk::default();
        for (file, _) in machine.disk.files() {
            // What the checkpoint made needless goes meanwhile.
            if let Some(bytes) = machine.disk.read(&file).expect("a good disk") {
                old.replace(&file, &bytes).expect("a good disk");
            }
        }
        if restarts {
            drop(machine.runtime);
            machine.disk.restart();
            machine = start_on(&machine.disk, &store).expect("it begins");
        }
        for _ in 0..later {
            machine.checkpoint().expect("a checkpoint");
        }
        // Ends with one more.
        drop(machine.runtime);
        let refused = start_on(&old, &store).err();
        assert!(
            matches!(refused, Some(StateError::NotLast { .. })),
            "{later} {restarts}: {refused:?}"
        );
    }
}

#[test]
fn a_store_that_replaces_what_is_there_is_refused() {
    let store = Store::default();
    store.replace_all();
    let refused = start_on(&SimulatedDisk::default(), &store).err();
    assert!(matches!(refused, Some(StateError::Unconditional { .. })), "{refused:?}");
}

#[test]
fn a_backup_that_fails_is_told_and_tried_again() {
    let store = Store::default();
    let machine = start(&store);
    machine.push(1).expect("pushed");
    store.refuse_from(Some((0, false)));
    let refused = machine.checkpoint().expect_err("it is not in the backup");
    assert!(
        refused.to_string().contains("checkpoint 1 is not in the backup"),
        "{refused}"
    );
    assert!(
        machine
            .runtime
            .checkpoint_failure()
            .is_some_and(|why| why.contains("not in the backup"))
    );
    machine.push(2).expect("the folder has all");
    store.refuse_from(None);
    let begun = std::time::Instant::now();
    while machine.runtime.checkpoint_failure().is_some() {
        assert!(begun.elapsed().as_secs() < 60, "it is not made again");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(start(&store).total(), 4.0);
}

#[test]
fn a_start_may_stop_anywhere() {
    let (mut stops, mut restores) = (0, 0);
    for is_disk in [true, false] {
        for at in 0.. {
            let store = Store::default();
            let first = start(&store);
            first.push(1).expect("pushed");
            first.checkpoint().expect("a checkpoint");
            drop(first.runtime);
            let disk = SimulatedDisk::default();
            match is_disk {
                true => disk.stop_after(at),
                false => store.refuse_from(Some((at, at % 2 == 0))),
            }
            let begun = Backup::prepare(Arc::new(store.clone()), &disk);
            let begun = begun.and_then(|(backup, _)| backup.claim(&disk));
            store.refuse_from(None);
            match is_disk {
                true => disk.crash(&mut featr::Random::new(at)),
                false => disk.restart(),
            }
            let second = start_on(&disk, &store).unwrap_or_else(|error| panic!("{is_disk} {at}: {error}"));
            assert_eq!(second.total(), 1.5, "{is_disk} {at}");
            restores += u64::from(second.restored.is_some());
            if begun.is_ok() {
                break;
            }
            stops += 1;
        }
    }
    println!("{stops} starts stopped, {restores} began from the backup");
    assert!(stops >= 15 && restores >= 10, "{stops} {restores}");
}

/// A state of which one file says who wrote it: that is enough for a backup.
struct Writer {
    disk: SimulatedDisk,
    backup: Backup,
}

fn writer(store: &Store) -> Result<Writer, StateError> {
    let disk = SimulatedDisk::default();
    let (backup, _) = Backup::prepare(Arc::new(store.clone()), &disk)?;
    backup.claim(&disk)?;
    Ok(Writer { disk, backup })
}

impl Writer {
    /// Backup a checkpoint of its own, with what the file says.
    fn put(&self, checkpoint: u64, text: &str) -> Result<(), StateError> {
        let mut manifest = match read_manifest(&self.disk)? {
            Some(manifest) => manifest,
            None => blank(),
        };
        manifest.checkpoint = checkpoint;
        let file = crate::entity_files::EntityFiles {
            files: [(checkpoint, text.len() as u64)].into(),
            ..Default::default()
        };
        manifest.entities = file;
        for file in manifest.files() {
            self.disk.replace(&file, text.as_bytes()).expect("a good disk");
        }
        self.backup.put(&self.disk, &manifest)
    }
}

fn blank() -> Manifest {
    let disk = SimulatedDisk::default();
    drop(open(&disk, &Arc::new(SetClock::at(NOON)), Options::default()));
    let manifest = read_manifest(&disk).expect("a state").expect("a manifest");
    assert_eq!(manifest.program, program().hash());
    manifest
}

/// What was saved last: its checkpoint, and where its files stand.
fn last(store: &Store) -> (Option<u64>, BTreeMap<String, String>) {
    let name = store.names("manifest").pop().expect("a manifest");
    let bytes = store.get(&name).expect("it is there").expect("a manifest");
    let text = String::from_utf8(bytes).expect("text");
    let says: serde_json::Value = serde_json::from_str(text.split('\n').nth(1).expect("a body")).expect("JSON");
    let objects = serde_json::from_value(says["objects"].clone()).expect("names");
    (says["state"]["checkpoint"].as_u64(), objects)
}

/// What the files say that were saved last; all of them are there.
fn says(store: &Store) -> Vec<String> {
    let object = |object: String| {
        let bytes = store.get(&object).expect("a good store");
        String::from_utf8(bytes.unwrap_or_else(|| panic!("`{object}` is missing"))).expect("text")
    };
    last(store).1.into_values().map(object).collect()
}

/// While one process backup, others take over at any of its operations, and go on so far that manifests that it knows are removed.
#[test]
fn a_takeover_may_come_between_any_two_operations() {
    let (mut before, mut after) = (0, 0);
    for others in [1, 2, 5] {
        for at in 1.. {
            let store = Store::default();
            let first = writer(&store).expect("it begins");
            for checkpoint in 1..=2 {
                first.put(checkpoint, "first").expect("saved");
            }
            let (there, told) = (store.clone(), Arc::new(Mutex::new(Vec::new())));
            let telling = told.clone();
            let take_over = move || {
                for _ in 0..others {
                    let other = writer(&there).expect("it begins");
                    for checkpoint in 4..7 {
                        other.put(checkpoint, "second").expect("saved");
                    }
                    telling.lock().unwrap().push(other);
                }
            };
            store.before(at, Box::new(take_over));
            let done = first.put(3, "third");
            if !store.has_happened() {
                assert!(at > 5, "{at}");
                break;
            }
            let now = says(&store);
            assert_eq!((last(&store).0, &now[0]), (Some(6), &"second".to_owned()), "{at}");
            match done {
                Ok(()) => after += 1,
                Err(StateError::TakenOver { .. }) => before += 1,
                Err(other) => panic!("{at}: {other}"),
            }
            let again = first.put(4, "third");
            assert!(matches!(again, Err(StateError::TakenOver { .. })), "{at}: {again:?}");
            assert!(first.backup.check().is_err());
            let mut others = told.lock().unwrap();
            let owner = others.pop().expect("a process");
            owner.backup.check().expect("it owns them");
            owner.put(7, "fourth").expect("saved");
            assert_eq!(says(&store)[0], "fourth");
            for other in &*others {
                assert!(
                    matches!(other.put(9, "none"), Err(StateError::TakenOver { .. })),
                    "{at}"
                );
            }
            assert_eq!(says(&store)[0], "fourth", "{at}");
        }
    }
    println!("{before} takeovers before a manifest counted, {after} after that");
    assert!(before >= 9 && after >= 3, "{before} {after}");
}

/// An answer that is lost, or a process that stops: what is saved counts or does not, and the next one does.
#[test]
fn saving_may_stop_anywhere() {
    let (mut refused, mut counted) = (0, 0);
    for is_done in [true, false] {
        for at in 1.. {
            let store = Store::default();
            let first = writer(&store).expect("it begins");
            for checkpoint in 1..=2 {
                first.put(checkpoint, "first").expect("saved");
            }
            store.refuse_from(Some((at, is_done)));
            let done = first.put(3, "third");
            store.refuse_from(None);
            let (checkpoint, now) = (last(&store).0, says(&store));
            assert!(
                [(Some(2), "first"), (Some(3), "third")].contains(&(checkpoint, now[0].as_str())),
                "{at}: {checkpoint:?} {now:?}"
            );
            counted += u64::from(done.is_err() && checkpoint == Some(3));
            refused += u64::from(done.is_err());
            let is_last = done.is_ok() && store.operations() > at + 30;
            // The checkpoint did not count in the folder: another one has its number.
            first.put(3, "another").expect("saved");
            assert_eq!((last(&store).0, says(&store)[0].as_str()), (Some(3), "another"), "{at}");
            first.put(4, "fourth").expect("saved");
            assert_eq!(says(&store)[0], "fourth", "{at}");
            assert_eq!(store.names("checkpoints").len(), 2, "{at}: {:?}", store.names(""));
            assert_eq!(store.names("manifest").len(), 2, "{at}");
            if is_last || at > 40 {
                break;
            }
        }
    }
    println!("{refused} checkpoints were refused, {counted} of them counted all the same");
    assert!(refused >= 8 && counted >= 2, "{refused} {counted}");
}

/// A start that is refused takes the backup from nobody.
#[test]
fn a_start_that_is_refused_takes_nothing() {
    let store = Store::default();
    let first = start(&store);
    first.push(1).expect("pushed");
    first.checkpoint().expect("a checkpoint");
    let other = SHOP
        .replace("sum(amount)", "sum(amount where amount > 1.0)")
        .replace("card: string", "card: int64");
    let open_other = |disk: &SimulatedDisk| {
        let (backup, restored) = Backup::prepare(Arc::new(store.clone()), disk)?;
        assert_eq!(restored, Some(1));
        let options = Options {
            backup: Some(Arc::new(backup)),
            ..Options::default()
        };
        let clock = Arc::new(SetClock::at(NOON));
        Runtime::open(compiled(&other), Arc::new(disk.clone()), clock, options).map(drop)
    };
    let disk = SimulatedDisk::default();
    assert!(matches!(open_other(&disk), Err(StateError::OtherProgram { .. })));
    first.push(2).expect("pushed");
    first.checkpoint().expect("it is still its own");
    // What was restored for nothing is restored anew.
    disk.restart();
    let second = start_on(&disk, &store).expect("it begins");
    assert_eq!((second.restored, second.total()), (Some(2), 4.0));
    // A part of it is missing.
    let lost = store.names("checkpoints").pop().expect("an object");
    store.remove(&lost).expect("a good store");
    let refused = start_on(&SimulatedDisk::default(), &store).err();
    assert!(
        matches!(&refused, Some(StateError::Damaged { file, .. }) if file.contains(&lost)),
        "{refused:?}"
    );
    second.push(3).expect("it is still its own");
}

/// What is not ours is neither taken for a backup nor removed.
#[test]
fn a_folder_of_something_else_is_left_alone() {
    let store = Store::default();
    store
        .put("checkpoints/sales.parquet", b"theirs".to_vec())
        .expect("a good store");
    let refused = start_on(&SimulatedDisk::default(), &store).err();
    assert!(
        matches!(&refused, Some(StateError::Foreign { found, .. }) if found.contains("sales")),
        "{refused:?}"
    );
    store.remove("checkpoints/sales.parquet").expect("a good store");
    let first = start(&store);
    first.checkpoint().expect("a checkpoint");
    for theirs in ["checkpoints/sales.parquet", "checkpoints/2024/q1/sales.parquet"] {
        store.put(theirs, b"theirs".to_vec()).expect("a good store");
    }
    let second = start(&store);
    second.checkpoint().expect("a checkpoint");
    assert_eq!(
        store
            .names("checkpoints")
            .iter()
            .filter(|name| name.contains("sales"))
            .count(),
        2
    );
}

/// While a state is restored its owner saves another checkpoint, and removes what the former one had.
#[test]
fn a_restore_beside_its_owner_is_begun_anew() {
    let mut anew = 0;
    for at in 1..12 {
        let store = Store::default();
        let first = start(&store);
        first.push(1).expect("pushed");
        first.checkpoint().expect("a checkpoint");
        let (tell, told) = std::sync::mpsc::channel();
        let hook = move || {
            first.push(2).expect("pushed");
            // Unless the backup was claimed by then.
            let _ = first.checkpoint();
            tell.send(first).expect("somebody waits");
        };
        store.before(at, Box::new(hook));
        let begun = start_on(&SimulatedDisk::default(), &store);
        let Ok(first) = told.try_recv() else { break };
        match begun {
            Ok(second) => {
                let (restored, total) = (second.restored, second.total());
                assert!(
                    [(Some(2), 4.0), (Some(1), 1.5)].contains(&(restored, total)),
                    "{at}: {restored:?} {total}"
                );
                anew += u64::from(restored == Some(2));
                assert!(first.checkpoint().is_err(), "{at}");
            }
            // It was saved between the restore and the claim.
            Err(StateError::TakenOver { .. }) => first.checkpoint().map(drop).expect("it is its own"),
            Err(other) => panic!("{at}: {other}"),
        }
    }
    assert!(anew >= 2, "{anew}");
}
