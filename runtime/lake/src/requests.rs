//! Requests of callers that block, on threads of our own.

use std::future::Future;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Builder, Handle, Runtime};

/// Started at the first request; its threads end with the process.
static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

fn handle() -> Result<Handle, String> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = runtime.as_ref() {
        return Ok(runtime.handle().clone());
    }
    let new = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("featr-lake")
        .enable_all()
        .build()
        .map_err(|error| format!("no threads for requests: {error}"))?;
    Ok(runtime.insert(new).handle().clone())
}

/// Waits for a request. The caller's thread only sleeps on a channel, so it may belong to another runtime.
///
/// # Errors
/// When the operating system gives no threads, or the request broke off.
pub(crate) fn wait<T: Send + 'static>(request: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
    let (sender, receiver) = sync_channel(1);
    handle()?.spawn(async move {
        // A receiver that is gone has nobody waiting behind it.
        let _ = sender.send(request.await);
    });
    receiver.recv().map_err(|_| "the request broke off".to_owned())
}
