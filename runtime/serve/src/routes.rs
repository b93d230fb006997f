//! Which address is whose, and what every request goes through.

use crate::refusal::{Refusal, as_json, as_text};
use crate::shared::{Server, Shared};
use crate::{about, answer, metrics, push};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode, Uri, header};
use serde_json::json;
use std::sync::atomic::Ordering;

pub fn router(server: Shared) -> Router {
    Router::new()
        .route("/v1/push/{source}", post(push))
        .route("/v1/answer", post(answer))
        .route("/v1/services", get(services))
        .route("/openapi.json", get(openapi))
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .fallback(no_such_address)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(server.clone(), admit))
        .with_state(server)
}

/// The token first, then room.
async fn admit(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let is_open = matches!(request.uri().path(), "/health" | "/ready");
    if !is_open && !has_token(&server, &request) {
        return Refusal::no_token().into_response();
    }
    if is_open {
        return next.run(request).await;
    }
    match server.requests.try_acquire() {
        Ok(_room) => next.run(request).await,
        Err(_) => Refusal::busy().into_response(),
    }
}

fn has_token(server: &Server, request: &Request) -> bool {
    let Some(wanted) = &server.token else {
        return true;
    };
    let said = request.headers().get(header::AUTHORIZATION).map(|said| said.as_bytes());
    let said = said.and_then(|said| said.strip_prefix(b"Bearer ")).unwrap_or_default();
    // As long for a token that is wrong at its end as for one that is wrong at its beginning.
    let differ = wanted.bytes().enumerate().fold(0u8, |differ, (place, byte)| {
        differ | (byte ^ said.get(place).copied().unwrap_or(!byte))
    });
    differ == 0 && said.len() == wanted.len()
}

async fn push(State(server): State<Shared>, Path(source): Path<String>, request: Request) -> Response {
    let done = push::push(&server, source, request).await;
    done.map_or_else(Refusal::into_response, |document| as_json(StatusCode::OK, &document))
}

async fn answer(State(server): State<Shared>, request: Request) -> Response {
    let done = answer::answer(&server, request).await;
    done.map_or_else(Refusal::into_response, |document| as_json(StatusCode::OK, &document))
}

async fn services(State(server): State<Shared>) -> Response {
    as_json(StatusCode::OK, &about::services(&server.runtime))
}

async fn openapi(State(server): State<Shared>) -> Response {
    as_json(StatusCode::OK, &about::openapi(&server))
}

async fn metrics(State(server): State<Shared>) -> Response {
    let text = metrics::text(&server.runtime);
    as_text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
}

async fn health() -> Response {
    as_json(StatusCode::OK, &json!({ "status": "alive" }))
}

async fn ready(State(server): State<Shared>) -> Response {
    let (_, behind_us) = server.runtime.cuts();
    let why = match server.runtime.failure() {
        _ if server.ending.load(Ordering::Acquire) => Some("the server is ending".to_owned()),
        Some(why) => Some(why),
        None if behind_us > 5_000_000 => Some("the clock is behind the answers that were given".to_owned()),
        None => None,
    };
    match why {
        None => as_json(StatusCode::OK, &json!({ "status": "ready" })),
        Some(why) => Refusal::not_serving(why).into_response(),
    }
}

async fn no_such_address(method: Method, uri: Uri) -> Response {
    Refusal::no_such_address(method.as_str(), uri.path()).into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    Refusal::wrong_method(method.as_str(), uri.path()).into_response()
}
