//! Tests.

use super::{Doc, Name, Text, Timestamp};
use crate::diag::Span;

/// `test "a late delivery" for spend { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    pub doc: Option<Doc>,
    pub name: Text,
    pub view: Name,
    /// In order.
    pub parts: Vec<TestPart>,
    pub span: Span,
}

/// What stands in a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestPart {
    Given(Given),
    Expect(Expect),
}

/// `given payments`, and a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub source: Name,
    /// The names of columns.
    pub header: Row,
    /// In the order of their arrival.
    pub rows: Vec<Row>,
    pub span: Span,
}

/// `| 1 | a |`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Never empty.
    pub cells: Vec<Cell>,
    pub span: Span,
}

/// A value as it is written: in a cell, after a key, after `=`. Which type it has is not decided here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Without the blanks around it; empty in an empty cell.
    pub text: String,
    /// Of a text in quotes: what it says.
    pub quoted: Option<String>,
    pub span: Span,
}

/// `expect at @2025-01-01T00:00:00Z (card: "a") { total = 5.0 }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// The place of `as known`.
    pub as_known: Option<Span>,
    pub at: Timestamp,
    pub asked: Vec<Asked>,
    /// After the instant and the keys.
    pub head_end: usize,
    pub expected: Vec<Expected>,
    pub span: Span,
}

/// `card: "a"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Two parts joined by a dot where it is `payments.id`.
    pub name: Name,
    pub value: Cell,
}

/// `total = 5.0 ok`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub feature: Name,
    pub value: Wanted,
    /// `missing`, `error(overflow)`; whether it exists is not decided here.
    pub status: Option<Name>,
    pub span: Span,
}

/// What a feature is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    One(Cell),
    /// `[1, 2, null]`, and where it stands.
    List(Vec<Cell>, Span),
}
