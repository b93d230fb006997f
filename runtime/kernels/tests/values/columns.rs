//! Columns behave as vectors of values.

use crate::arbitrary::{Choices, any_ty, batch, value};
use featc_ir::Type;
use featr_kernels::{Column, Data, Tag, Value};
use proptest::prelude::*;

proptest! {
    /// Every operation on columns against the same operation on a vector of values.
    #[test]
    fn columns_behave_as_vectors_of_values(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        rows in 0usize..8,
        others in 0usize..8,
        at in any::<prop::sample::Index>(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let mut choices = Choices::new(&bytes);
        let of = any_ty(&mut choices);
        let column = batch(&mut choices, &[of], rows).columns.remove(0);
        let other = batch(&mut choices, &[of], others).columns.remove(0);
        let extra = value(&mut choices, of);
        let values = column.values();
        let cut = at.index(rows + 1);
        prop_assert_eq!(&Column::from_values(of, &values), &column);

        prop_assert_eq!(column.slice(cut..rows).values(), &values[cut..]);
        let (mut head, mut expected) = (column.clone(), values.clone());
        prop_assert_eq!(head.split_off(cut).values(), expected.split_off(cut));
        prop_assert_eq!(head.values(), &expected[..]);
        head.append(&other);
        expected.extend(other.values());
        prop_assert_eq!(head.values(), &expected[..]);
        head.insert(cut, &extra);
        expected.insert(cut, extra.clone());
        prop_assert_eq!(head.values(), &expected[..]);
        if others > 0 {
            head.insert_from(cut, &other, others - 1);
            expected.insert(cut, other.value(others - 1));
            head.push_from(&other, 0);
            expected.push(other.value(0));
        }
        prop_assert_eq!(head.values(), &expected[..]);

        let picked: Vec<usize> = picks.iter().map(|pick| pick.index(expected.len())).collect();
        let taken: Vec<Value> = picked.iter().map(|row| expected[*row].clone()).collect();
        prop_assert_eq!(head.take(&picked.iter().map(|row| *row as u32).collect::<Vec<_>>()).values(), taken);
        let filled: Vec<Value> =
            expected.iter().map(|value| if value.is_null() { extra.clone() } else { value.clone() }).collect();
        prop_assert_eq!(head.clone().fill_null(&extra).values(), filled);
        prop_assert_eq!(Column::repeat(of, &extra, rows).values(), vec![extra; rows]);
    }
}

#[test]
fn equality_ignores_the_data_of_nulls() {
    let nulls = Some(vec![Tag::NULL, Tag::VALID]);
    let left = Column::with_tags(Type::Int64, Data::I64(vec![1, 2]), nulls.clone());
    let right = Column::with_tags(Type::Int64, Data::I64(vec![9, 2]), nulls);
    assert_eq!(left, right);
    let all_valid = Column {
        ty: Type::Int64,
        data: Data::I64(vec![1, 2]),
        tags: Some(vec![Tag::VALID; 2]),
    };
    assert_eq!(
        all_valid,
        Column {
            tags: None,
            ..all_valid.clone()
        }
    );
    assert_ne!(left, all_valid);
    assert_eq!(Column::new(Type::String, 2).values(), [Value::Null, Value::Null]);
}
