//! Connections: taken, bounded in number and patience, and let go in order.

use crate::Shared;
use crate::routes::router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

/// Serves until the process is told to end.
///
/// # Errors
/// The address cannot be had.
pub async fn serve(server: Shared, listen: SocketAddr, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let (mut end, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    ready(listener.local_addr()?);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(server.limits.request_time)
        .max_buf_size(64 << 10);
    let service = TowerToHyperService::new(router(server.clone()));
    let open = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(server.limits.connections));
    let told = async {
        futures::future::select(Box::pin(end.recv()), Box::pin(interrupt.recv())).await;
    };
    let take = async {
        loop {
            let Ok(held) = room.clone().acquire_owned().await else {
                return;
            };
            // Of a connection that broke before it was taken, or when there are no more files, others may still come.
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let connection = builder
                .serve_connection(TokioIo::new(stream), service.clone())
                .into_owned();
            let connection = open.watch(connection);
            tokio::spawn(async move {
                let _ = connection.await;
                drop(held);
            });
        }
    };
    futures::future::select(Box::pin(told), Box::pin(take)).await;
    server.ending.store(true, Ordering::Release);
    drop(listener);
    let _ = tokio::time::timeout(server.limits.end_time, open.shutdown()).await;
    Ok(())
}
