//! Connections: taken, bounded in number and patience, and let go in order.

use crate::patient::Patient;
use crate::routes::router;
use crate::shared::{End, Shared};
use crate::tls;
use axum::Router;
use futures::future::{Either, select};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use serde_json::json;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

/// How often a flag is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// What is ready once the server is to end.
///
/// # Errors
/// The system does not tell of its signals.
fn asked(end: End) -> io::Result<Pin<Box<dyn Future<Output = ()>>>> {
    match end {
        End::Signals => {
            let (mut end, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            Ok(Box::pin(async move {
                select(Box::pin(end.recv()), Box::pin(interrupt.recv())).await;
            }))
        }
        End::Flag(flag) => Ok(Box::pin(async move {
            while !flag.load(Ordering::Relaxed) {
                tokio::time::sleep(PAUSE).await;
            }
        })),
    }
}

/// Serves until it is told to end.
///
/// # Errors
/// The system does not tell of its signals, or of connections.
pub async fn serve(server: Shared, listener: std::net::TcpListener, end: End, ready: impl FnOnce()) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let asked = asked(end)?;
    ready();
    let router = router(server.clone());
    let most = server.limits.connections;
    let room = Arc::new(Semaphore::new(most));
    let (tell, told) = watch::channel(false);
    let take = async {
        let mut is_failing = false;
        loop {
            let Ok(held) = room.clone().acquire_owned().await else {
                return;
            };
            // Of a connection that broke before it was taken, or when there are no more files, others may still come.
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if !is_failing {
                        let why = featr::plain(&error);
                        server.log.tell("accept_failed", [("why", json!(why))]);
                    }
                    is_failing = true;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            };
            is_failing = false;
            let (router, told, server) = (router.clone(), told.clone(), server.clone());
            tokio::spawn(async move {
                encrypted(&server, stream, router, told).await;
                drop(held);
            });
        }
    };
    select(asked, Box::pin(take)).await;
    server.ending.store(true, Ordering::Release);
    server.log.tell("ending", []);
    drop(listener);
    let _ = tell.send(true);
    let all = room.acquire_many(u32::try_from(most).unwrap_or(u32::MAX));
    let _ = tokio::time::timeout(server.limits.end_time, all).await;
    Ok(())
}

/// One connection; where there is TLS, behind its handshake, which may take as long as the head of a request.
async fn encrypted(server: &Shared, stream: TcpStream, router: Router, told: watch::Receiver<bool>) {
    let patience = server.limits.request_time;
    let _ = stream.set_nodelay(true);
    let Some(tls) = &server.tls else {
        return connection(stream, router, told, patience).await;
    };
    match tokio::time::timeout(patience, tls.acceptor.accept(stream)).await {
        Ok(Ok(stream)) => connection(stream, router, told, patience).await,
        Ok(Err(error)) => server.handshakes.add(tls::reason(&error), "", 1),
        Err(_) => server.handshakes.add("slow", "", 1),
    }
}

/// One connection, until it ends; when the server does, after the request that is open.
async fn connection<S>(stream: S, router: Router, mut told: watch::Receiver<bool>, patience: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(64 << 10);
    let service = service_fn(move |request: http::Request<Incoming>| router.clone().oneshot(request));
    let mut connection = Box::pin(builder.serve_connection(Patient::new(stream, patience), service));
    let ends = Box::pin(told.changed());
    if let Either::Right(_) = select(connection.as_mut(), ends).await {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
