//! The text of a typed program.

use super::{duration, expression, files, literal, source_lines, within};
use crate::expr::Expr;
use crate::id::ColumnId;
use crate::program::{FeatureKind, Program, Service, ServiceInput, Step, Transform, View};
use crate::slot::Slot;
use std::fmt::Write as _;

/// The whole program, in declared order.
pub fn program(program: &Program) -> String {
    let mut out = format!("module {}\n", program.module);
    for entity in &program.entities {
        let keys: Vec<String> = entity
            .keys
            .iter()
            .map(|key| format!("{}: {}", key.name, key.ty))
            .collect();
        let _ = writeln!(out, "\nentity {} ({})", entity.name, keys.join(", "));
    }
    for source in &program.sources {
        let _ = writeln!(out, "\nsource {}", source.name);
        source_lines(&mut out, source, "  ");
        for (side, set) in [("batch", &source.batch), ("stream", &source.stream)] {
            if let Some(set) = set {
                let _ = writeln!(out, "  {side} {}", files(set));
            }
        }
    }
    for transform in &program.transforms {
        write_transform(&mut out, program, transform);
    }
    for view in &program.views {
        write_view(&mut out, program, view);
    }
    for service in &program.services {
        let _ = writeln!(out, "\nservice {}", service.name);
        for role in &service.roles {
            let keys: Vec<&str> = role.keys.iter().map(|key| key.name.as_str()).collect();
            let view = &program.view(role.view).name;
            let _ = writeln!(out, "  role {} = {view} by ({})", role.name, keys.join(", "));
        }
        for field in &service.fields {
            let view = program.view(field.view);
            let feature = view.feature(field.feature);
            let gate = if field.gate { " fallback gate" } else { "" };
            let whole = format!("{}__{}", service.name_of(program, field.asked()), feature.name);
            let renamed = if field.name == whole {
                String::new()
            } else {
                format!(" = {whole}")
            };
            let _ = writeln!(out, "  {}: {}{renamed}{gate}", field.name, feature.ty);
        }
        for feature in &service.features {
            let name = |id: ColumnId| input_text(program, service, &feature.inputs[id.index()]);
            let text = show(&feature.expr, &name);
            let _ = write!(out, "  feature {}: {} = {text}", feature.name, feature.ty);
            if let Some(default) = &feature.default {
                let _ = write!(out, " default {}", literal(default, feature.ty));
            }
            out.push('\n');
        }
    }
    out
}

/// What a feature of a service reads, by its name.
fn input_text(program: &Program, service: &Service, input: &ServiceInput) -> String {
    match input {
        ServiceInput::At => "at".to_owned(),
        ServiceInput::Field(field) => format!("request.{}", field.name),
        ServiceInput::Feature { view, feature, role } => {
            let declared = program.view(*view);
            let name = match role {
                Some(role) => &service.roles[role.index()].name,
                None => &declared.name,
            };
            format!("{name}.{}", declared.feature(*feature).name)
        }
        ServiceInput::Own(own) => service.features[*own as usize].name.clone(),
    }
}

fn write_transform(out: &mut String, program: &Program, transform: &Transform) {
    let name = |id: ColumnId| transform.columns[id.index()].name.clone();
    let _ = writeln!(
        out,
        "\ntransform {} from {}",
        transform.name,
        program.source(transform.source).name
    );
    let mut next = program.source(transform.source).columns.len();
    for step in &transform.steps {
        match step {
            Step::Where(predicate) => {
                let _ = writeln!(out, "  where {}", expression(predicate, &name));
            }
            Step::Let(value) => {
                let column = &transform.columns[next];
                let _ = writeln!(
                    out,
                    "  let #{next} {}: {} = {}",
                    column.name,
                    column.ty,
                    expression(value, &name)
                );
                next += 1;
            }
        }
    }
    let within = within(transform.at);
    let _ = writeln!(out, "  at {}{within}", expression(&transform.time, &name));
}

/// `mean(x where p)` with lifts named by `lift`.
pub(super) fn slot_text(slot: &Slot, lift: &dyn Fn(crate::LiftId) -> String) -> String {
    let arguments: Vec<String> = slot.arguments().map(lift).chain(slot.aggregate.literal()).collect();
    let mut inside = Vec::new();
    if !arguments.is_empty() {
        inside.push(arguments.join(", "));
    }
    if let Some(filter) = slot.filter {
        inside.push(format!("where {}", lift(filter)));
    }
    if let Some(since) = slot.since {
        inside.push(format!("since {}", lift(since)));
    }
    if slot.aggregate.ignores_nulls() {
        inside.push("ignoring nulls".to_owned());
    }
    if let Some(cap) = slot.aggregate.cap() {
        inside.push(format!("cap {cap}"));
    }
    format!("{}({})", slot.aggregate.name(), inside.join(" "))
}

fn write_view(out: &mut String, program: &Program, view: &View) {
    let transform = program.transform(view.transform);
    let column = |id: ColumnId| transform.columns[id.index()].name.clone();
    let key: Vec<String> = view.key.iter().map(|id| column(*id)).collect();
    let entity = &program.entity(view.entity).name;
    let _ = writeln!(
        out,
        "\nview {} of {entity} from {} by ({})",
        view.name,
        transform.name,
        key.join(", ")
    );
    if let Some(ttl) = view.ttl_us {
        let _ = writeln!(out, "  ttl {}", duration(ttl));
    }
    let lift = |id: crate::LiftId| expression(view.lift(id), &column);
    for feature in &view.features {
        let _ = write!(out, "  feature {}: {} = ", feature.name, feature.ty);
        let _ = match &feature.kind {
            FeatureKind::Aggregate { slots, expr } => {
                let text = |id: ColumnId| slot_text(view.slot(slots[id.index()]), &lift);
                write!(out, "{} {}", show(expr, &text), view.window(view.slot(slots[0]).window))
            }
            FeatureKind::Derived { inputs, expr } => {
                let text = |id: ColumnId| view.feature(inputs[id.index()]).name.clone();
                write!(out, "{}", show(expr, &text))
            }
        };
        if let Some(default) = &feature.default {
            let _ = write!(out, " default {}", literal(default, feature.ty));
        }
        out.push('\n');
    }
}

fn show(expr: &Expr, name: &dyn Fn(ColumnId) -> String) -> String {
    expression(expr, name)
}
