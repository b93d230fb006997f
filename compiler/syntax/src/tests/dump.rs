//! The tree as text without places: two files mean the same tree iff their dumps are equal.

use crate::ast::*;
use crate::literal::quote;
use std::fmt::Write as _;

/// Prints the tree as nested lists, one item or statement per line; spans, comments, parentheses and the order of clauses
/// are left out.
pub fn dump(file: &File) -> String {
    let mut out = String::new();
    if let Some(module) = &file.module {
        line(&mut out, 0, &module.doc, format!("(module {})", module.name.text));
    }
    for item in &file.items {
        match item {
            Item::Entity(item) => {
                line(
                    &mut out,
                    0,
                    &item.doc,
                    format!("(entity {}{})", item.name.text, columns(&item.keys)),
                );
            }
            Item::Source(item) => source(&mut out, item),
            Item::Transform(item) => transform(&mut out, item),
            Item::View(item) => view(&mut out, item),
            Item::Request(item) => {
                line(
                    &mut out,
                    0,
                    &item.doc,
                    format!("(request {}{})", item.name.text, columns(&item.fields)),
                );
            }
            Item::Service(item) => service(&mut out, item),
            Item::Test(item) => test(&mut out, item),
            Item::Table(item) => table(&mut out, item),
            Item::Param(item) => {
                let text = format!("(param {} {})", item.name.text, expr(&item.value));
                line(&mut out, 0, &item.doc, text);
            }
            Item::Template(item) => {
                let text = format!("(template {} {})", item.name.text, item.parameter.text);
                line(&mut out, 0, &item.doc, text);
                features(&mut out, &item.features);
                broken(&mut out, 1, &item.broken);
            }
            Item::Broken(item) => broken(&mut out, 0, std::slice::from_ref(item)),
        }
    }
    out
}

fn table(out: &mut String, table: &Table) {
    line(out, 0, &table.doc, format!("(table {})", table.name.text));
    let mut clause = |text: String| line(out, 1, &None, text);
    if let Some(found) = &table.columns {
        clause(format!("(columns{})", columns(&found.columns)));
    }
    if let Some(found) = &table.key {
        let names: Vec<&str> = found.columns.iter().map(|name| name.text.as_str()).collect();
        clause(format!("(key {})", names.join(" ")));
    }
    if table.static_rows.is_some() {
        clause("(static)".to_owned());
    }
    let named = [
        ("valid-from", &table.valid_from),
        ("valid-to", &table.valid_to),
        ("arrival", &table.arrival),
    ];
    for (word, found) in named {
        if let Some(found) = found {
            clause(format!("({word} {})", found.column.text));
        }
    }
    if let Some(found) = &table.zone {
        clause(format!("(zone {})", quote(&found.value.value)));
    }
    if table.keep_nan.is_some() {
        clause("(keep-nan)".to_owned());
    }
    if let Some(found) = &table.batch {
        let paths: Vec<String> = found.paths.iter().map(|path| quote(&path.value)).collect();
        clause(format!("(batch {} {})", found.format.text, paths.join(" ")));
    }
}

fn line(out: &mut String, depth: usize, doc: &Option<Doc>, text: String) {
    let indent = "  ".repeat(depth);
    if let Some(doc) = doc {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "{indent}(doc {})", quote(&doc.text));
    }
    let _ = writeln!(out, "{indent}{text}");
}

fn broken(out: &mut String, depth: usize, pieces: &[Broken]) {
    for piece in pieces {
        let keyword = piece.keyword.as_deref().unwrap_or("?");
        let name = piece.name.as_ref().map_or("?", |name| &name.text);
        line(out, depth, &None, format!("(broken {keyword} {name})"));
    }
}

fn columns(columns: &[Column]) -> String {
    columns
        .iter()
        .map(|column| {
            let mark = if column.nullable.is_some() { "?" } else { "" };
            let from = column
                .field
                .as_ref()
                .map_or(String::new(), |field| format!(" from {:?}", field.value));
            let read_as = column.read_as.as_ref().map_or(String::new(), |read_as| {
                let form = match &read_as.form {
                    Form::Word(word) => word.text.clone(),
                    Form::Format(format) => format!("{:?}", format.value),
                };
                let zone = read_as.zone.as_ref().map(|zone| zone.value.as_str());
                format!(" as {form} {}", zone.unwrap_or("-"))
            });
            format!(" ({} {}{mark}{from}{read_as})", column.name.text, type_name(&column.ty))
        })
        .collect()
}

