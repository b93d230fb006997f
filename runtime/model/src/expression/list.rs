//! Functions of lists, value by value.

use super::function::made;
use super::order;
use featc_ir::{Function, Type};
use featr_kernels::Value;

/// The value of a call with valid arguments; `None` is null.
pub fn call(function: Function, values: &[Value], types: &[Type]) -> Option<Value> {
    match (function, values) {
        (Function::Item, [Value::List(items), Value::Int64(place)]) => item(items, *place),
        (Function::Contains, [Value::List(items), wanted]) => {
            let ty = types[1];
            let is_it = |item: &Value| item.is_valid() && order((item, ty), (wanted, ty)).is_eq();
            Some(Value::Bool(items.iter().any(is_it)))
        }
        (Function::Split, [Value::String(text), Value::String(separator)]) => Some(Value::List(split(text, separator))),
        (Function::Join, [Value::List(items), Value::String(separator)]) => {
            let texts = items.iter().filter_map(|item| match item {
                Value::String(text) => Some(text.as_str()),
                _ => None,
            });
            Some(made(between(texts, separator)))
        }
        (Function::Hash, [value]) => Some(Value::Int64(xxh64(&bytes(value)?) as i64)),
        _ => None,
    }
}

/// The items, and the separator between each two of them.
pub(super) fn between<'a>(
    items: impl IntoIterator<Item = &'a str>,
    separator: &'a str,
) -> impl Iterator<Item = &'a str> {
    let items = items.into_iter().enumerate();
    items.flat_map(move |(at, item)| [if at == 0 { "" } else { separator }, item])
}

/// The item that stands so far from the start, or from the end where the number is negative.
fn item(items: &[Value], place: i64) -> Option<Value> {
    let count = items.len() as i128;
    let is_meant = |(from_start, _): &(i128, &Value)| {
        let from_end = from_start - count - 1;
        [*from_start, from_end].contains(&i128::from(place))
    };
    (1_i128..).zip(items).find(is_meant).map(|(_, item)| item.clone())
}

/// Character by character: a part ends where the separator stands.
fn split(text: &str, separator: &str) -> Vec<Value> {
    let (text, separator): (Vec<char>, Vec<char>) = (text.chars().collect(), separator.chars().collect());
    let (mut parts, mut part, mut at) = (Vec::new(), String::new(), 0);
    while at < text.len() {
        if !separator.is_empty() && text[at..].starts_with(&separator) {
            parts.push(Value::String(std::mem::take(&mut part)));
            at += separator.len();
        } else {
            part.push(text[at]);
            at += 1;
        }
    }
    parts.push(Value::String(part));
    parts
}

/// What is hashed of a value.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    let little = |number: i128, width: u32| (0..width).map(|at| (number >> (8 * at)) as u8).collect();
    Some(match value {
        Value::Bool(value) => vec![if *value { 1 } else { 0 }],
        Value::Int64(number) | Value::Timestamp(number) | Value::Duration(number) => little(i128::from(*number), 8),
        Value::Date(day) => little(i128::from(*day), 8),
        Value::Float64(value) => little(i128::from(value.to_bits()), 8),
        Value::Decimal(units) => little(*units, 16),
        Value::String(text) => text.clone().into_bytes(),
        Value::Null | Value::Error(_) | Value::List(_) => return None,
    })
}

const PRIMES: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

/// XXH64 with seed 0, after the description of the algorithm (<https://github.com/Cyan4973/xxHash>, `doc/xxhash_spec.md`).
fn xxh64(input: &[u8]) -> u64 {
    let [p1, p2, p3, p4, p5] = PRIMES;
    let round = |lane: u64, word: u64| {
        let sum = lane.wrapping_add(word.wrapping_mul(p2));
        sum.rotate_left(31).wrapping_mul(p1)
    };
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0_u64, |word, byte| word << 8 | u64::from(*byte))
    };
    let stripes = input.len() / 32;
    let mut hash = p5;
    if stripes > 0 {
        let mut lanes = [p1.wrapping_add(p2), p2, 0, 0_u64.wrapping_sub(p1)];
        for stripe in 0..stripes {
            for (at, lane) in lanes.iter_mut().enumerate() {
                let from = 32 * stripe + 8 * at;
                *lane = round(*lane, word(&input[from..from + 8]));
            }
        }
        hash = [1, 7, 12, 18]
            .iter()
            .zip(lanes)
            .fold(0_u64, |sum, (by, lane)| sum.wrapping_add(lane.rotate_left(*by)));
        for lane in lanes {
            hash = (hash ^ round(0, lane)).wrapping_mul(p1).wrapping_add(p4);
        }
    }
    hash = hash.wrapping_add(input.len() as u64);
    let mut rest = &input[32 * stripes..];
    while rest.len() >= 8 {
        let (head, tail) = rest.split_at(8);
        hash = (hash ^ round(0, word(head)))
            .rotate_left(27)
            .wrapping_mul(p1)
            .wrapping_add(p4);
        rest = tail;
    }
    if rest.len() >= 4 {
        let (head, tail) = rest.split_at(4);
        hash = (hash ^ word(head).wrapping_mul(p1))
            .rotate_left(23)
            .wrapping_mul(p2)
            .wrapping_add(p3);
        rest = tail;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(p5))
            .rotate_left(11)
            .wrapping_mul(p1);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(p2);
    hash = (hash ^ hash >> 29).wrapping_mul(p3);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_algorithm() {
        let texts = [
            ("", 0xef46_db37_51d8_e999),
            ("a", 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0x44bc_2cf5_ad77_0999),
        ];
        for (text, hash) in texts {
            assert_eq!(xxh64(text.as_bytes()), hash, "{text}");
        }
    }
}
