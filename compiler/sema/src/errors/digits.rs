//! E0201 and E0208: numbers of two types, and decimals with too many digits.

use super::types::beside;
use featc_ir::Type;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    /// `cast`: of the operand that is best converted.
    E0201 mixed_numbers(symbol: &str, at: Span, operands: [(Type, Span); 2], operand: Span, cast: &str) {
        let [(left, _), (right, _)] = operands;
        "`{symbol}` between {left} and {right}";
        at: "numbers are not converted silently";
        labels: beside(at, &operands);
        help: "write `{cast}`", operand => cast;
    }

    /// The same where a decimal of the one type has no room for the other; `narrowed`: the whole expression.
    E0201 mixed_wide_numbers(symbol: &str, at: Span, operands: [(Type, Span); 2], narrowed: Option<&str>) {
        let [(left, _), (right, _)] = operands;
        let help = narrowed.map_or_else(|| "write `cast(… as float64)` around both".to_owned(), digits);
        "`{symbol}` between {left} and {right}";
        at: "numbers are not converted silently";
        labels: beside(at, &operands);
        help: "{help}";
    }

    /// The same where that operand is too long to be quoted.
    E0201 mixed_long_numbers(symbol: &str, at: Span, operands: [(Type, Span); 2], to: Type) {
        let [(left, _), (right, _)] = operands;
        "`{symbol}` between {left} and {right}";
        at: "numbers are not converted silently";
        labels: beside(at, &operands);
        help: "write `cast(… as {to})`";
    }

    /// `narrowed`: the whole expression, narrowed so that it fits.
    E0208 decimal_too_wide(
        what: &str, at: Span, precision: u32, scale: u32, operands: &[(Type, Span)], narrowed: Option<&str>
    ) {
        let otherwise = || "make it narrower first: `cast(x as decimal(p, s))`, or `cast(x as float64)`".to_owned();
        let help = narrowed.map_or_else(otherwise, digits);
        "`{what}` may need {precision} digits, {scale} of them after the point";
        at: "does not fit a decimal of 38 digits";
        labels: operands.iter().map(|(ty, at)| (*at, ty.to_string()));
        help: "{help}";
    }
}

/// The next step of a decimal that would need too many digits.
fn digits(narrowed: &str) -> String {
    format!("say how many digits there can be: `{narrowed}`")
}
