//! Lists and structs: types that are made of others, and items.

use featc_ir::Type;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    /// `payments["amount"]`
    E0110 column_in_brackets(rows: &str, column: &str, at: Span) {
        "`{rows}[…]`: a column is written by its name alone";
        at: "brackets are for items of lists";
        help: "write `{column}`", at => column;
    }

    E0110 name_in_brackets(rows: &str, column: &str, at: Span) {
        "`{rows}[…]`: a column is written by its name alone";
        at: "brackets are for items of lists";
        help: "write the name of the column: `{column}` is none of these rows";
    }

    /// `customer["city"]`, of a struct.
    E0110 field_in_brackets(rows: &str, path: &str, at: Span) {
        "`{rows}[…]`: a field of a struct is written behind a dot";
        at: "brackets are for items of lists";
        help: "write `{path}`", at => path;
    }

    E0206 item_of_no_list(ty: Type, at: Span) {
        let help = match ty {
            Type::String => "of a text `substring(…, 1, 1)` is the first character",
            _ => "lists are what `last_n(x, 5)` and its kin give: `last_n(x, 5)[-2]` is the value before the last",
        };
        "`[…]` takes an item of a list, and this is {ty}";
        at: "{ty}";
        help: "{help}";
    }

    E0206 no_item_of_the_list(ty: Type, of: Type, at: Span) {
        "no item of a list of {of} is {ty}";
        at: "{ty}";
        help: "look for a value of type {of}, for example `cast(… as {of})`";
    }

    E0207 item_before_the_first(at: Span) {
        "items are counted from 1";
        at: "there is no item 0";
        help: "write `[1]` for the first item, `[-1]` for the last";
    }

    E0207 letter_before_the_first(at: Span) {
        "letters are counted from 1";
        at: "there is no letter 0";
        help: "write `1` for the first letter";
    }

    E0218 list_of_something(at: Span) {
        "a list says what its items are";
        at: "of one type";
        help: "write the type of its items, for example `list<string>`";
    }

    E0218 list_of_lists(at: Span) {
        "the items of a list are no lists";
        at: "a list in a list";
        help: "declare it as `string` and take it apart in a transform: `split(s, \";\")` is a list";
    }

    E0218 list_of_structs(at: Span) {
        "a list of structs stands here that is no column of a source";
        at: "its fields are columns, and it is no value by itself";
        help: "write the fields as entries of their own, for example `sku: string`";
    }

    E0218 nullable_items(item: Type, at: Span) {
        "an item of any list may be null";
        at: "says nothing new";
        help: "write `list<{item}>`; a `?` after it, `list<{item}>?`, says that there may be no list";
    }

    E0218 nullable_field_of_items(ty: &str, at: Span) {
        "an item of any list may be null";
        at: "says nothing new";
        help: "write `{ty}`; a `?` after the list says that there may be no list";
    }

    E0218 list_of_another_language(name: &str, at: Span, list: &str) {
        "`{name}` is called `list` here";
        at: "not known here";
        help: "write `{list}`", at => list;
    }

    E0218 optional_of_another_language(of: &str, at: Span) {
        "a column that may be null has a `?` after its type";
        at: "not known here";
        help: "write `{of}?`", at => format!("{of}?");
    }

    E0218 type_without_inside(name: &str, at: Span) {
        "`{name}<…>` is no type";
        at: "only lists and structs are of other types";
        help: "write `list<string>` for several values, `struct<id: int64, name: string>` for named ones";
    }

    E0218 struct_of_nothing(at: Span) {
        "a struct says what its fields are";
        at: "no field";
        help: "write the fields that are needed, for example `struct<id: int64, name: string?>`";
    }

    E0218 field_of_a_struct_without_name(at: Span) {
        "a field of a struct has a name";
        at: "a type alone";
        help: "write the name before it, for example `id: int64`";
    }

    E0218 struct_outside(at: Span) {
        "a struct stands here that is no column of a source or a table";
        at: "its fields are columns, and it is no value by itself";
        help: "write the fields as entries of their own, for example `user_id: int64`";
    }

    E0218 nullable_struct(name: &str, at: Span) {
        "`{name}` is a struct: its fields may be null, it may not";
        at: "says nothing of them";
        help: "write the `?` after the fields that may be null: where there is no `{name}`, all of them are";
    }

    E0219 identity_of_a_list(name: &str, ty: Type, at: Span) {
        "`{name}` is {ty}, and a list is no identity";
        at: "tells no events apart";
        help: "write the columns that tell them apart, for example `unique (id, at)`";
    }

    E0219 list_in_text(name: &str, ty: Type, format: &str, at: Span) {
        "`{name}` is {ty}, and {format} holds no lists";
        at: "declared here";
        help: "declare it as `string`, and take it apart in a transform: `let parts = split({name}, \";\")`";
    }

    E0219 field_of_lists(name: &str, ty: Type, at: Span) {
        "`{name}` is {ty}, and a request brings no lists";
        at: "declared here";
        help: "declare it as `string`, and take it apart where it is used: `split(…, \";\")[1]`";
    }
}
