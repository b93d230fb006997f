//! Features of a service's own: what they are, in a program and in a plan.

use crate::lifted::default;
use crate::term::{Term, expression};
use featc_ir::plan::{Derive, DeriveInput, Spine};
use featc_ir::{AskedFeature, ColumnId, Expr, Key, Literal, Program, Service, ServiceInput, Type};

/// What a service reads of views: its fields, then what its own features read; some of them more than once.
pub(crate) fn read(service: &Service) -> Vec<AskedFeature> {
    let mut found: Vec<AskedFeature> = Vec::new();
    for field in &service.fields {
        found.push(AskedFeature {
            view: field.view,
            feature: field.feature,
            role: field.role,
        });
    }
    for feature in &service.features {
        for input in &feature.inputs {
            if let ServiceInput::Feature { view, feature, role } = *input {
                found.push(AskedFeature { view, feature, role });
            }
        }
    }
    found
}

/// The columns of a question that bring the keys of a view.
pub(crate) fn brings<'a>(program: &'a Program, service: &'a Service, asked: AskedFeature) -> &'a [Key] {
    match asked.role {
        Some(role) => &service.roles[role.index()].keys,
        None => &program.entities[program.views[asked.view.index()].entity.index()].keys,
    }
}

/// The fields of requests that a question brings, by first appearance.
pub(crate) fn fields(service: &Service) -> Vec<Key> {
    let mut found: Vec<Key> = Vec::new();
    for feature in &service.features {
        for input in &feature.inputs {
            match input {
                ServiceInput::Field(field) if found.iter().all(|known| known.name != field.name) => {
                    found.push(field.clone());
                }
                _ => {}
            }
        }
    }
    found
}

fn term(
    (name, ty): (&str, Type),
    inputs: Vec<String>,
    expr: &Expr,
    replaced: Option<&Literal>,
) -> Result<Term, String> {
    let count = inputs.len();
    let position = |id: ColumnId| (id.index() < count).then(|| format!("${}", id.0));
    Ok(Term::node(
        "derived",
        vec![
            Term::names("feature", [format!("{name}:{ty}")]),
            Term::names("inputs", inputs),
            Term::node("value", vec![expression(expr, &position)?]),
            default(replaced, ty),
        ],
    ))
}

/// The features of a service's own, as its program declares them.
///
/// # Errors
/// An input that is not there.
pub(crate) fn of_program(
    program: &Program,
    service: &Service,
    column: impl Fn(AskedFeature) -> String,
) -> Result<Vec<Term>, String> {
    let mut terms = Vec::new();
    for (place, feature) in service.features.iter().enumerate() {
        let input = |input: &ServiceInput| match input {
            ServiceInput::At => Some("instant".to_owned()),
            ServiceInput::Field(field) => Some(format!("field {}:{}", field.name, field.ty)),
            ServiceInput::Feature { view, feature, role } => {
                program.views.get(view.index())?.features.get(feature.index())?;
                let asked = AskedFeature {
                    view: *view,
                    feature: *feature,
                    role: *role,
                };
                Some(format!("answer {}", column(asked)))
            }
            ServiceInput::Own(own) => {
                let before = service.features[..place].get(*own as usize)?;
                Some(format!("own {}", before.name))
            }
        };
        let inputs: Option<Vec<String>> = feature.inputs.iter().map(input).collect();
        let inputs = inputs.ok_or("what a feature of the service reads is not there")?;
        let default = feature.default.as_ref();
        terms.push(term((&feature.name, feature.ty), inputs, &feature.expr, default)?);
    }
    Ok(terms)
}

/// The features of a service's own, as a plan has them; `answer` says what leaves an answer at a position.
///
/// # Errors
/// An input that is not there.
pub(crate) fn of_plan<'a>(
    spine: &Spine,
    answer: impl Fn(u32, u32) -> Option<&'a str>,
    derive: &Derive,
) -> Result<Vec<Term>, String> {
    let mut terms = Vec::new();
    for (place, feature) in derive.0.iter().enumerate() {
        let input = |input: &DeriveInput| match input {
            DeriveInput::At => Some("instant".to_owned()),
            DeriveInput::Field(field) => {
                let field = spine.request.get(*field as usize)?;
                Some(format!("field {}:{}", field.name, field.ty))
            }
            DeriveInput::Answer(from, output) => Some(format!("answer {}", answer(*from, *output)?)),
            DeriveInput::Own(own) => {
                let before = derive.0[..place].get(*own as usize)?;
                Some(format!("own {}", before.name))
            }
        };
        let inputs: Option<Vec<String>> = feature.inputs.iter().map(input).collect();
        let inputs = inputs.ok_or("what a feature of the service reads is not there")?;
        let default = feature.default.as_ref();
        terms.push(term((&feature.name, feature.ty), inputs, &feature.expr, default)?);
    }
    Ok(terms)
}