fn type_name(ty: &TypeName) -> String {
    if !ty.inside.is_empty() {
        let field = |field: &TypeField| {
            let name = field.name.as_ref().map_or("-", |name| &name.text);
            let mark = if field.nullable.is_some() { "?" } else { "" };
            format!(" ({name} {}{mark})", type_name(&field.ty))
        };
        return format!("({}{})", ty.name.text, ty.inside.iter().map(field).collect::<String>());
    }
    if ty.arguments.is_empty() {
        return ty.name.text.clone();
    }
    let arguments: Vec<String> = ty.arguments.iter().map(|argument| argument.value.to_string()).collect();
    format!("{}({})", ty.name.text, arguments.join(","))
}

fn names(names: &[Name]) -> String {
    names.iter().map(|name| format!(" {}", name.text)).collect()
}

fn source(out: &mut String, source: &Source) {
    line(out, 0, &source.doc, format!("(source {}", source.name.text));
    let mut clause = |text: String| line(out, 1, &None, text);
    if let Some(found) = &source.columns {
        clause(format!("(columns{})", columns(&found.columns)));
    }
    if let Some(found) = &source.unique {
        clause(match &found.kind {
            UniqueKind::All => "(unique-all)".to_owned(),
            UniqueKind::Columns(columns) => format!("(unique{})", names(columns)),
        });
    }
    if let Some(found) = &source.time {
        clause(format!("(time {})", found.column.text));
    }
    if let Some(found) = &source.arrival {
        clause(match &found.kind {
            ArrivalKind::Column(column) => format!("(arrival {})", column.text),
            ArrivalKind::AfterTime(offset) => format!("(arrival-after-time {})", length(offset)),
        });
    }
    if source.static_rows.is_some() {
        clause("(static)".to_owned());
    }
    for (word, found) in [("delay", &source.delay), ("skew", &source.skew)] {
        if let Some(found) = found {
            clause(format!("({word} {})", length(&found.value)));
        }
    }
    if let Some(found) = &source.lateness {
        clause(found.bound.as_ref().map_or("(lateness unbounded)".to_owned(), |bound| {
            format!("(lateness {})", length(bound))
        }));
    }
    if let Some(found) = &source.begins {
        clause(format!("(begins {})", found.at.us));
    }
    if let Some(found) = &source.zone {
        clause(format!("(zone {})", quote(&found.value.value)));
    }
    if source.keep_nan.is_some() {
        clause("(keep-nan)".to_owned());
    }
    for (word, found) in [("batch", &source.batch), ("stream", &source.stream)] {
        if let Some(found) = found {
            let paths: String = found
                .paths
                .iter()
                .map(|path| format!(" {}", quote(&path.value)))
                .collect();
            let version = found
                .version
                .as_ref()
                .map_or(String::new(), |version| format!(" (version {})", version.value));
            clause(format!("({word} {}{paths}{version})", found.format.text));
        }
    }
    broken(out, 1, &source.broken);
    line(out, 0, &None, ")".to_owned());
}

fn transform(out: &mut String, transform: &Transform) {
    let at = transform
        .at
        .as_ref()
        .map_or(String::new(), |at| format!(" (at {})", expr(at)));
    let within = transform
        .within
        .as_ref()
        .map_or(String::new(), |within| format!(" (within {})", length(&within.value)));
    line(
        out,
        0,
        &transform.doc,
        format!("(transform {} {}{at}{within}", transform.name.text, transform.from.text),
    );
    for step in &transform.steps {
        line(
            out,
            1,
            &None,
            match step {
                Step::Where(step) => format!("(where {})", expr(&step.condition)),
                Step::Let(step) => format!("(let {} {})", step.name.text, expr(&step.value)),
            },
        );
    }
    broken(out, 1, &transform.broken);
    line(out, 0, &None, ")".to_owned());
}

