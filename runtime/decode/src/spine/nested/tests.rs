//! Random lists and objects of spines come out as they went in, or are refused.

use crate::{DecodeError, Spine, read_spine};
use rng::Rng;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[path = "../../../../../tests/support/rng.rs"]
#[allow(dead_code, reason = "it is shared, and each test uses its part")]
mod rng;

struct Draw(Rng);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// What stands at a place of every row.
enum Shape {
    Number(&'static [&'static str]),
    Bool,
    Text,
    List(Box<Shape>),
    Object(Vec<(&'static str, Shape)>),
}

const PLAIN: &[&str] = &["0", "-7", "12", "9223372036854775807", "-9223372036854775808"];
const FLOATS: &[&str] = &[
    "0.5",
    "1e3",
    "-2.25E-3",
    "3",
    "-0.0",
    "9007199254740992",
    "1.7976931348623157e308",
];
const UNSIGNED: &[&str] = &["18446744073709551615", "0", "9223372036854775808"];
/// Of these most cannot be held together with others, and some by no type.
const WILD: &[&str] = &[
    "9007199254740993",
    "1.5",
    "0.10000000000000000555",
    "123456789.123456789123",
    "18446744073709551616",
    "-9007199254740995",
    "1e400",
    "-0",
    "0.1",
    "18446744073709551615",
    "-1",
];

impl Shape {
    /// Whether every value of it has a type that holds it.
    fn is_tame(&self) -> bool {
        match self {
            Shape::Number(numbers) => *numbers != WILD,
            Shape::Bool | Shape::Text => true,
            Shape::List(item) => item.is_tame(),
            Shape::Object(fields) => fields.iter().all(|(_, field)| field.is_tame()),
        }
    }
}

fn shape(draw: &mut Draw, depth: usize) -> Shape {
    match draw.below(if depth < 3 { 9 } else { 5 }) {
        0 => Shape::Number(PLAIN),
        1 => Shape::Number(FLOATS),
        2 => Shape::Number([UNSIGNED, WILD, WILD][draw.below(3)]),
        3 => Shape::Bool,
        4 => Shape::Text,
        5 | 6 => Shape::List(Box::new(shape(draw, depth + 1))),
        _ => {
            let names = ["a", "b", "a b", "\\u0041", "é"];
            let fields = names.into_iter().filter(|_| draw.below(2) == 0).collect::<Vec<_>>();
            Shape::Object(fields.into_iter().map(|name| (name, shape(draw, depth + 1))).collect())
        }
    }
}

fn value(draw: &mut Draw, shape: &Shape, text: &mut String) {
    if draw.below(12) == 0 {
        return text.push_str("null");
    }
    match shape {
        Shape::Number(numbers) => text.push_str(draw.of(numbers)),
        Shape::Bool => text.push_str(draw.of(&["true", "false"])),
        Shape::Text => text.push_str(draw.of(&["\"\"", "\"x\"", "\"\\u00e9\\n\"", "\"12\"", "\"\\ud83d\\ude00\""])),
        Shape::List(item) => {
            text.push('[');
            for place in 0..draw.below(4) {
                text.push_str(if place > 0 { ", " } else { "" });
                value(draw, item, text);
            }
            text.push(']');
        }
        Shape::Object(fields) => {
            let mut open = '{';
            for (name, field) in fields {
                if draw.below(5) > 0 {
                    let _ = write!(text, "{open}\"{name}\":");
                    value(draw, field, text);
                    open = ',';
                }
            }
            text.push_str(if open == '{' { "{}" } else { "}" });
        }
    }
}

/// A JSON value in one form: numbers as sign, digits and exponent, objects by name without their nulls.
fn canonical(raw: &str) -> String {
    match raw.as_bytes()[0] {
        b'{' => {
            let map: BTreeMap<String, &RawValue> = serde_json::from_str(raw).unwrap();
            let fields = map.iter().filter(|(_, value)| value.get() != "null");
            let fields = fields.map(|(name, value)| format!("{name:?}:{}", canonical(value.get())));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap();
            let items = items.iter().map(|item| canonical(item.get()));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        b'"' => format!("{:?}", serde_json::from_str::<String>(raw).unwrap()),
        b'n' | b't' | b'f' => raw.to_owned(),
        _ => {
            let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let all = format!("{}{fraction}", whole.trim_start_matches('-'));
            let digits = all.trim_start_matches('0').trim_end_matches('0');
            let zeros = all.len() - all.trim_end_matches('0').len();
            let exponent = exponent.parse::<i64>().unwrap() - fraction.len() as i64 + zeros as i64;
            let sign = if raw.starts_with('-') { "-" } else { "+" };
            format!("{sign}{digits}e{}", if digits.is_empty() { 0 } else { exponent })
        }
    }
}

fn read(text: &str) -> Result<Spine, DecodeError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    std::fs::write(&path, text).unwrap();
    read_spine(&path, &[], "at", None)
}

/// As the writer of `.jsonl` files prints it, without a file.
fn written(spine: &Spine) -> String {
    let builder = arrow::json::WriterBuilder::new().with_explicit_nulls(true);
    let mut writer = builder.build::<_, arrow::json::writer::LineDelimited>(Vec::new());
    spine.batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    String::from_utf8(writer.into_inner()).unwrap()
}

fn spine_of(values: &[String]) -> String {
    let line = |value: &String| format!("{{\"at\":\"2024-05-01T10:30:00Z\",\"v\":{value}}}\n");
    values.iter().map(line).collect()
}

#[test]
fn random_lists_and_objects_are_untouched_or_refused() {
    let (mut equal, mut refused, mut tame) = (0, 0, 0);
    for seed in 0..3_000 {
        let mut draw = Draw(Rng::new(seed));
        let shape = match draw.below(2) {
            0 => Shape::List(Box::new(shape(&mut draw, 1))),
            _ => Shape::Object(vec![("o", shape(&mut draw, 1)), ("p", shape(&mut draw, 1))]),
        };
        let mut rows = vec![String::new(); 1 + draw.below(5)];
        rows.iter_mut().for_each(|text| value(&mut draw, &shape, text));
        let text = spine_of(&rows);
        let is_tame = shape.is_tame();
        match read(&text) {
            Ok(spine) => {
                for (is, was) in written(&spine).lines().zip(text.lines()) {
                    assert_eq!(canonical(is), canonical(was), "seed {seed}:\n{text}");
                }
                assert_eq!(written(&spine).lines().count(), rows.len());
                equal += 1;
                tame += usize::from(is_tame);
            }
            Err(DecodeError::WrongType { column, found, .. }) => {
                assert_eq!(column, "v");
                assert!(!is_tame, "seed {seed}: {found}\n{text}");
                refused += 1;
            }
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
    println!("{equal} came out equal ({tame} of them without wild numbers), {refused} were refused");
    assert!(equal > 1_000 && refused > 200 && tame > 500 && equal > tame);
}

#[test]
fn what_cannot_be_passed_through_is_told_with_its_place() {
    let why = |value: &str| match read(&spine_of(&[value.to_owned()])) {
        Err(DecodeError::WrongType { column, found, .. }) => format!("{column} is {found}"),
        Err(DecodeError::SpineLine { line, why, .. }) => format!("line {line}: {why}"),
        other => panic!("{value}: {other:?}"),
    };
    let inexact = "v is numbers and booleans, or numbers that no numeric type holds exactly, at";
    assert_eq!(why("[9007199254740993,1.5]"), format!("{inexact} `v[]`"));
    assert_eq!(
        why("{\"o\":[{\"x\":0.10000000000000000555}]}"),
        format!("{inexact} `v.o[].x`")
    );
    assert_eq!(why("[true,1]"), format!("{inexact} `v[]`"));
    assert_eq!(
        why("[1,\"a\"]"),
        "v is a mixture of strings, numbers, lists or objects at `v[]`"
    );
    assert_eq!(
        why("[[1],2]"),
        "v is a mixture of strings, numbers, lists or objects at `v[]`"
    );
    assert_eq!(
        why("{\"a\":{\"b\":1,\"b\":2}}"),
        "line 1: column v has an object whose key \"b\" occurs twice"
    );
    assert_eq!(why("[\"\\ud800\"]"), "line 1: column v has a broken escape");
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(why(&deep), "line 1: column v nests deeper than 100 levels");
    let whole = read(&spine_of(&[
        "{\"id\":9223372036854775808}".to_owned(),
        "{\"id\":1}".to_owned(),
    ]))
    .unwrap();
    assert!(written(&whole).contains("\"v\":{\"id\":9223372036854775808}"));
}
