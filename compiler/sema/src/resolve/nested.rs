//! Structs: their fields are columns, by their ways from the struct on.

use crate::errors;
use featc_syntax::ast;
use featc_syntax::diag::Diagnostic;

/// The columns of a source, with the fields of structs in place of these.
pub(super) fn flattened(written: &[ast::Column], complaints: &mut Vec<Diagnostic>) -> Vec<ast::Column> {
    let mut columns = Vec::new();
    for column in written {
        flatten(column.clone(), &mut columns, complaints);
    }
    columns
}

/// Appends a column, or the fields of a struct.
fn flatten(column: ast::Column, columns: &mut Vec<ast::Column>, complaints: &mut Vec<Diagnostic>) {
    if column.ty.name.text != "struct" || column.ty.inside.is_empty() {
        columns.push(column);
        return;
    }
    let name = &column.name.text;
    complaints.extend(column.nullable.map(|at| errors::nullable_struct(name, at)));
    let form = column.read_as.as_ref().map(|form| form.span);
    complaints.extend(form.map(|at| errors::form_of_a_struct(name, at)));
    for field in column.ty.inside {
        let Some(own) = field.name else {
            complaints.push(errors::field_of_a_struct_without_name(field.ty.span));
            continue;
        };
        let field_text = column.field.as_ref().map(|outer| ast::Text {
            value: format!("{}.{}", outer.value, own.text),
            span: outer.span,
        });
        let span = own.span;
        let name = ast::Name {
            text: format!("{name}.{}", own.text),
            span,
        };
        let of = ast::Column {
            name,
            ty: field.ty,
            nullable: field.nullable,
            field: field_text,
            read_as: None,
            span,
        };
        flatten(of, columns, complaints);
    }
}
