//! Requests, and features of services.

use featc_ir::Type;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    E0108 unknown_view_or_request(name: &str, at: Span, nearest: Option<&str>) {
        "unknown view or request `{name}`";
        at: "no view and no request has this name";
        did_you_mean(nearest, at): "write `view.feature`, `request.field`, or `at` for the instant of the question";
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

    E0110 read_before(name: &str, at: Span, declared: Span) {
        "`{name}` is declared further below";
        at: "not known yet";
        declared: "declared here";
        help: "move it before the feature that reads it";
    }

    E0110 path_in_service(name: &str, at: Span) {
        "unknown name `{name}`";
        at: "one dot is too many";
        help: "write `view.feature` or `request.field`";
    }

    E0407 aggregate_in_service(aggregate: &str, at: Span) {
        "aggregate `{aggregate}` in a feature of a service";
        at: "a service sees the answers of views, not their events";
        help: "aggregate in a view, and read it here as `view.feature`";
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

    E0422 field_held_in_files(field: &str, at: Span) {
        "field `{field}` of a request says how files hold it";
        at: "a question brings it by its name";
        help: "remove what stands behind the type: a spine has a column `{field}`";
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
}