fn view(out: &mut String, view: &View) {
    let by = view
        .by
        .as_ref()
        .map_or(String::new(), |by| format!(" (by{})", names(&by.columns)));
    let head = format!("(view {} {} {}{by}", view.name.text, view.entity.text, view.from.text);
    line(out, 0, &view.doc, head);
    if let Some(owner) = &view.owner {
        line(out, 1, &None, format!("(owner {})", quote(&owner.value.value)));
    }
    if let Some(tags) = &view.tags {
        line(out, 1, &None, format!("(tags{})", names(&tags.names)));
    }
    if let Some(ttl) = &view.ttl {
        line(out, 1, &None, format!("(ttl {})", length(&ttl.value)));
    }
    features(out, &view.features);
    uses(out, &view.uses);
    broken(out, 1, &view.broken);
    line(out, 0, &None, ")".to_owned());
}

/// Microseconds, or the hole.
fn length(written: &Duration) -> String {
    match holes(&written.text).next() {
        Some(_) => written.text.clone(),
        None => written.us.to_string(),
    }
}

fn uses(out: &mut String, uses: &[Use]) {
    for found in uses {
        let names: Vec<&str> = found.arguments.iter().map(|name| name.text.as_str()).collect();
        line(
            out,
            1,
            &None,
            format!("(use {} {})", found.template.text, names.join(" ")),
        );
    }
}

fn features(out: &mut String, features: &[Feature]) {
    for feature in features {
        let over = feature.over.as_ref().map_or(String::new(), over);
        let cap = feature
            .cap
            .as_ref()
            .map_or(String::new(), |cap| format!(" (cap {})", cap.value.value));
        let default = feature
            .default
            .as_ref()
            .map_or(String::new(), |found| format!(" (default {})", expr(&found.value)));
        let text = format!(
            "(feature {} {}{over}{cap}{default})",
            feature.name.text,
            expr(&feature.value)
        );
        line(out, 1, &feature.doc, text);
    }
}

fn over(over: &Over) -> String {
    let labels: Vec<String> = over.windows.all().iter().map(Window::label).collect();
    let windows = if over.windows.is_list() {
        format!("[{}]", labels.join(" "))
    } else {
        labels.join(" ")
    };
    let excluding = over.excluding.as_ref().map_or("", |excluding| match excluding.kind {
        ExcludingKind::Now => " (excluding now)",
        ExcludingKind::SelfEvent => " (excluding self)",
    });
    format!(" (over {windows}{excluding})")
}

fn service(out: &mut String, service: &Service) {
    line(out, 0, &service.doc, format!("(service {}", service.name.text));
    for role in &service.roles {
        let by = role.by.iter().flat_map(|by| &by.columns);
        let by: String = by.map(|column| format!(" {}", column.text)).collect();
        line(
            out,
            1,
            &None,
            format!("(role {} {}{by})", role.name.text, role.view.text),
        );
    }
    for entry in &service.entries {
        let alias = entry
            .alias
            .as_ref()
            .map_or(String::new(), |alias| format!(" (as {})", alias.text));
        let patterns: String = entry
            .patterns
            .iter()
            .map(|pattern| format!(" {}", pattern.text))
            .collect();
        let fallback = match entry.fallback {
            None => "",
            Some(Fallback::Impute) => " (fallback impute)",
            Some(Fallback::Gate) => " (fallback gate)",
        };
        line(
            out,
            1,
            &None,
            format!("({}{patterns}{alias}{fallback})", entry.view.text),
        );
    }
    features(out, &service.features);
    broken(out, 1, &service.broken);
    line(out, 0, &None, ")".to_owned());
}

