use super::*;

fn grid(every_us: i64, range: Range<i64>, entities: usize) -> Questions {
    let values: Vec<featr::Value> = (0..entities).map(|n| featr::Value::Int64(n as i64)).collect();
    let key = Key {
        name: "k".to_owned(),
        ty: Type::Int64,
    };
    let known = Survey {
        known: 0,
        lookups: Vec::new(),
        unseen: vec![],
        sources: vec![],
        times: vec![],
        columns: vec![(key, Column::from_values(Type::Int64, &values))],
    };
    Questions::new(When::Every { us: every_us }, range, known, &[])
}

fn asked(questions: &Questions, parts: &[Part]) -> Vec<(i64, featr::Value)> {
    let mut all = Vec::new();
    for part in parts {
        let spine = questions.spine(part.first..part.first + part.rows, "t").expect("fits");
        for (row, time) in spine.times.iter().enumerate() {
            assert!((part.from_us..part.to_us).contains(time), "{part:?}");
            all.push((*time, spine.columns[0].1.value(row)));
        }
    }
    all
}

/// Written down from the definition: multiples of the cadence since the epoch, start in, end out, keys in order.
fn asked_slow(every_us: i64, range: Range<i64>, entities: usize) -> Vec<(i64, featr::Value)> {
    let first = range.start + (-range.start).rem_euclid(every_us);
    let instants = (first..range.end).step_by(every_us as usize);
    instants
        .flat_map(|t| (0..entities).map(move |n| (t, featr::Value::Int64(n as i64))))
        .collect()
}

#[test]
fn chunks_do_not_matter() {
    for (every, start, end) in [(7, -50, 40), (10, -20, 20), (3, 1, 2), (5, 0, 0), (1, -3, 9)] {
        let questions = grid(every, start..end, 3);
        let expected = asked_slow(every, start..end, 3);
        assert_eq!(questions.len(), expected.len() as u128);
        for chunk in [1, 2, 7, 13, 1_000] {
            let parts = questions.parts(chunk);
            let size = Size {
                rows: expected.len() as u128,
                parts: parts.len() as u128,
            };
            assert_eq!(questions.size(chunk, 1), Some(size));
            assert_eq!(
                asked(&questions, &parts),
                expected,
                "every {every} from {start} to {end} by {chunk}"
            );
            let mut names: Vec<&str> = parts.iter().map(|part| part.file.as_str()).collect();
            names.sort_unstable();
            let in_order: Vec<&str> = parts.iter().map(|part| part.file.as_str()).collect();
            assert_eq!(names, in_order, "names sort as instants do");
        }
    }
}

#[test]
fn large_chunks_are_cut() {
    let entities = 1_500;
    let questions = grid(1_000_000, 0..1_000_000_000, entities);
    let parts = questions.parts(DAY_US);
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].file, "part-19700101T000000Z-19700101T001640Z-00000.parquet");
    assert_eq!(parts.iter().map(|part| part.rows).sum::<u64>(), 1_500_000);
    assert_eq!(
        asked(&questions, &parts),
        asked_slow(1_000_000, 0..1_000_000_000, entities)
    );
}

#[test]
fn the_usual_chunk_has_about_a_million_rows() {
    assert_eq!(grid(DAY_US, 0..90 * DAY_US, 10).usual_chunk_us(), 364 * DAY_US);
    assert_eq!(grid(DAY_US, 0..90 * DAY_US, 100_000).usual_chunk_us(), 7 * DAY_US);
    assert_eq!(grid(HOUR_US, 0..90 * DAY_US, 1_000_000).usual_chunk_us(), HOUR_US);
    assert_eq!(grid(DAY_US, 0..0, 10).usual_chunk_us(), 364 * DAY_US);
    assert!(grid(DAY_US, 0..90 * DAY_US, 10).size(1, 1).is_none(), "too many chunks");
}

#[test]
fn every_microsecond_of_all_years_is_counted() {
    const YEARS: Range<i64> = -62_135_596_800_000_000..253_402_300_800_000_000;
    let rows = u128::from(YEARS.end.abs_diff(YEARS.start)) * 1_000_000;
    for (chunk, chunks) in [(DAY_US, None), (1_000_000 * DAY_US, Some(4)), (i64::MAX, Some(2))] {
        let questions = grid(1, YEARS, 1_000_000);
        assert_eq!(questions.len(), rows);
        assert_eq!(questions.usual_chunk_us(), HOUR_US);
        let size = questions.size(chunk, 1);
        assert_eq!(size.map(|size| size.rows), chunks.map(|_| rows));
        if let (Some(size), Some(chunks)) = (size, chunks) {
            let least = rows.div_ceil(u128::from(PART_ROWS));
            assert!((least..least + chunks).contains(&size.parts), "{size:?}");
        }
    }
}
