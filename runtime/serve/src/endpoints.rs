//! The addresses: the one table from which requests are routed and the description is made.

use crate::head::{ARROW, JSON, JSONL};
use http::Method;

/// An address.
#[derive(Debug)]
pub struct Endpoint {
    pub method: Method,
    /// `{name}` stands for a part of it.
    pub path: &'static str,
    /// What it does, in a sentence without an end.
    pub summary: &'static str,
    pub does: Does,
    /// Who may ask, and when.
    pub access: Access,
    /// The forms that it takes.
    pub takes: &'static [&'static str],
    /// The forms that it answers in.
    pub gives: &'static [&'static str],
}

impl Endpoint {
    /// The one that a path leads to.
    pub fn at(path: &str) -> Option<&'static Endpoint> {
        ENDPOINTS.iter().find(|endpoint| match endpoint.path.split_once('{') {
            Some((before, _)) => path.strip_prefix(before).is_some_and(|name| !name.contains('/')),
            None => path == endpoint.path,
        })
    }
}

/// What an address does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    Push,
    Answer,
    Feast,
    Services,
    Describe,
    Live,
    Ready,
    Metrics,
}

/// Who may ask, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// With the token, as long as there is room for requests.
    Room,
    /// With the token.
    Token,
    /// Everybody, always.
    Everybody,
}

const TEXT: &str = "text/plain";

/// All of them.
pub const ENDPOINTS: [Endpoint; 8] = [
    Endpoint {
        method: Method::POST,
        path: "/v1/push/{source}",
        summary: "Push rows of a source",
        does: Does::Push,
        access: Access::Room,
        takes: &[JSONL, ARROW],
        gives: &[JSON],
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/answer",
        summary: "Ask for the features of one entity or of many",
        does: Does::Answer,
        access: Access::Room,
        takes: &[JSON],
        gives: &[JSON, ARROW],
    },
    Endpoint {
        method: Method::POST,
        path: "/get-online-features",
        summary: "Ask as Feast's SDK does",
        does: Does::Feast,
        access: Access::Room,
        takes: &[JSON],
        gives: &[JSON],
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/services",
        summary: "Services with keys and features, sources with columns",
        does: Does::Services,
        access: Access::Room,
        takes: &[],
        gives: &[JSON],
    },
    Endpoint {
        method: Method::GET,
        path: "/openapi.json",
        summary: "This description",
        does: Does::Describe,
        access: Access::Room,
        takes: &[],
        gives: &[JSON],
    },
    Endpoint {
        method: Method::GET,
        path: "/health",
        summary: "Whether the process lives",
        does: Does::Live,
        access: Access::Everybody,
        takes: &[],
        gives: &[JSON],
    },
    Endpoint {
        method: Method::GET,
        path: "/ready",
        summary: "Whether it takes requests",
        does: Does::Ready,
        access: Access::Everybody,
        takes: &[],
        gives: &[JSON],
    },
    Endpoint {
        method: Method::GET,
        path: "/metrics",
        summary: "Numbers, as Prometheus reads them",
        does: Does::Metrics,
        access: Access::Token,
        takes: &[],
        gives: &[TEXT],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_address() {
        let of = |path| Endpoint::at(path).map(|endpoint| endpoint.does);
        assert_eq!(of("/v1/push/payments"), Some(Does::Push));
        assert_eq!(of("/metrics"), Some(Does::Metrics));
        assert_eq!(
            (of("/v1/push"), of("/v1/push/a/b"), of("/v1/answer/")),
            (None, None, None)
        );
    }

    /// The table of the page has exactly these addresses, in this order.
    #[test]
    fn the_page_has_every_address() {
        let page = include_str!("../../../docs/serving.md");
        let of_page = page.lines().filter_map(|line| {
            let name = line.strip_prefix("| `")?.split('`').next()?;
            (name.starts_with("GET ") || name.starts_with("POST ")).then(|| name.to_owned())
        });
        let of_page: Vec<String> = of_page.collect();
        let known: Vec<String> = ENDPOINTS
            .iter()
            .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path.replace("{source}", "SOURCE")))
            .collect();
        assert_eq!(of_page, known);
    }
}