fn test(out: &mut String, test: &Test) {
    let head = format!("(test {} {}", quote(&test.name.value), test.view.text);
    line(out, 0, &test.doc, head);
    for part in &test.parts {
        match part {
            TestPart::Given(given) => {
                line(out, 1, &None, format!("(given {}", given.source.text));
                for row in std::iter::once(&given.header).chain(&given.rows) {
                    line(out, 2, &None, format!("({})", cells(&row.cells)));
                }
                line(out, 1, &None, ")".to_owned());
            }
            TestPart::Expect(expect) => {
                let known = if expect.as_known.is_some() { " known" } else { "" };
                let asked = expect.asked.iter();
                let asked: String = asked
                    .map(|asked| format!(" ({} {})", asked.name.text, cell(&asked.value)))
                    .collect();
                line(out, 1, &None, format!("(expect{known} {}{asked}", expect.at.us));
                for expected in &expect.expected {
                    let value = match &expected.value {
                        Wanted::One(value) => cell(value),
                        Wanted::List(items, _) => format!("[{}]", cells(items)),
                    };
                    let status = expected.status.as_ref().map_or("", |status| &status.text);
                    line(out, 2, &None, format!("({} {value} {status})", expected.feature.text));
                }
                line(out, 1, &None, ")".to_owned());
            }
        }
    }
    line(out, 0, &None, ")".to_owned());
}

fn cells(found: &[Cell]) -> String {
    found.iter().map(cell).collect::<Vec<_>>().join(" ")
}

fn cell(found: &Cell) -> String {
    match &found.quoted {
        Some(text) => quote(text),
        None => format!("<{}>", found.text),
    }
}

fn exprs<'a>(items: impl IntoIterator<Item = &'a Expr>) -> String {
    items.into_iter().map(|item| format!(" {}", expr(item))).collect()
}

pub(crate) fn expr(found: &Expr) -> String {
    match &found.kind {
        ExprKind::Literal(literal) => self::literal(literal),
        ExprKind::Name(name) | ExprKind::Holed(name) => name.text.clone(),
        ExprKind::Dotted(names) => names
            .iter()
            .map(|name| name.text.as_str())
            .collect::<Vec<_>>()
            .join("."),
        ExprKind::Unary {
            op: UnaryOp::Not,
            operand,
        } => format!("(not {})", expr(operand)),
        ExprKind::Unary {
            op: UnaryOp::Negate,
            operand,
        } => format!("(neg {})", expr(operand)),
        ExprKind::Binary { op, left, right, .. } => format!("({} {} {})", op.symbol(), expr(left), expr(right)),
        ExprKind::IsNull {
            operand,
            negated: false,
        } => format!("(is-null {})", expr(operand)),
        ExprKind::IsNull { operand, negated: true } => format!("(is-not-null {})", expr(operand)),
        ExprKind::In {
            operand,
            negated,
            items,
        } => {
            format!(
                "({} {}{})",
                if *negated { "not-in" } else { "in" },
                expr(operand),
                exprs(items)
            )
        }
        ExprKind::Call(call) => {
            let filter = call
                .filter
                .as_ref()
                .map_or(String::new(), |filter| format!(" (where {})", expr(filter)));
            let nulls = if call.ignoring_nulls.is_some() {
                " ignoring-nulls"
            } else {
                ""
            };
            let zone = call
                .zone
                .as_ref()
                .map_or(String::new(), |zone| format!(" (in {:?})", zone.value));
            format!(
                "(call {}{}{zone}{filter}{nulls})",
                call.function.text,
                exprs(&call.arguments)
            )
        }
        ExprKind::Item { list, index } => format!("(item {} {})", expr(list), expr(index)),
        ExprKind::Lookup(lookup) => {
            let within = lookup.within.as_ref();
            let within = within.map_or(String::new(), |within| format!(" (within {})", length(&within.value)));
            let (table, column) = (&lookup.table.text, &lookup.column.text);
            format!("(lookup {table} {column}{}{within})", exprs(&lookup.keys))
        }
        ExprKind::Cast { operand, ty } => format!("(cast {} {})", expr(operand), type_name(ty)),
        ExprKind::Case { branches, otherwise } => {
            let branches: String = branches
                .iter()
                .map(|branch| format!(" (when {} {})", expr(&branch.when), expr(&branch.then)))
                .collect();
            let otherwise = otherwise
                .as_ref()
                .map_or(String::new(), |found| format!(" (else {})", expr(found)));
            format!("(case{branches}{otherwise})")
        }
    }
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Integer(digits) | Literal::Number(digits) => digits.clone(),
        Literal::String(value) => quote(value),
        Literal::Duration { us, .. } => format!("(duration {us})"),
        Literal::Timestamp { us, .. } => format!("(timestamp {us})"),
        Literal::Date { days, .. } => format!("(date {days})"),
    }
}
