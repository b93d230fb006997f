//! The grammar of .feat files and nothing else.
//!
//! `feat.pest` is the only definition of the syntax; `precedence.md` orders the operators. This crate knows no places and
//! no messages of ours: featc-syntax turns pairs into a tree and failures into diagnostics.
//!
//! ```
//! use featc_grammar::{FeatParser, Parser, Rule};
//! assert!(FeatParser::parse(Rule::file, "module shop").is_ok());
//! ```
#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "the derived items cannot carry them"
)]

pub use pest::Parser;

/// The derived parser; parse with [`Rule::file`].
#[derive(pest_derive::Parser)]
#[grammar = "feat.pest"]
pub struct FeatParser;

/// The operator table, for people; a test of featc-syntax compares it with the code.
pub const PRECEDENCE: &str = include_str!("../precedence.md");

/// What to call a rule in a message, ready to print. `None`: never mentioned (white space, recovery, operators of other
/// languages). Every rule is listed, so that a new one cannot be forgotten.
pub fn user_word(rule: Rule) -> Option<&'static str> {
    match rule {
        Rule::item
        | Rule::module
        | Rule::entity
        | Rule::source
        | Rule::transform
        | Rule::view
        | Rule::request
        | Rule::service
        | Rule::test
        | Rule::table
        | Rule::param
        | Rule::template
        | Rule::item_only
        | Rule::strict_item
        | Rule::strict_source
        | Rule::strict_transform
        | Rule::strict_view
        | Rule::strict_template
        | Rule::strict_service => Some("a declaration"),
        Rule::module_name | Rule::name | Rule::holed_name => Some("a name"),
        Rule::column => Some("a column such as `amount: int64`"),
        Rule::type_name | Rule::type_field => Some("a type"),
        Rule::type_inside | Rule::langle => Some("`<`"),
        Rule::rangle => Some("`>`"),
        Rule::from_field | Rule::from_kw => Some("`from`"),
        Rule::read_as | Rule::as_kw => Some("`as`"),
        Rule::in_zone => Some("`in`"),
        Rule::type_arguments | Rule::name_list | Rule::in_list | Rule::lparen => Some("`(`"),
        Rule::source_clause
        | Rule::columns
        | Rule::unique
        | Rule::time
        | Rule::arrival
        | Rule::static_rows
        | Rule::delay
        | Rule::lateness
        | Rule::skew
        | Rule::begins
        | Rule::zone
        | Rule::keep_nan
        | Rule::batch
        | Rule::stream
        | Rule::clause_only => Some("a clause"),
        Rule::table_clause => Some("a clause of a table"),
        Rule::table_key | Rule::key_kw => Some("`key`"),
        Rule::valid_from | Rule::valid_to | Rule::valid_kw => Some("`valid from` or `valid to`"),
        Rule::to_kw => Some("`to`"),
        Rule::after_time | Rule::time_kw => Some("`time`"),
        Rule::files | Rule::file_format => Some("a file format (`parquet`, `csv`, `tsv`, `jsonl`, `arrow` or `delta`)"),
        Rule::at_clause | Rule::at_kw => Some("`at`"),
        Rule::within | Rule::within_kw => Some("`within`"),
        Rule::test_kw => Some("`test`"),
        Rule::for_kw => Some("`for`"),
        Rule::given | Rule::given_kw => Some("`given`"),
        Rule::row | Rule::bar => Some("a row such as `| 1 | a |` on a line of its own"),
        Rule::cell => Some("a cell"),
        Rule::expect | Rule::expect_kw => Some("`expect`"),
        Rule::as_known => Some("`as known`"),
        Rule::known_kw => Some("`known`"),
        Rule::asked => Some("`(`"),
        Rule::asked_key => Some("a key such as `card: \"a\"`"),
        Rule::expected => Some("a value such as `total = 5.0`"),
        Rule::values => Some("`[`"),
        Rule::value | Rule::inf_kw => Some("a value"),
        Rule::status => Some("a status"),
        Rule::step | Rule::where_step | Rule::let_step | Rule::step_only => Some("`where` or `let`"),
        Rule::by_clause | Rule::by_kw => Some("`by`"),
        Rule::view_statement | Rule::statement_only => Some("a statement"),
        Rule::owner | Rule::owner_kw => Some("`owner`"),
        Rule::tags | Rule::tags_kw => Some("`tags`"),
        Rule::ttl | Rule::ttl_kw => Some("`ttl`"),
        Rule::feature | Rule::feature_kw => Some("`feature`"),
        Rule::over | Rule::over_kw => Some("`over`"),
        Rule::windows
        | Rule::window
        | Rule::events_window
        | Rule::since_window
        | Rule::since_kw
        | Rule::this_window
        | Rule::past_window
        | Rule::this_kw
        | Rule::last_kw => Some("a window such as `7d`"),
        Rule::unit | Rule::unit_word => Some("a period such as `month`"),
        Rule::units => Some("periods such as `months`"),
        Rule::events_kw => Some("`events`"),
        Rule::max | Rule::max_kw => Some("`max`"),
        Rule::offset | Rule::offset_kw => Some("`offset`"),
        Rule::grid | Rule::every_kw => Some("`every`"),
        Rule::after | Rule::after_kw => Some("`after`"),
        Rule::excluding | Rule::excluding_kw => Some("`excluding`"),
        Rule::cap | Rule::cap_kw => Some("`cap`"),
        Rule::default | Rule::default_kw => Some("`default`"),
        Rule::expr
        | Rule::operand
        | Rule::primary
        | Rule::literal
        | Rule::holed
        | Rule::reference
        | Rule::group
        | Rule::call
        | Rule::lookup
        | Rule::lookup_kw
        | Rule::cast
        | Rule::case
        | Rule::not_op
        | Rule::compat_not => Some("an expression"),
        Rule::service_part | Rule::service_entry | Rule::entry_only => Some("a service entry such as `view.feature`"),
        Rule::patterns | Rule::lbrace => Some("`{`"),
        Rule::fallback | Rule::fallback_kw => Some("`fallback`"),
        Rule::role | Rule::role_kw => Some("`role`"),
        Rule::alias => Some("`as`"),
        Rule::impute_kw => Some("`impute`"),
        Rule::gate_kw => Some("`gate`"),
        Rule::infix
        | Rule::is_null
        | Rule::list_item
        | Rule::is_kw
        | Rule::in_kw
        | Rule::not_kw
        | Rule::or_op
        | Rule::and_op
        | Rule::not_equal
        | Rule::less_equal
        | Rule::less
        | Rule::greater_equal
        | Rule::greater
        | Rule::plus
        | Rule::minus
        | Rule::star
        | Rule::slash
        | Rule::div_op
        | Rule::mod_op => Some("an operator"),
        Rule::filter | Rule::where_kw => Some("`where`"),
        Rule::ignoring | Rule::ignoring_kw => Some("`ignoring nulls`"),
        Rule::local => Some("a zone"),
        Rule::branch | Rule::when_kw => Some("`when`"),
        Rule::otherwise | Rule::else_kw => Some("`else`"),
        Rule::pattern => Some("a feature name"),
        Rule::module_kw => Some("`module`"),
        Rule::entity_kw => Some("`entity`"),
        Rule::source_kw => Some("`source`"),
        Rule::transform_kw => Some("`transform`"),
        Rule::view_kw => Some("`view`"),
        Rule::request_kw => Some("`request`"),
        Rule::service_kw => Some("`service`"),
        Rule::table_kw => Some("`table`"),
        Rule::param_kw => Some("`param`"),
        Rule::template_kw => Some("`template`"),
        Rule::use_template | Rule::use_kw => Some("`use`"),
        Rule::columns_kw => Some("`columns`"),
        Rule::unique_kw => Some("`unique`"),
        Rule::all_kw => Some("`all`"),
        Rule::table_arrival | Rule::arrival_kw => Some("`arrival`"),
        Rule::static_kw => Some("`static`"),
        Rule::delay_kw => Some("`delay`"),
        Rule::lateness_kw => Some("`lateness`"),
        Rule::unbounded_kw => Some("`unbounded`"),
        Rule::skew_kw => Some("`skew`"),
        Rule::begins_kw => Some("`begins`"),
        Rule::zone_kw => Some("`zone`"),
        Rule::keep_kw => Some("`keep`"),
        Rule::nan_kw => Some("`nan`"),
        Rule::batch_kw => Some("`batch`"),
        Rule::stream_kw => Some("`stream`"),
        Rule::version | Rule::version_kw => Some("`version`"),
        Rule::let_kw => Some("`let`"),
        Rule::of_kw => Some("`of`"),
        Rule::lifetime_kw => Some("`lifetime`"),
        Rule::now_kw => Some("`now`"),
        Rule::self_kw => Some("`self`"),
        Rule::cast_kw => Some("`cast`"),
        Rule::case_kw => Some("`case`"),
        Rule::then_kw => Some("`then`"),
        Rule::end_kw => Some("`end`"),
        Rule::nulls_kw => Some("`nulls`"),
        Rule::null_kw => Some("`null`"),
        Rule::true_kw => Some("`true`"),
        Rule::false_kw => Some("`false`"),
        Rule::numeric => Some("a number"),
        Rule::duration | Rule::holed_length => Some("a duration such as `7d`"),
        Rule::at_literal | Rule::time_part | Rule::instant => Some("a timestamp such as `@2025-01-01T00:00:00Z`"),
        Rule::string => Some("a string in double quotes"),
        Rule::rparen => Some("`)`"),
        Rule::rbrace => Some("`}`"),
        Rule::lbracket => Some("`[`"),
        Rule::rbracket => Some("`]`"),
        Rule::comma => Some("`,`"),
        Rule::colon => Some("`:`"),
        Rule::dot => Some("`.`"),
        Rule::question => Some("`?`"),
        Rule::equal => Some("`=`"),
        Rule::default_value | Rule::default_of => Some("a literal such as `0`"),
        Rule::negate
        | Rule::WHITESPACE
        | Rule::COMMENT
        | Rule::rest_of_line
        | Rule::file
        | Rule::broken_item
        | Rule::transform_head
        | Rule::view_head
        | Rule::template_head
        | Rule::broken_clause
        | Rule::broken_step
        | Rule::broken_statement
        | Rule::broken_entry
        | Rule::chunk
        | Rule::braces
        | Rule::blank
        | Rule::item_start
        | Rule::item_below
        | Rule::test_start
        | Rule::clause_start
        | Rule::step_start
        | Rule::statement_start
        | Rule::assign_start
        | Rule::entry_start
        | Rule::item_kw
        | Rule::clause_kw
        | Rule::statement_kw
        | Rule::clause_end
        | Rule::step_end
        | Rule::statement_end
        | Rule::stray_clause
        | Rule::stray_word
        | Rule::ident_char
        | Rule::ident
        | Rule::reserved
        | Rule::compat_equal
        | Rule::compat_not_equal
        | Rule::compat_and
        | Rule::compat_or
        | Rule::compat_mod
        | Rule::compat_if
        | Rule::compat_if_end
        | Rule::EOI => None,
    }
}

