//! Where a large text file can be cut: at starts of records, and how many lines are in front of each.
//!
//! The file is looked through in chunks of whole lines, on several threads. In each chunk lines are counted, and in CSV
//! the quotes are followed, as if a record began at its first line. Where no record is open at the end of a chunk, and
//! one did begin at its start, one begins at the start of the next chunk; so goes the induction. Where a record is open,
//! [`CsvReader`] itself reads it, also when it gives it up, and the rest of the chunk in which it ends is looked
//! through again.

use crate::csv::CsvReader;
use crate::lines::{Lines, RECORD_BYTES_MAX};
use crate::store::{RandomRead, Ranged};
use memchr::{memchr, memchr_iter, memrchr};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is looked through at once: little enough for the caches of a processor.
const CHUNK_BYTES: u64 = 1 << 20;
/// Records that are given up cost much more time than others: a file with more of them is not cut.
const GIVEN_UP_MAX: usize = 8;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub offset: u64,
    /// Lines in front of it.
    pub lines: u64,
}

const BEGINNING: Place = Place { offset: 0, lines: 0 };

/// Starts of records, at least `piece_bytes` from each other; the first is the beginning of the file, which may be the
/// only one. `None` where the file cannot be read: who reads its one piece will say why.
///
/// `delimiter` is that of formats with quotes, in which a record may span lines.
pub(crate) fn cuts(
    file: &Arc<dyn RandomRead>,
    delimiter: Option<u8>,
    piece_bytes: u64,
    threads: usize,
) -> Option<Vec<Place>> {
    let chunks = chunks(&**file, piece_bytes.clamp(1, CHUNK_BYTES))?;
    if delimiter.is_some()
        && chunks
            .iter()
            .any(|chunk| chunk.end - chunk.start > RECORD_BYTES_MAX as u64)
    {
        return Some(vec![BEGINNING]);
    }
    let looked = look_all(&**file, delimiter, &chunks, threads)?;
    let starts = match delimiter {
        Some(delimiter) => records(file, delimiter, &chunks, &looked)?,
        None => fronts(&chunks, &looked),
    };
    let mut cuts = vec![BEGINNING];
    let mut last = 0;
    for start in starts {
        if start.offset - last >= piece_bytes && start.offset < file.len() {
            last = start.offset;
            cuts.push(start);
        }
    }
    Some(cuts)
}

/// The file in chunks of about so many bytes, each of whole lines.
fn chunks(file: &dyn RandomRead, bytes: u64) -> Option<Vec<Range<u64>>> {
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < file.len() {
        let end = after_line(file, start.saturating_add(bytes - 1))?;
        chunks.push(start..end);
        start = end;
    }
    Some(chunks)
}

/// The first place after a line feed at `from` or later.
fn after_line(file: &dyn RandomRead, from: u64) -> Option<u64> {
    let (mut at, mut size) = (from, 1 << 10);
    while at < file.len() {
        let bytes = file.read_at(at, within(size, file.len() - at)).ok()?;
        if let Some(end) = memchr(b'\n', &bytes) {
            return Some(at + end as u64 + 1);
        }
        at += bytes.len() as u64;
        size = (size * 2).min(1 << 20);
    }
    Some(file.len())
}

/// A length to read.
fn within(size: u64, left: u64) -> usize {
    usize::try_from(size.min(left)).unwrap_or(usize::MAX)
}

/// What was found in a chunk.
#[derive(Debug, Clone, Copy, Default)]
struct Looked {
    /// Line feeds.
    lines: u64,
    /// Where the record begins that is open at the end, if the first line of the chunk begins a record.
    open: Option<Place>,
}

fn look_all(
    file: &dyn RandomRead,
    delimiter: Option<u8>,
    chunks: &[Range<u64>],
    threads: usize,
) -> Option<Vec<Looked>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(at) else { return done };
            done.push((at, look(file, delimiter, chunk.clone())));
        }
    };
    let threads = threads.clamp(1, chunks.len().max(1));
    let done: Vec<(usize, Option<Looked>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        done.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        done
    });
    let mut looked = vec![None; chunks.len()];
    for (at, found) in done {
        looked[at] = found;
    }
    looked.into_iter().collect()
}

