//! Features of a service's own: expressions over the question's columns and the final values of views' features. Both engines
//! end here.

use super::status::derived_statuses;
use super::{Trouble, evaluate, strip};
use crate::column::{Column, Data};
use crate::value::Value;
use featc_ir::plan::{Derive, DeriveFeature, DeriveInput};
use featc_ir::{Literal, Status, Type};

/// A feature for some questions: values, each valid or null, and a status per row where statuses are wanted, else none.
pub type Finished = (Column, Vec<Status>);

/// What is known of some questions; every column has one row per question.
pub struct Given<'a> {
    /// The instants, in microseconds.
    pub times: &'a [i64],
    /// The fields of requests, in the order of [`Spine::request`](featc_ir::plan::Spine::request).
    pub fields: &'a [Column],
    /// The feature of an answer: its number, and the position among the features that leave it.
    pub answer: &'a dyn Fn(u32, u32) -> Option<&'a Finished>,
}

impl std::fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("times", &self.times.len())
            .finish_non_exhaustive()
    }
}

/// The features, in order; `None` where an input is not there, which no checked plan has. Troubles are counted where
/// somebody wants them, one per feature: errors of its own.
///
/// # Contract
/// - **Total**: every question gets a value or null for every feature, and a status where `statuses` are wanted.
/// - **Row by row**: an answer depends on its own question, and on nothing beside it.
pub fn derive(
    spec: &Derive,
    given: &Given<'_>,
    statuses: bool,
    mut troubles: Option<&mut Vec<Trouble>>,
) -> Option<Vec<Finished>> {
    let rows = given.times.len();
    let mut done: Vec<Finished> = Vec::with_capacity(spec.0.len());
    for feature in &spec.0 {
        let (values, of_inputs) = value(feature, given, &done)?;
        if let Some(troubles) = &mut troubles {
            let mut trouble = Trouble::default();
            trouble.count(&[], &values, rows, (None, None));
            troubles.push(trouble);
        }
        let statuses = match statuses {
            true => derived_statuses(&of_inputs, &values, rows),
            false => Vec::new(),
        };
        let mut values = values;
        strip(&mut values);
        let default = feature.default.as_ref().filter(|default| **default != Literal::Null);
        if let Some(default) = default.filter(|_| values.tags.is_some()) {
            values = values.fill_null(&Value::from_literal(default));
        }
        done.push((values, statuses));
    }
    Some(done)
}

/// The value of a feature, an error being its tag, and the features that it reads.
fn value<'a>(
    feature: &DeriveFeature,
    given: &'a Given<'_>,
    done: &'a [Finished],
) -> Option<(Column, Vec<&'a Finished>)> {
    let at = feature.inputs.contains(&DeriveInput::At).then(|| Column {
        ty: Type::Timestamp,
        data: Data::I64(given.times.to_vec()),
        tags: None,
    });
    let (mut columns, mut of_inputs) = (Vec::new(), Vec::new());
    for input in &feature.inputs {
        columns.push(match input {
            DeriveInput::At => at.as_ref()?,
            DeriveInput::Field(field) => given.fields.get(*field as usize)?,
            DeriveInput::Answer(answer, place) => {
                let read = (given.answer)(*answer, *place)?;
                of_inputs.push(read);
                &read.0
            }
            DeriveInput::Own(own) => {
                let read = done.get(*own as usize)?;
                of_inputs.push(read);
                &read.0
            }
        });
    }
    Some((evaluate(&columns, &feature.expr, given.times.len(), false), of_inputs))
}
