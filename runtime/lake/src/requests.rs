//! Requests of callers that block, on threads of our own.

use featr_decode::panic_text;
use std::future::Future;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinError;

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
/// When the operating system gives no threads, or the request panicked.
pub(crate) fn wait<T: Send + 'static>(request: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
    let (sender, receiver) = sync_channel(1);
    let handle = handle()?;
    let request = handle.spawn(request);
    handle.spawn(async move {
        // If the caller is gone, nobody needs the result.
        let _ = sender.send(request.await);
    });
    match receiver.recv() {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failed)) => Err(format!("the request broke off: {}", cause(failed))),
        Err(_) => Err("the request broke off".to_owned()),
    }
}

/// What a task that did not end said.
fn cause(failed: JoinError) -> String {
    match failed.try_into_panic() {
        Ok(panic) => panic_text(&*panic),
        Err(_) => "it was cancelled".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn a_panic_is_told() {
        assert_eq!(wait(async { 3 }), Ok(3));
        let text = "a number";
        let failed = wait(async move { panic!("no {text}") });
        assert_eq!(failed, Err::<(), _>("the request broke off: no a number".to_owned()));
    }
}
