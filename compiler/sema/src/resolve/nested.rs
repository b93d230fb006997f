//! Structs: their fields are columns, by their ways from the struct on. Those of structs in a list are lists.

use crate::errors;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span};

/// The columns of a source, with the fields of structs in place of these.
pub(super) fn flattened(written: &[ast::Column], complaints: &mut Vec<Diagnostic>) -> Vec<ast::Column> {
    let mut columns = Vec::new();
    for column in written {
        flatten(column.clone(), false, &mut columns, complaints);
    }
    columns
}

/// Appends a column, or the fields of a struct. `in_list`: of one that is in a list.
fn flatten(column: ast::Column, in_list: bool, columns: &mut Vec<ast::Column>, complaints: &mut Vec<Diagnostic>) {
    if let Some((inside, nullable)) = structs_of_a_list(&column.ty) {
        complaints.extend(nullable.map(|at| errors::nullable_field_of_items(&column.ty.inside[0].ty.to_string(), at)));
        let form = column.read_as.as_ref().map(|form| form.span);
        complaints.extend(form.map(|at| errors::form_of_a_struct(&column.name.text, at)));
        for of in fields(&column, inside, complaints) {
            let mut lists = Vec::new();
            flatten(of, true, &mut lists, complaints);
            columns.extend(lists.into_iter().map(|of| listed(of, &column, complaints)));
        }
        return;
    }
    if column.ty.name.text != "struct" || column.ty.inside.is_empty() {
        columns.push(column);
        return;
    }
    let name = &column.name.text;
    complaints.extend(column.nullable.map(|at| match in_list {
        true => errors::nullable_field_of_items(&column.ty.to_string(), at),
        false => errors::nullable_struct(name, at),
    }));
    let form = column.read_as.as_ref().map(|form| form.span);
    complaints.extend(form.map(|at| errors::form_of_a_struct(name, at)));
    for of in fields(&column, column.ty.inside.clone(), complaints) {
        flatten(of, in_list, columns, complaints);
    }
}

/// The fields of the structs that are the items of a list, if they are structs, and the place of a `?` after these.
fn structs_of_a_list(ty: &ast::TypeName) -> Option<(Vec<ast::TypeField>, Option<Span>)> {
    match &ty.inside[..] {
        [item] if ty.name.text == "list" && item.name.is_none() && item.ty.name.text == "struct" => {
            let fields = Some(item.ty.inside.clone()).filter(|fields| !fields.is_empty())?;
            Some((fields, item.nullable))
        }
        _ => None,
    }
}

/// The fields of a struct as columns.
fn fields(column: &ast::Column, inside: Vec<ast::TypeField>, complaints: &mut Vec<Diagnostic>) -> Vec<ast::Column> {
    let mut columns = Vec::new();
    for field in inside {
        let Some(own) = field.name else {
            complaints.push(errors::field_of_a_struct_without_name(field.ty.span));
            continue;
        };
        let field_text = column.field.as_ref().map(|outer| ast::Text {
            value: format!("{}.{}", outer.value, own.text),
            span: outer.span,
        });
        let name = ast::Name {
            text: format!("{}.{}", column.name.text, own.text),
            span: own.span,
        };
        columns.push(ast::Column {
            name,
            ty: field.ty,
            nullable: field.nullable,
            field: field_text,
            read_as: None,
            span: own.span,
        });
    }
    columns
}

/// A field of the structs in a list: the list of what they say.
fn listed(field: ast::Column, list: &ast::Column, complaints: &mut Vec<Diagnostic>) -> ast::Column {
    complaints.extend(
        field
            .nullable
            .map(|at| errors::nullable_field_of_items(&field.ty.to_string(), at)),
    );
    let span = field.ty.span;
    ast::Column {
        ty: ast::TypeName {
            name: ast::Name {
                text: "list".to_owned(),
                span,
            },
            arguments: Vec::new(),
            inside: vec![ast::TypeField {
                name: None,
                ty: field.ty,
                nullable: None,
            }],
            span,
        },
        nullable: list.nullable,
        ..field
    }
}
