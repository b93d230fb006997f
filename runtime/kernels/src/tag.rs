//! Tags: whether a row of a column is valid, null or an error.

use featc_ir::ErrorCode;

/// What a row of a column holds. The data of a row that is not `VALID` is unspecified (but initialised).
#[derive(Debug)]
pub struct Tag;

impl Tag {
    pub const VALID: u8 = 0;
    pub const NULL: u8 = 1;

    /// The tag of an error.
    #[inline]
    pub fn error(code: ErrorCode) -> u8 {
        Tag::NULL + code as u8
    }

    /// The error that a tag stands for.
    #[inline]
    pub fn as_error(tag: u8) -> Option<ErrorCode> {
        tag.checked_sub(Tag::NULL).and_then(ErrorCode::from_number)
    }

    /// Of two arguments of one operation: the leftmost error, else null if one is, else valid.
    #[inline]
    pub fn merge(left: u8, right: u8) -> u8 {
        if left > Tag::NULL || right == Tag::VALID {
            left
        } else {
            right
        }
    }
}