/// Looks through lines; places are counted from their start.
fn look(file: &dyn RandomRead, delimiter: Option<u8>, lines: Range<u64>) -> Option<Looked> {
    let mut looked = Looked::default();
    let Some(delimiter) = delimiter else {
        // A chunk is as long as its longest line.
        let mut at = lines.start;
        while at < lines.end {
            let bytes = file.read_at(at, within(CHUNK_BYTES, lines.end - at)).ok()?;
            looked.lines += memchr_iter(b'\n', &bytes).count() as u64;
            at += bytes.len() as u64;
        }
        return Some(looked);
    };
    let bytes = file.read_at(lines.start, (lines.end - lines.start) as usize).ok()?;
    looked.lines = memchr_iter(b'\n', &bytes).count() as u64;
    let mark = if lines.start == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    looked.open = open_record(&bytes[mark..], delimiter).map(|record| Place {
        offset: (mark + record) as u64,
        lines: memchr_iter(b'\n', &bytes[..mark + record]).count() as u64,
    });
    Some(looked)
}

/// Of lines, the first of which begins a record: where the record begins whose quotes are open at the end.
///
/// As [`CsvReader`]: a quote opens a field at the field's start only; in it, two quotes stand for one, and one closes it.
fn open_record(text: &[u8], delimiter: u8) -> Option<usize> {
    // Outside of quotes; and the record that this is in.
    let (mut at, mut record) = (0, 0);
    while let Some(found) = memchr(b'"', &text[at..]) {
        let quote = at + found;
        if let Some(end) = memrchr(b'\n', &text[at..quote]) {
            record = at + end + 1;
        }
        at = quote + 1;
        if quote != record && text[quote - 1] != delimiter {
            continue;
        }
        loop {
            let Some(close) = memchr(b'"', &text[at..]) else {
                return Some(record);
            };
            at += close + 1;
            if text.get(at) != Some(&b'"') {
                break;
            }
            at += 1;
        }
    }
    None
}

/// The fronts of all chunks.
fn fronts(chunks: &[Range<u64>], looked: &[Looked]) -> Vec<Place> {
    let mut lines = 0;
    let front = |(chunk, looked): (&Range<u64>, &Looked)| {
        let front = Place {
            offset: chunk.start,
            lines,
        };
        lines += looked.lines;
        front
    };
    chunks.iter().zip(looked).map(front).collect()
}

/// In every chunk of CSV the first start of a record that is known to be one.
fn records(file: &Arc<dyn RandomRead>, delimiter: u8, chunks: &[Range<u64>], looked: &[Looked]) -> Option<Vec<Place>> {
    let mut starts = Vec::new();
    let mut given_up = 0;
    // A start of a record.
    let mut at = BEGINNING;
    for ((chunk, front), mut looked) in chunks.iter().zip(fronts(chunks, looked)).zip(looked.iter().copied()) {
        if at.offset >= chunk.end {
            continue;
        }
        starts.push(at);
        if at != front {
            looked = look(&**file, Some(delimiter), at.offset..chunk.end)?;
        }
        while let Some(open) = looked.open {
            let record = Place {
                offset: at.offset + open.offset,
                lines: at.lines + open.lines,
            };
            at = behind_record(file, delimiter, record)?;
            if at.lines == record.lines + 1 {
                given_up += 1;
            }
            if given_up > GIVEN_UP_MAX {
                return Some(vec![BEGINNING]);
            }
            if at.offset >= chunk.end {
                break;
            }
            looked = look(&**file, Some(delimiter), at.offset..chunk.end)?;
        }
        if at.offset < chunk.end {
            at = Place {
                offset: chunk.end,
                lines: at.lines + looked.lines,
            };
        }
    }
    Some(starts)
}

/// The end of a record, as it is read.
fn behind_record(file: &Arc<dyn RandomRead>, delimiter: u8, record: Place) -> Option<Place> {
    let input = Ranged::new(file.clone(), record.offset..file.len());
    let mut reader = CsvReader::new(Lines::starting_at_line(Box::new(input), record.lines), delimiter);
    reader.next().ok()?;
    let mut after = record;
    while after.lines < reader.line() {
        after.offset = after_line(&**file, after.offset)?;
        after.lines += 1;
    }
    Some(after)
}
