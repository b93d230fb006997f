//! `weighted_mean`: a group of two exact sums, whose quotient is rounded once.

use super::number::Number;
use super::{Aggregate, Asked, Input, Name, Types};
use crate::exact::{self, ExactSum};
use crate::value::{Value, canonical};
use featc_ir::ErrorCode;

/// How many pairs, the sum of the weights, and that of the weighted values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighted(Box<Sums>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sums {
    taken: i64,
    weights: ExactSum,
    products: ExactSum,
}

impl Aggregate for Weighted {
    fn identity(_: Name, _: Types) -> Weighted {
        Weighted(Box::default())
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        let weight = Number::at(input.second(), row);
        self.0.taken = self.0.taken.wrapping_add(1);
        weight.add_to(&mut self.0.weights);
        Number::at(input.argument(), row).add_product_to(weight, &mut self.0.products);
    }

    fn combine(&mut self, other: &Weighted) {
        self.0.taken = self.0.taken.wrapping_add(other.0.taken);
        self.0.weights.combine(&other.0.weights);
        self.0.products.combine(&other.0.products);
    }

    fn subtract(&mut self, other: &Weighted) {
        self.0.taken = self.0.taken.wrapping_sub(other.0.taken);
        self.0.weights.subtract(&other.0.weights);
        self.0.products.subtract(&other.0.products);
    }

    fn is_empty(&self) -> bool {
        self.0.taken == 0
    }

    fn heap_bytes(&self) -> usize {
        size_of::<Sums>() + self.0.weights.heap_bytes() + self.0.products.heap_bytes()
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let scale = u32::from(asked.types.argument.map_or(0, featc_ir::Type::scale));
        let mean = exact::quotient(&self.0.products, &self.0.weights, scale);
        Ok(mean.map_or(Value::Null, |mean| Value::Float64(canonical(mean))))
    }
}
