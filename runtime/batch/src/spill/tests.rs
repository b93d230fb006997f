//! Partitions in memory and on disk.

use super::*;
use crate::error::BatchError;
use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::execution::memory_pool::GreedyMemoryPool;

fn partitions(bytes: usize) -> (PartitionedSpill, tempfile::TempDir) {
    let temp = tempfile::tempdir().expect("a folder");
    let context = SpillContext {
        pool: Arc::new(GreedyMemoryPool::new(bytes)),
        temp: Some(temp.path().to_owned()),
        run_bytes: 0,
        text_bytes: 1 << 20,
    };
    let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, false)]));
    (PartitionedSpill::new("test", schema, 7, &context), temp)
}

fn fill(partitions: &PartitionedSpill) {
    for order in (0..20u64).rev() {
        let values: Vec<i64> = (0..100).map(|row| (order as i64 * 100 + row) * 31 % 1000).collect();
        let of: Vec<u32> = values
            .iter()
            .map(|value| if value % 10 == 0 { u32::MAX } else { (value % 7) as u32 })
            .collect();
        let (rows, starts) = by_partition(&of, 7);
        let sorted: Vec<i64> = rows.iter().map(|row| values[*row as usize]).collect();
        let batch = RecordBatch::try_new(partitions.schema.clone(), vec![Arc::new(Int64Array::from(sorted))]);
        partitions.put(order, batch.expect("a batch"), starts).expect("put");
    }
}

fn all(partitions: &PartitionedSpill) -> Vec<Vec<i64>> {
    let partition = |partition| {
        let batches = partitions.take(partition).expect("taken");
        let values = batches
            .iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec());
        let mut values: Vec<i64> = values.collect();
        values.sort_unstable();
        values
    };
    (0..7).map(partition).collect()
}

#[test]
fn memory_does_not_change_what_lies_in_a_partition() {
    let (roomy, _temp) = partitions(usize::MAX);
    fill(&roomy);
    let expected = all(&roomy);
    assert_eq!(roomy.stats().spilled_bytes, 0);
    assert_eq!(expected.iter().map(Vec::len).sum::<usize>(), 1800);
    assert!((0..7).all(|partition| expected[partition].iter().all(|value| value % 7 == partition as i64)));
    for bytes in [0, 900, 5_000, 12_000] {
        let (narrow, temp) = partitions(bytes);
        fill(&narrow);
        assert_eq!(all(&narrow), expected, "{bytes} bytes");
        assert!(narrow.stats().spilled_bytes > 0);
        let left = std::fs::read_dir(temp.path()).expect("the folder").count();
        assert_eq!(left, 0, "files have no names");
    }
}

#[test]
fn rows_without_memory_pressure_come_in_order() {
    let (roomy, _temp) = partitions(usize::MAX);
    fill(&roomy);
    let batches = roomy.take(3).expect("taken");
    assert_eq!(batches.len(), 20);
    roomy.clear();
    assert!(roomy.take(3).expect("taken").is_empty());
}

#[test]
fn a_folder_that_is_not_there_is_a_resource_error() {
    let (mut narrow, _temp) = partitions(0);
    narrow.context.temp = Some("/nowhere/at/all".into());
    let batch = RecordBatch::try_new(narrow.schema.clone(), vec![Arc::new(Int64Array::from(vec![1]))]);
    let error = narrow
        .put(0, batch.expect("a batch"), vec![0, 1, 1, 1, 1, 1, 1, 1])
        .expect_err("refused");
    assert!(matches!(BatchError::from(error), BatchError::Resources { .. }));
}
