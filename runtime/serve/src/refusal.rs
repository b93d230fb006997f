//! Why a request is refused: a code of the registry, a status, a message, a next step.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use featr::{DecodeError, Error};
use featr_online::{Gated, Refused};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::borrow::Cow;

/// The codes that requests are refused with. Each has a page.
pub const CODES: [&str; 24] = [
    "E0701", "E0702", "E0703", "E0704", "E0717", "E0718", "E0801", "E0802", "E0803", "E0804", "E0805", "E0806",
    "E0807", "E0808", "E0809", "E0810", "E0817", "E0820", "E0821", "E0822", "E0904", "E0907", "E0930", "E9999",
];

/// The longest message and help, in characters.
const TEXT_MAX: usize = 1_000;

/// A text, or the beginning of a long one.
fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => Cow::Owned(format!("{} … ({} bytes)", &text[..end], text.len())),
        None => Cow::Borrowed(text),
    }
}

/// A request that is not done.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub help: String,
    /// The gated features without an answer, each with its status.
    pub gated: Vec<(String, String)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal {
            status,
            code,
            message: message.into(),
            help: help.into(),
            gated: Vec::new(),
        }
    }

    /// What was sent cannot be read as what it should be.
    pub fn unreadable(message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "E0801", message, help)
    }

    /// A question does not fit its service.
    pub fn wrong_question(message: impl Into<String>) -> Refusal {
        let help = "GET /v1/services tells the keys of each service with their types";
        Refusal::new(StatusCode::BAD_REQUEST, "E0802", message, help)
    }

    pub fn too_large(message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "E0803", message, help)
    }

    /// Whether it may come before the body is read.
    pub fn leaves_a_body(&self) -> bool {
        [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::TOO_MANY_REQUESTS].contains(&self.status)
    }

    pub fn too_many_entities(count: usize, most: usize) -> Refusal {
        let message = format!("{count} entities are asked about, and at most {most} may be");
        Refusal::too_large(message, "ask about fewer at a time, or raise --max-entities")
    }

    pub fn no_such_address(method: &str, path: &str) -> Refusal {
        let help = "GET /openapi.json tells the addresses";
        Refusal::new(
            StatusCode::NOT_FOUND,
            "E0804",
            format!("there is no {method} {path}"),
            help,
        )
    }

    /// `taken` is the method that the address has.
    pub fn wrong_method(method: &str, path: &str, taken: &str) -> Refusal {
        let help = format!("send it by {taken}; GET /openapi.json tells what each address takes");
        let message = format!("{path} does not take {method}");
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "E0804", message, help)
    }

    pub fn no_token() -> Refusal {
        let help = "send `Authorization: Bearer TOKEN` with the token that the server was started with";
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "E0805",
            "the request has not the token of this server",
            help,
        )
    }

    /// `why` tells what of the request says so.
    pub fn of_a_page(why: &str) -> Refusal {
        let help =
            "ask 127.0.0.1 or localhost from a program; for pages and other names start the server with --token-file";
        let message = format!("this server has no token, so it answers programs of this machine only: {why}");
        Refusal::new(StatusCode::FORBIDDEN, "E0810", message, help)
    }

    fn no_room(message: &str, help: &str) -> Refusal {
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "E0806", message, help)
    }

    pub fn busy() -> Refusal {
        let help = "send it again a little later, and fewer at a time";
        Refusal::no_room("as many requests wait as may", help)
    }

    /// Other bodies take what there is.
    pub fn no_memory() -> Refusal {
        let help = "send it again a little later, in smaller parts, or raise --max-memory";
        Refusal::no_room(
            "the bodies of requests that are worked on take as much memory as they may",
            help,
        )
    }

    pub fn slow(seconds: u64) -> Refusal {
        let message = format!("the request did not come in {seconds} s");
        Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "E0807",
            message,
            "send it faster, or in smaller parts",
        )
    }

    pub fn not_serving(why: impl Into<String>) -> Refusal {
        let help = "send it again when the server is ready; `/ready` says why it is not";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "E0809", why, help)
    }

    /// An entity that is not answered, and with it none of so many.
    pub fn gated(service: &str, gated: &Gated, of: usize) -> Refusal {
        let whom = match of {
            1 => "this entity".to_owned(),
            _ => format!("entity {} of {of}", gated.row + 1),
        };
        let features = gated.features.iter();
        let features: Vec<String> = features.map(|(name, status)| format!("`{name}` is {status}")).collect();
        let help = "decide without these features about this entity; what stands in for them is answered where the service \
                    does not say `fallback gate`";
        Refusal {
            gated: gated.features.clone(),
            ..Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "E0817",
                format!("`{service}` has no answer for {whom}: {}", features.join(", ")),
                help,
            )
        }
    }

    /// What Feast's protocol has no words for.
    pub fn beyond_feast(message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "E0820", message, help)
    }

    /// Features that Feast asks for, and that no service answers together.
    pub fn no_such_features(message: impl Into<String>) -> Refusal {
        let help = "GET /v1/services tells the features of each service; declare one that has all of them";
        Refusal::new(StatusCode::NOT_FOUND, "E0821", message, help)
    }

    /// A value that Feast cannot hold.
    pub fn no_form_of_feast(message: impl Into<String>) -> Refusal {
        let help = "ask POST /v1/answer, which has a form for every value; Feast has none for this one";
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "E0822", message, help)
    }

    /// As it stands in a response: what it repeats of a request is cut.
    pub fn document(&self) -> serde_json::Value {
        let [message, help] = [&self.message, &self.help].map(|text| short(text));
        let mut error = json!({ "code": self.code, "message": message, "help": help });
        if !self.gated.is_empty() {
            error["gated"] = self.gated.iter().cloned().collect();
        }
        json!({ "error": error })
    }

    /// What the runtime says.
    pub fn of(refused: &Refused) -> Refusal {
        match refused {
            Refused::Busy => Refusal::busy(),
            Refused::Unwritable { .. } | Refused::Stopping => Refusal::not_serving(refused.to_string()),
            Refused::Request(error) => Refusal::of_error(error),
        }
    }

    pub fn of_error(error: &Error) -> Refusal {
        let bad = |code, help: &str| Refusal::new(StatusCode::BAD_REQUEST, code, error.to_string(), help);
        match error {
            Error::UnknownService { .. } => Refusal {
                status: StatusCode::NOT_FOUND,
                ..bad("E0904", "GET /v1/services tells the services")
            },
            Error::UnknownSource { .. } => Refusal {
                status: StatusCode::NOT_FOUND,
                ..bad("E0804", "GET /v1/services tells the sources")
            },
            Error::Columns { .. } => Refusal::wrong_question(error.to_string()),
            Error::SharedIdentity { .. } => bad("E0930", "name the column by its source"),
            Error::ArrivalNeeded { .. } => bad(
                "E0907",
                "declare `arrival` in the source, or `static` if its rows never change: nothing tells otherwise what an \
                 answer saw",
            ),
            Error::CutsUnnamed { .. } => bad(
                "E0718",
                "rename the key, the feature or the source: the served log has two columns of that name",
            ),
            Error::BelowHorizon { .. } => bad(
                "E0808",
                "ask about a later instant; for earlier ones start the server with a longer --history on a new state folder, and push \
                 the history again: what was released does not come back",
            ),
            Error::Decode(error) => of_rows(error),
            Error::NotAtCut { .. }
            | Error::CutsNeeded
            | Error::ServedLog { .. }
            | Error::CutGoesBack { .. }
            | Error::TruthNotChosen { .. }
            | Error::TooManyRejected { .. }
            | Error::NothingFound { .. }
            | Error::NothingLookedUp { .. }
            | Error::NothingSaid { .. }
            | Error::TooManyMissing { .. }
            | Error::NoFiles { .. }
            | Error::ColumnClash { .. }
            | Error::TwoRowsOfAKey { .. }
            | Error::UnusableRow { .. }
            | Error::ToBeRebuilt { .. }
            | Error::Unreadable { .. }
            | Error::Build { .. }
            | Error::Snapshot { .. }
            | Error::SnapshotVersion { .. }
            | Error::Resources { .. }
            | Error::Text { .. }
            | Error::Interrupted
            | Error::Bug { .. } => Refusal::bug(error.to_string()),
        }
    }

    pub fn bug_of(error: impl std::error::Error) -> Refusal {
        Refusal::bug(error.to_string())
    }

    pub fn bug(why: impl Into<String>) -> Refusal {
        let help = "this is not your fault: please report it with the request";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "E9999", why, help)
    }
}

