//! Expressions whose value is, row by row, one of their operands: case, coalesce, least, greatest, nullif.

use super::cast::cast;
use super::compare::compare;
use super::operand::{Frame, Operand, Side};
use crate::column::{Data, StrData, Tag};
use featc_ir::{BinaryOp, Type};

/// What a row becomes: the row of an operand, or null or an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Open,
    Operand(u32),
    Tag(u8),
}

/// The values of the chosen operands, which have type `ty`. What is still open is null.
fn pick<'a>(ty: Type, operands: &[Operand<'_>], choices: &[Choice], constant: bool) -> Operand<'a> {
    let mut any_tag = Tag::VALID;
    let tags: Vec<u8> = choices
        .iter()
        .enumerate()
        .map(|(row, choice)| {
            let tag = match choice {
                Choice::Open => Tag::NULL,
                Choice::Operand(at) => operands[*at as usize].tag(row),
                Choice::Tag(tag) => *tag,
            };
            any_tag |= tag;
            tag
        })
        .collect();
    let data = match Data::zeros(ty, 0) {
        Data::Bool(_) => Data::Bool(pick_side(operands.iter().map(Operand::bools), choices)),
        Data::I64(_) => Data::I64(pick_side(operands.iter().map(Operand::i64s), choices)),
        Data::F64(_) => Data::F64(pick_side(operands.iter().map(Operand::f64s), choices)),
        Data::I128(_) => Data::I128(pick_side(operands.iter().map(Operand::i128s), choices)),
        Data::Str(_) => {
            let sides: Vec<_> = operands.iter().map(Operand::texts).collect();
            let mut picked = StrData::with_capacity(choices.len(), 0);
            for (row, choice) in choices.iter().enumerate() {
                match choice {
                    Choice::Operand(at) => picked.push(sides[*at as usize].bytes(row)),
                    Choice::Open | Choice::Tag(_) => picked.push(b""),
                }
            }
            Data::Str(picked)
        }
    };
    let frame = Frame {
        rows: choices.len(),
        constant,
        tags: (any_tag != Tag::VALID).then_some(tags),
    };
    frame.finish(ty, data)
}

fn pick_side<'b, T: Copy + Default + 'b>(sides: impl Iterator<Item = Side<'b, T>>, choices: &[Choice]) -> Vec<T> {
    let sides: Vec<Side<'b, T>> = sides.collect();
    let each = |(row, choice): (usize, &Choice)| match choice {
        Choice::Operand(at) => sides[*at as usize].at(row),
        Choice::Open | Choice::Tag(_) => T::default(),
    };
    choices.iter().enumerate().map(each).collect()
}

/// The operands in type `ty` (they may be decimals of other scales).
fn coerced<'a>(operands: Vec<Operand<'a>>, ty: Type, rows: usize) -> Vec<Operand<'a>> {
    operands.into_iter().map(|operand| cast(operand, ty, rows)).collect()
}

/// The value that belongs to the first true condition, else `otherwise`, else null. An error of a condition that is
/// reached is the result.
pub fn case<'a>(
    ty: Type,
    conditions: Vec<Operand<'a>>,
    mut values: Vec<Operand<'a>>,
    otherwise: Option<Operand<'a>>,
    rows: usize,
) -> Operand<'a> {
    let last = otherwise.is_some().then_some(values.len() as u32);
    values.extend(otherwise);
    let values = coerced(values, ty, rows);
    let all: Vec<&Operand<'_>> = conditions.iter().chain(&values).collect();
    let frame = Frame::of(&all, rows);
    let mut choices = vec![Choice::Open; frame.rows];
    for (at, condition) in conditions.iter().enumerate() {
        let flags = condition.bools();
        for (row, choice) in choices
            .iter_mut()
            .enumerate()
            .filter(|(_, choice)| **choice == Choice::Open)
        {
            match condition.tag(row) {
                Tag::VALID if flags.at(row) => *choice = Choice::Operand(at as u32),
                Tag::VALID | Tag::NULL => {}
                error => *choice = Choice::Tag(error),
            }
        }
    }
    if let Some(last) = last {
        choices
            .iter_mut()
            .filter(|choice| **choice == Choice::Open)
            .for_each(|choice| *choice = Choice::Operand(last));
    }
    pick(ty, &values, &choices, frame.constant)
}

/// The first operand that is not null; an error is not null.
pub fn coalesce<'a>(ty: Type, operands: Vec<Operand<'a>>, rows: usize) -> Operand<'a> {
    let operands = coerced(operands, ty, rows);
    let frame = Frame::of(&operands.iter().collect::<Vec<_>>(), rows);
    let mut choices = vec![Choice::Open; frame.rows];
    for (at, operand) in operands.iter().enumerate() {
        for (row, choice) in choices.iter_mut().enumerate() {
            if *choice == Choice::Open && operand.tag(row) != Tag::NULL {
                *choice = Choice::Operand(at as u32);
            }
        }
    }
    pick(ty, &operands, &choices, frame.constant)
}

/// The least (`op` = `Less`) or greatest (`op` = `Greater`) operand that is not null; the leftmost error if there is one.
pub fn extreme<'a>(op: BinaryOp, ty: Type, operands: Vec<Operand<'a>>, rows: usize) -> Operand<'a> {
    let mut operands = coerced(operands, ty, rows).into_iter();
    let Some(mut best) = operands.next() else {
        return super::null_operand(ty);
    };
    for next in operands {
        let better = compare(op, &next, &best, rows);
        let frame = Frame::of(&[&best, &next], rows);
        let flags = better.bools();
        let choices: Vec<Choice> = (0..frame.rows)
            .map(|row| {
                let takes_next = match (best.tag(row), next.tag(row)) {
                    (Tag::VALID, Tag::VALID) => flags.at(row),
                    (Tag::VALID, Tag::NULL) => false,
                    (Tag::VALID | Tag::NULL, _) => true,
                    _ => false,
                };
                Choice::Operand(u32::from(takes_next))
            })
            .collect();
        let picked = pick(ty, &[best, next], &choices, frame.constant);
        best = picked;
    }
    best
}

/// Null where the two are equal, else the first; an error of either is the result, the first one's first.
pub fn null_if<'a>(ty: Type, first: Operand<'a>, second: &Operand<'a>, rows: usize) -> Operand<'a> {
    let equal = compare(BinaryOp::Equal, &first, second, rows);
    let frame = Frame::of(&[&first, second], rows);
    let flags = equal.bools();
    let choices: Vec<Choice> = (0..frame.rows)
        .map(|row| match (first.tag(row), second.tag(row)) {
            (Tag::VALID, Tag::VALID) if flags.at(row) => Choice::Tag(Tag::NULL),
            (Tag::VALID | Tag::NULL, error) if error > Tag::NULL => Choice::Tag(error),
            _ => Choice::Operand(0),
        })
        .collect();
    pick(ty, &[cast(first, ty, rows)], &choices, frame.constant)
}