/// The words that cannot be names, in the order of the grammar.
pub const RESERVED: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "true",
    "false",
    "case",
    "when",
    "then",
    "else",
    "end",
    "cast",
    "where",
    "over",
    "default",
    "excluding",
    "ignoring",
    "feature",
    "let",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_those_of_the_grammar() {
        for word in RESERVED {
            assert!(FeatParser::parse(Rule::name, word).is_err(), "{word}");
            let longer = format!("{word}_x");
            assert!(FeatParser::parse(Rule::name, &longer).is_ok(), "{longer}");
        }
    }

    #[test]
    fn words_of_clauses_are_free_as_names() {
        for word in [
            "time", "date", "day", "key", "status", "batch", "stream", "version", "owner", "tags", "count", "unique",
            "delay", "of", "origin", "events", "max", "offset", "from", "source", "view", "request", "cap", "ttl",
            "all", "div", "mod", "if", "fallback", "impute", "gate", "table", "lookup", "valid", "to", "every",
            "after", "this", "last", "month", "months", "param", "template", "use", "for", "since", "role",
        ] {
            let name = FeatParser::parse(Rule::name, word).map(|pairs| pairs.as_str().to_owned());
            assert_eq!(name.as_deref(), Ok(word));
        }
    }

    #[test]
    fn keywords_need_a_word_boundary() {
        assert!(FeatParser::parse(Rule::feature_kw, "features").is_err());
        assert!(FeatParser::parse(Rule::feature_kw, "feature x").is_ok());
    }
}
