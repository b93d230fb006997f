//! Which request goes where, and what each goes through.

use crate::endpoints::{Access, Does, ENDPOINTS, Endpoint};
use crate::head::{self, REQUEST_ID};
use crate::refusal::{Refusal, RefusedWith, as_json, as_text};
use crate::shared::{Server, Shared};
use crate::{about, answer, feast, metrics, push};
use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, on};
use futures::FutureExt as _;
use http::{Method, StatusCode, Uri};
use serde_json::json;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;

pub fn router(server: Shared) -> Router {
    let mut router = Router::new();
    for endpoint in &ENDPOINTS {
        router = router.route(endpoint.path, on(filter(&endpoint.method), handler(endpoint)));
    }
    router
        .fallback(no_such_address)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(server.clone(), admit))
        .with_state(server)
}

fn filter(method: &Method) -> MethodFilter {
    if *method == Method::POST {
        MethodFilter::POST
    } else {
        MethodFilter::GET
    }
}

type Params = Result<RawPathParams, RawPathParamsRejection>;

fn handler(
    endpoint: &'static Endpoint,
) -> impl Fn(State<Shared>, Params, Request) -> futures::future::BoxFuture<'static, Response> + Clone {
    move |State(server), params, request| {
        Box::pin(async move {
            let done = handle(endpoint, &server, params, request).await;
            done.unwrap_or_else(Refusal::into_response)
        })
    }
}

async fn handle(endpoint: &Endpoint, server: &Shared, params: Params, request: Request) -> Result<Response, Refusal> {
    match endpoint.does {
        Does::Push => {
            let source = params.ok().and_then(|params| {
                let mut all = params.iter();
                all.next().map(|(_, source)| source.to_owned())
            });
            let no_text = || {
                Refusal::unreadable(
                    "the name of the source is no text",
                    "GET /v1/services tells the sources",
                )
            };
            let pushed = push::push(server, source.ok_or_else(no_text)?, request).await?;
            Ok(as_json(StatusCode::OK, &pushed))
        }
        Does::Answer => answer::answer(server, request).await,
        Does::Feast => feast::answer(server, request).await,
        Does::Services => Ok(as_json(StatusCode::OK, &about::services(&server.runtime))),
        Does::Describe => Ok(as_json(StatusCode::OK, &about::openapi(server))),
        Does::Live => Ok(as_json(StatusCode::OK, &json!({ "status": "alive" }))),
        Does::Ready => ready(server),
        Does::Metrics => {
            let text = metrics::text(server);
            Ok(as_text(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                text,
            ))
        }
    }
}

/// What every request goes through: who asks, whether there is room, what becomes of it.
async fn admit(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).cloned();
    let about = (request.method().clone(), request.uri().path().to_owned());
    let done = AssertUnwindSafe(through(&server, request, next)).catch_unwind().await;
    let mut response = done.unwrap_or_else(|panic| {
        let why = featr::panic_text(&*panic);
        server.log.tell(
            "panic",
            [
                ("why", json!(why)),
                ("method", json!(about.0.as_str())),
                ("path", json!(about.1)),
            ],
        );
        Refusal::bug(why).into_response()
    });
    if let Some(RefusedWith(code)) = response.extensions().get() {
        server.refused.add(code, "", 1);
    }
    if let Some(id) = id.filter(|id| id.len() <= head::ID_BYTES_MAX) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

async fn through(server: &Server, request: Request, next: Next) -> Response {
    // What nobody knows is asked like the rest.
    let known = Endpoint::at(request.uri().path());
    let access = known.map_or(Access::Room, |endpoint| endpoint.access);
    if access == Access::Everybody {
        return next.run(request).await;
    }
    if !head::has_token(server, request.headers()) {
        return Refusal::no_token().into_response();
    }
    let page = || head::of_a_page(server, request.headers());
    if let Some(why) = server.token.is_none().then(page).flatten() {
        return Refusal::of_a_page(&why).into_response();
    }
    if access == Access::Token {
        return next.run(request).await;
    }
    match server.requests.try_acquire() {
        Ok(_room) => next.run(request).await,
        Err(_) => Refusal::busy().into_response(),
    }
}

/// How far the clock may be behind the answers that were given.
const BEHIND_US: i64 = 5_000_000;

fn ready(server: &Server) -> Result<Response, Refusal> {
    let runtime = &server.runtime;
    let why = match runtime.failure().or_else(|| runtime.refusal()) {
        _ if server.ending.load(Ordering::Acquire) => Some("the server is ending".to_owned()),
        Some(why) => Some(why),
        None if runtime.cuts().1 > BEHIND_US => Some("the clock is behind the answers that were given".to_owned()),
        None => None,
    };
    match why {
        None => {
            // It goes on without checkpoints, and somebody should know.
            let failed = runtime.checkpoint_failure();
            let failed = failed.map(|why| json!({ "status": "ready", "checkpoint_failed": why }));
            Ok(as_json(
                StatusCode::OK,
                &failed.unwrap_or_else(|| json!({ "status": "ready" })),
            ))
        }
        Some(why) => Err(Refusal::not_serving(why)),
    }
}

async fn no_such_address(method: Method, uri: Uri) -> Response {
    Refusal::no_such_address(method.as_str(), uri.path()).into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    let taken = Endpoint::at(path).map_or("", |endpoint| endpoint.method.as_str());
    Refusal::wrong_method(method.as_str(), path, taken).into_response()
}

#[cfg(test)]
mod tests;
