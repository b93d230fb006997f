//! Messages as a table: an entry holds what is printed, in the order in which it is printed.

/// Makes a function of each entry, which gives the message.
///
/// ```
/// use featc_syntax::{diag::Span, messages};
///
/// messages! {
///     E0104 duplicate_field(service: &str, field: &str, at: Span, first: Span) {
///         "service `{service}` lists `{field}` twice";
///         at: "brings it again";
///         first: "listed here first";
///         help: "remove one of the two, or narrow the pattern";
///     }
/// }
/// let span = Span::default();
/// assert_eq!(duplicate_field("s", "a", span, span).message, "service `s` lists `a` twice");
/// ```
///
/// First stand `let`s, if the texts need more than what is given, then the cause, then in any number:
///
/// - `place: "…";` a label; the first is where the message points.
/// - `labels: …;` labels that are computed: pairs of a place and a text.
/// - `note: "…";`
/// - `help: "…";` the next step, in words; `help: "…", place => replacement;` with the edit that does it, which
///   must be the only thing that can be meant; `offer: "…", place => replacement;` where the writer has to decide;
///   `near: …` of a name like the one that is written.
/// - `did_you_mean(nearest, place): "…";` the nearest name instead, if there is one, or else these words.
///
/// All texts are those of `format!`.
#[macro_export]
macro_rules! messages {
    ($($(#[$doc:meta])* $code:ident $name:ident($($given:ident: $type:ty),* $(,)?) { $($says:tt)* })*) => {$(
        $(#[$doc])*
        pub fn $name($($given: $type),*) -> $crate::diag::Diagnostic {
            $crate::message!($code $($says)*)
        }
    )*};
}

/// One message, as an entry of [`messages!`] says it.
#[macro_export]
macro_rules! message {
    ($code:ident let $name:pat = $value:expr; $($says:tt)*) => {{
        let $name = $value;
        $crate::message!($code $($says)*)
    }};
    ($code:ident $cause:literal; $($says:tt)*) => {
        $crate::message!(@ $crate::diag::Diagnostic::new($crate::diag::Code::$code, format!($cause)); $($says)*)
    };
    (@ $said:expr;) => { $said };
    (@ $said:expr; note: $text:literal; $($says:tt)*) => {
        $crate::message!(@ $said.with_note(format!($text)); $($says)*)
    };
    (@ $said:expr; help: $text:literal; $($says:tt)*) => {
        $crate::message!(@ $said.with_help(format!($text)); $($says)*)
    };
    (@ $said:expr; help: $text:literal, $at:expr => $edit:expr; $($says:tt)*) => {
        $crate::message!(@ $said.with_edit(format!($text), $at, $edit); $($says)*)
    };
    (@ $said:expr; offer: $text:literal, $at:expr => $edit:expr; $($says:tt)*) => {
        $crate::message!(@ $said.with_offer(format!($text), $at, $edit); $($says)*)
    };
    (@ $said:expr; near: $text:literal, $at:expr => $edit:expr; $($says:tt)*) => {
        $crate::message!(@ $said.with_replacement(format!($text), $at, $edit, $crate::diag::Certainty::Near); $($says)*)
    };
    (@ $said:expr; did_you_mean($nearest:expr, $at:expr): $otherwise:literal; $($says:tt)*) => {
        $crate::message!(@ $said.with_nearest($nearest, $at, format!($otherwise)); $($says)*)
    };
    (@ $said:expr; labels: $labels:expr; $($says:tt)*) => {
        $crate::message!(@ $said.with_labels($labels); $($says)*)
    };
    (@ $said:expr; $at:ident: $text:literal; $($says:tt)*) => {
        $crate::message!(@ $said.with_label($at, format!($text)); $($says)*)
    };
}
