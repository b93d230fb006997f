//! Sizes of pages and groups.

/// How logs are cut into pages. No result depends on it: tests run with tiny pages, engines with [`Paging::default`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// Most events of one page; at least 2.
    pub page_rows_max: usize,
    /// Most pages of one group; at least 2.
    pub group_pages_max: usize,
    /// A log of fewer events keeps no summaries: it is folded row by row.
    pub plain_below: usize,
}

impl Default for Paging {
    fn default() -> Self {
        Paging {
            page_rows_max: 128,
            group_pages_max: 16,
            plain_below: 256,
        }
    }
}

impl Paging {
    /// The same sizes, raised to their least values.
    #[must_use]
    pub(crate) fn normal(self) -> Paging {
        Paging {
            page_rows_max: self.page_rows_max.max(2),
            group_pages_max: self.group_pages_max.max(2),
            plain_below: self.plain_below,
        }
    }
}
