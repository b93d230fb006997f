//! What an evaluator answers, and where two of them differ, bit by bit.

use super::case::Fields;
use arrow::array::{Array as _, ArrayRef, Float64Array, StringArray, UInt32Array};
use featc_ir::{Status, Type};
use featr::{Column, Error, Training, Value};
use std::sync::Arc;

/// One row per question; per feature its values, then its statuses.
#[derive(Debug, Clone)]
pub struct Answers {
    columns: Vec<ArrayRef>,
}

/// Where two evaluators differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Per feature: rows in which the value or its status differs.
    pub differ: Vec<u64>,
    /// Per feature: the first of them.
    pub first: Vec<Option<usize>>,
}

fn bug(error: impl std::fmt::Display) -> Error {
    Error::Bug { why: error.to_string() }
}

impl Answers {
    /// The features of a training set with statuses, which follow `own` columns of the spine.
    pub fn of(training: &Training, own: usize) -> Result<Answers, Error> {
        let columns = own..training.schema.fields().len();
        let whole = columns.map(|column| featr::whole_column(&training.schema, &training.batches, column));
        Ok(Answers {
            columns: whole.collect::<Result<_, _>>()?,
        })
    }

    /// Values and statuses, one list per question.
    pub fn of_values(rows: &[Vec<(Value, Status)>], fields: &Fields) -> Answers {
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (place, ty) in fields.types.iter().enumerate() {
            let values: Vec<Value> = rows.iter().map(|row| row[place].0.clone()).collect();
            let statuses: Vec<String> = rows.iter().map(|row| row[place].1.to_string()).collect();
            columns.push(featr::to_arrow(&Column::from_values(*ty, &values)));
            columns.push(Arc::new(StringArray::from(statuses)));
        }
        Answers { columns }
    }

    /// Values and statuses of one feature.
    pub fn of_field(columns: [ArrayRef; 2]) -> Answers {
        Answers {
            columns: columns.into(),
        }
    }

    /// The answers of one feature.
    pub fn field(&self, field: usize) -> Answers {
        Answers {
            columns: self.columns[2 * field..2 * field + 2].to_vec(),
        }
    }

    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.len())
    }

    /// The answers to some of the questions, in the given order.
    pub fn take(&self, rows: &[u32]) -> Result<Answers, Error> {
        let rows = UInt32Array::from(rows.to_vec());
        let taken = self
            .columns
            .iter()
            .map(|column| arrow::compute::take(column, &rows, None).map_err(bug));
        Ok(Answers {
            columns: taken.collect::<Result<_, _>>()?,
        })
    }

    /// The answers with the value of one feature and question replaced, of the same type: for tests of what finds them.
    #[cfg(test)]
    pub fn with_value(mut self, row: usize, field: usize, value: &Value, ty: Type) -> Answers {
        let column = featr::from_arrow(&self.columns[2 * field], ty).expect("a column of this type");
        let mut values = column.values();
        values[row] = value.clone();
        self.columns[2 * field] = featr::to_arrow(&Column::from_values(ty, &values));
        self
    }

    /// A value, and its status in words.
    pub fn answer(&self, row: usize, field: usize, ty: Type) -> Result<(Value, String), Error> {
        let one = |column: usize, ty: Type| {
            let cell = self.columns[column].slice(row, 1);
            featr::from_arrow(&cell, ty).map(|column| column.value(0)).map_err(bug)
        };
        Ok((
            one(2 * field, ty)?,
            one(2 * field + 1, Type::String)?.render(Type::String),
        ))
    }

    /// A value with its bits, and its status, in words.
    pub fn said(&self, row: usize, field: usize, fields: &Fields) -> String {
        let one = |column: usize, ty: Type| {
            let cell = self.columns[column].slice(row, 1);
            let read = featr::from_arrow(&cell, ty).map(|column| column.value(0));
            match (cell.as_any().downcast_ref::<Float64Array>(), read) {
                (Some(floats), Ok(value)) if floats.is_valid(0) => {
                    format!("{} (bits {:016x})", value.render(ty), floats.value(0).to_bits())
                }
                (_, Ok(Value::Null)) => "null".to_owned(),
                (_, Ok(value)) => value.render(ty),
                (_, Err(why)) => why,
            }
        };
        format!(
            "{}, {}",
            one(2 * field, fields.types[field]),
            one(2 * field + 1, Type::String)
        )
    }
}

/// Compares two evaluators' answers to the same questions; what is `excluded` differs nowhere.
pub fn compare(left: &Answers, right: &Answers, excluded: &[bool]) -> Result<Outcome, Error> {
    if left.columns.len() != right.columns.len() || left.rows() != right.rows() {
        return Err(bug("two evaluators' answers have different rows or columns"));
    }
    let mut outcome = Outcome::default();
    for field in 0..left.columns.len() / 2 {
        let rows = match excluded.get(field) {
            Some(true) => Vec::new(),
            Some(false) | None => rows_that_differ(left, right, field),
        };
        outcome.differ.push(rows.len() as u64);
        outcome.first.push(rows.first().copied());
    }
    Ok(outcome)
}

/// The rows in which the value of a feature or its status differs.
pub fn rows_that_differ(left: &Answers, right: &Answers, field: usize) -> Vec<usize> {
    // Arrow compares the bytes of valid values.
    let pairs = [2 * field, 2 * field + 1].map(|column| (&left.columns[column], &right.columns[column]));
    let differing: Vec<_> = pairs
        .into_iter()
        .filter(|(left, right)| left.to_data() != right.to_data())
        .collect();
    let differs = |row: &usize| {
        let cell = |column: &ArrayRef| column.slice(*row, 1).to_data();
        differing.iter().any(|(left, right)| cell(left) != cell(right))
    };
    match differing.is_empty() {
        true => Vec::new(),
        false => (0..left.rows()).filter(differs).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(values: &[f64]) -> Answers {
        let rows: Vec<_> = values
            .iter()
            .map(|value| vec![(Value::Float64(*value), Status::Ok)])
            .collect();
        Answers::of_values(&rows, &fields())
    }

    fn fields() -> Fields {
        Fields {
            names: vec!["f".to_owned()],
            types: vec![Type::Float64],
        }
    }

    #[test]
    fn one_bit_is_a_difference_and_so_is_a_status() {
        let next = f64::from_bits(0.3f64.to_bits() + 1);
        let (left, right) = (floats(&[1.0, 0.3, 2.0]), floats(&[1.0, next, 2.0]));
        let outcome = compare(&left, &right, &[false]).unwrap();
        assert_eq!((outcome.differ, outcome.first), (vec![1], vec![Some(1)]));
        assert_eq!(left.said(1, 0, &fields()), "0.3 (bits 3fd3333333333333), ok");
        assert_eq!(compare(&left, &right, &[true]).unwrap().differ, [0]);
        assert_eq!(compare(&left, &left, &[false]).unwrap().differ, [0]);
        let empty = Answers::of_values(&[vec![(Value::Null, Status::Empty)]], &fields());
        let missing = Answers::of_values(&[vec![(Value::Null, Status::Missing)]], &fields());
        assert_eq!(compare(&empty, &missing, &[false]).unwrap().differ, [1]);
        assert!(compare(&left, &empty, &[false]).is_err());
        let taken = left.take(&[2, 0]).unwrap();
        assert_eq!(compare(&taken, &floats(&[2.0, 1.0]), &[]).unwrap().differ, [0]);
    }
}
