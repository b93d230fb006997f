//! `POST /get-online-features`: what Feast's SDK asks of a feature server, answered by services of the program.
//!
//! Feast's *feature service* is a service, its *feature view* a view, its *join keys* the keys of the entity. What this protocol
//! cannot say, or Feast cannot hold, is refused: an answer never means something else than the same question to `/v1/answer`.

mod asked;
mod told;

use crate::body;
use crate::head::{self, JSON};
use crate::refusal::{Refusal, as_text};
use crate::shared::{Shared, blocking};
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;

pub use told::STATUSES;

pub async fn answer(server: &Shared, request: Request) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let request_id = head::request_id(&head.headers)?;
    let read = body::read(server, &head.headers, body).await?;
    let shared = server.clone();
    let answered = blocking(move || {
        let asked = asked::asked(&shared, &read.bytes, request_id)?;
        drop(read);
        let answer = shared.runtime.answer_wait(&asked.question);
        let answer = answer.map_err(|refused| Refusal::of(&refused))?;
        // There is no place for an error beside the answers about other entities.
        match answer.gated.first() {
            Some(gated) => {
                let question = &asked.question;
                Err(Refusal::gated(&question.service, gated, question.rows.num_rows()))
            }
            None => told::told(&asked, &answer),
        }
    });
    Ok(as_text(StatusCode::OK, JSON, answered.await?))
}
