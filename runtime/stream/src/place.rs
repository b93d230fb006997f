//! Which of several engines holds an entity.

use xxhash_rust::xxh3::xxh3_64;

/// The shard of an entity among so many.
pub(crate) fn shard_of(key: &[u8], shards: usize) -> usize {
    // The upper half: the lower bits order the entities of a log.
    (((xxh3_64(key) >> 32) * shards as u64) >> 32) as usize
}