/// What is wrong with all rows of a push, or with an answer.
fn of_rows(error: &DecodeError) -> Refusal {
    let code = match error {
        DecodeError::BeyondBounds { .. } => {
            let help = "send it in smaller parts: --max-rows and --max-body say how much a push may hold";
            return Refusal::too_large(error.to_string(), help);
        }
        DecodeError::BeyondText { column, why, .. } => {
            let message = format!("feature `{column}` {why}");
            let help = "ask with `Accept: application/vnd.apache.arrow.stream`, which holds every value";
            return Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "E0717", message, help);
        }
        DecodeError::MissingColumn { .. } => "E0701",
        DecodeError::WrongType { .. } => "E0702",
        DecodeError::NaiveTimestamp { .. } => "E0703",
        DecodeError::Corrupt { .. } | DecodeError::BrokenHeader { .. } => "E0704",
        _ => "E0801",
    };
    // The steps for a file say how to name it, and how to declare it.
    let of_pushes = match error {
        DecodeError::NaiveTimestamp { .. } => Some(
            "send timestamps of a zone (in pyarrow `pa.timestamp(\"us\", tz=\"UTC\")`), or declare in the source which zone they \
             are in: `zone \"UTC\"`",
        ),
        DecodeError::Corrupt { .. } => Some(
            "send what `Content-Type` says: JSON lines (`application/jsonl`), or a whole Arrow IPC stream \
             (`application/vnd.apache.arrow.stream`)",
        ),
        _ => None,
    };
    let help = of_pushes.map(str::to_owned).or_else(|| error.help());
    let help = help.unwrap_or_else(|| "send the columns that the source declares, in their types".to_owned());
    Refusal::new(StatusCode::BAD_REQUEST, code, error.to_string(), help)
}

/// What a response was refused with, for those who count.
#[derive(Debug, Clone, Copy)]
pub struct RefusedWith(pub &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = as_json(self.status, &self.document());
        if self.status == StatusCode::TOO_MANY_REQUESTS || self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(RefusedWith(self.code));
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// A JSON document as a response.
pub fn as_json(status: StatusCode, document: &serde_json::Value) -> Response {
    as_text(status, "application/json", document.to_string())
}

pub fn as_text(status: StatusCode, media: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let media = HeaderValue::from_static(media);
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}
