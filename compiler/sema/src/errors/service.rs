//! Requests, and features of services.

use super::{Kind, listed};
use featc_ir::Type;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    /// `kind`: what the name stands for.
    /// `views`: those that read it, or are of it.
    E0108 no_view_but(name: &str, kind: Kind, at: Span, views: &[&str]) {
        let shown = kind.with_article();
        let help = match kind {
            Kind::Transform | Kind::Source | Kind::Table => "name a view that reads it",
            Kind::Template => "name a view that uses it",
            Kind::Entity => "name a view of it",
            Kind::Request => "a feature of a service reads its fields",
            Kind::Service | Kind::Parameter | Kind::View => "name a view",
        };
        let which = match views.len() {
            1..=8 => format!(": {}", listed(views, "or")),
            _ => String::new(),
        };
        "`{name}` is {shown}, not a view";
        at: "no view has this name";
        help: "{help}{which}";
    }

    /// `payments.amount`, where a request has the field.
    E0108 rows_for_a_request(name: &str, kind: Kind, at: Span, request: &str, field: &str) {
        "`{name}` is a {kind}, not a view";
        at: "no view has this name";
        offer: "the question's own `{field}` is `{request}.{field}`; of events, name a feature of a view that reads `{name}`",
            at => request;
    }

    E0108 request_as_a_view(name: &str, field: &str, at: Span) {
        "`{name}` is a request, and no view";
        at: "brings fields of the question";
        help: "read its fields in features of the service: `feature other = {name}.{field}`";
    }

    E0108 service_as_a_view(name: &str, at: Span) {
        "`{name}` is a service, and no view";
        at: "a test is of one view";
        help: "write the name of a view: rows are given, and its features are expected; what is the service's own is asked of files \
               by `featc get --service {name} --key …`, of rows in Python by `featc.testing.case`";
    }

    E0108 unknown_view_or_request(name: &str, at: Span, nearest: Option<&str>) {
        "unknown view or request `{name}`";
        at: "no view and no request has this name";
        did_you_mean(nearest, at): "write `view.feature`, `request.field`, or `at` for the instant of the question";
    }

    /// No request is declared, and `name.field` may be of one.
    E0108 neither_view_nor_request(name: &str, field: &str, at: Span) {
        "unknown view or request `{name}`";
        at: "no view has this name, and no request is declared";
        help: "write `view.feature`, or `at` for the instant of the question; what a question brings is declared, for example \
               `request {name} ({field}: float64)`";
    }

    /// No request is declared.
    E0110 bare_name_without_request(name: &str, at: Span) {
        "unknown name `{name}`";
        at: "of which view?";
        help: "a feature of a service reads `view.feature`, features of the service that stand before it, and `at`, the instant of \
               the question; what a question brings is declared, for example `request asked ({name}: float64)`, and read as \
               `asked.{name}`";
    }

    E0108 request_undeclared(field: &str, at: Span) {
        "unknown view or request `request`";
        at: "no request is declared";
        help: "declare what a question brings, such as `request asked ({field}: float64)`, and write `asked.{field}`";
    }

    E0110 no_such_field(request: &str, name: &str, at: Span, nearest: Option<&str>, request_at: Span) {
        "unknown field `{name}`";
        at: "no such field in request `{request}`";
        request_at: "the request is declared here";
        did_you_mean(nearest, at): "declare it there, or write a field of it";
    }

    /// A name without a dot; `whole`: what it may be, with its owner.
    E0110 bare_name(name: &str, at: Span, whole: Option<&str>) {
        "unknown name `{name}`";
        at: "of which view or request?";
        did_you_mean(whole, at): "a feature of a service reads `view.feature`, `request.field`, features of the service \
                                  that stand before it, and `at`, the instant of the question";
    }

    E0110 key_as_a_value(name: &str, at: Span) {
        "unknown name `{name}`";
        at: "a key, which says whom the question is about";
        help: "a feature of a service reads no key: a value that is needed of it is a field of a request, under another name, such as \
               `request asked (of_{name}: string)`, and read as `asked.of_{name}`";
    }

    E0110 read_before(name: &str, at: Span, declared: Span) {
        "`{name}` is declared further below";
        at: "not known yet";
        declared: "declared here";
        help: "move it before the feature that reads it";
    }

    /// `now()`, `current_timestamp`; `whole` is what `meant` replaces.
    E0111 clock_in_a_service(name: &str, at: Span, whole: Span, meant: &str) {
        "`{name}`: there is no clock in a program";
        at: "no function and no aggregate has this name";
        help: "a feature of a service has the instant of the question: write `{meant}`", whole => meant;
    }

    E0110 clock_named_in_a_service(name: &str, at: Span, meant: &str) {
        "unknown name `{name}`: there is no clock in a program";
        at: "no such name";
        help: "a feature of a service has the instant of the question: write `{meant}`", at => meant;
    }

    /// `item.sold as item_sold`, and `item_sold` read.
    E0110 alias_as_a_value(name: &str, at: Span, whole: &str, alias: Span) {
        "unknown name `{name}`";
        at: "the name of a column of the answer";
        alias: "given here";
        help: "features of a service read those of views by their own names: write `{whole}`", at => whole;
    }

    E0110 path_in_service(name: &str, at: Span) {
        "unknown name `{name}`";
        at: "one dot is too many";
        help: "write `view.feature` or `request.field`";
    }

    /// `req.amount` in a view; `ratio`: of it and a feature, with the casts that their types need.
    E0118 request_outside(name: &str, request: &str, at: Span, ratio: Option<&str>) {
        let help = match ratio {
            Some(ratio) => format!("combine it in a service with features of the view, such as `feature ratio = {ratio}`"),
            None => format!("read it in a feature of a service, beside features of views: `feature asked_for = {name}`"),
        };
        "`{name}`: `{request}` is a request, which services read";
        at: "of the question, not of events";
        help: "{help}";
    }

    E0407 aggregate_in_service(aggregate: &str, arguments: usize, at: Span) {
        let help = match (aggregate, arguments) {
            ("max", 2..) => "the greatest of several values is `greatest(a, b)`",
            ("min", 2..) => "the least of several values is `least(a, b)`",
            ("time_since_last", _) => "declare it in a view, and read it here as `view.feature`; `at` is the instant of the question",
            _ => "aggregate in a view, and read it here as `view.feature`",
        };
        "aggregate `{aggregate}` in a feature of a service";
        at: "a service sees the answers of views, not their events";
        help: "{help}";
    }

    E0412 service_feature_reads_nothing(feature: &str, at: Span) {
        "feature `{feature}` reads nothing";
        at: "the same for every question";
        help: "read `view.feature`, `request.field`, or `at`, the instant of the question";
    }

    E0415 clause_in_service(feature: &str, clause: &str, at: Span) {
        "`{clause}` in feature `{feature}` of a service";
        at: "of which events?";
        help: "aggregate in a view, and read it here as `view.feature`";
    }

    E0422 request_without_fields(request: &str, at: Span) {
        "request `{request}` has no fields";
        at: "brings nothing";
        help: "list what a question brings, for example `request {request} (amount: decimal(12, 2))`";
    }

    E0422 nullable_field(field: &str, at: Span) {
        "field `{field}` with a `?`";
        at: "says nothing";
        help: "remove the `?`: a field of a request may always be null", at => "";
    }

    E0422 field_with_a_form(field: &str, at: Span) {
        "field `{field}` of a request says how files hold it";
        at: "a question brings it by its name";
        help: "remove what stands after the type: a spine has a column `{field}`";
    }

    /// `other`: what else has the name.
    E0422 field_clash(service: &str, field: &str, other: &str, at: Span) {
        "a question to service `{service}` would bring `{field}` twice";
        at: "read here";
        note: "it is {other} too, and a question brings each column once, by its name";
        help: "give the field of the request another name";
    }

    E0422 field_types(service: &str, field: &str, types: [Type; 2], at: Span) {
        let [first, second] = types;
        "service `{service}` needs `{field}` both as {first} and as {second}";
        at: "read here as {second}";
        note: "two requests have a field of this name, and a question brings each column once";
        help: "give one of the two another name";
    }

    E0115 service_without_view(service: &str, at: Span) {
        "service `{service}` reads no view";
        at: "asks about no entity";
        help: "list a feature of a view, or read one";
    }

    E0423 duplicate_role(role: &str, at: Span, first: Span) {
        "two roles are called `{role}`";
        at: "declared again";
        first: "declared here first";
        help: "give one of the two another name: it stands before the dot, and before the names of its columns";
    }

    /// `what`: a view or a request.
    E0423 role_is_taken(role: &str, what: &str, at: Span, declared: Span) {
        "role `{role}` has the name of a {what}";
        at: "means two things before a dot";
        declared: "the {what} is declared here";
        help: "give the role another name";
    }

    E0423 role_of_role(role: &str, at: Span, view: &str) {
        "`{role}` is a role, and no view";
        at: "a role is of a view";
        offer: "write `{view}`", at => view;
    }

    E0423 one_column_for_two_keys_of_a_role(column: &str, at: Span, first: Span) {
        "`by` names `{column}` twice";
        at: "brings another key";
        first: "brings a key already";
        help: "name a column of the question for each key, in their order";
    }

    E0424 alias_of_several(alias: &str, owner: &str, at: Span) {
        "`as {alias}` after several features";
        at: "names one column";
        help: "another name of a view is a role: declare `role {alias} = {owner}`, with `by (…)` after it if other columns \
               of the question bring the key, and list `{alias}.*`";
    }

    /// `meaning`: what the role is declared as.
    E0424 alias_of_a_role(alias: &str, meaning: &str, at: Span) {
        "`as {alias}` after several features";
        at: "names one column";
        help: "another name of a view is a role: declare `role {alias} = {meaning}`, and list `{alias}.*`";
    }

    E0424 alias_with_a_view(alias: &str, at: Span) {
        "column `{alias}` with two underscores in its name";
        at: "they part a view and its feature";
        offer: "write one underscore", at => alias.replace("__", "_");
    }

    E0424 column_is_a_key(service: &str, column: &str, at: Span) {
        "an answer of service `{service}` has a column `{column}`, and so has its question";
        at: "named like a key";
        note: "answers stand beside their questions in a training set, each column under its name";
        help: "give the column of the answer another name";
    }

    W0106 unused_role(role: &str, at: Span) {
        "nothing reads role `{role}`";
        at: "declared here";
        help: "remove it, or list its features: `{role}.*`";
    }

    W0110 role_of_the_same_keys(role: &str, at: Span) {
        "role `{role}` answers as its view does: it is asked by the same columns";
        at: "without `by`";
        help: "write which columns of the question hold its key, `by (…)` after the view; or remove the role";
    }

    W0110 role_like_another(role: &str, other: &str, at: Span, other_at: Span) {
        "role `{role}` answers as role `{other}` does: both ask one view by the same columns";
        at: "the same answers";
        other_at: "asked by the same columns";
        help: "write which columns of the question hold the other key, `by (…)` after the view; or remove one of the roles";
    }
}
