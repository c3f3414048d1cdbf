//! What goes out to one client: responses, bounded in number and bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::limits;

/// Where responses go.
#[derive(Clone)]
pub(crate) struct Out {
    queue: mpsc::Sender<Line>,
    bytes: Arc<Semaphore>,
}

/// A response on its way; it counts until it is dropped.
pub(crate) struct Line {
    pub(crate) bytes: Vec<u8>,
    _counts: OwnedSemaphorePermit,
}

/// Where they go, and where they come out.
pub(crate) fn channel() -> (Out, mpsc::Receiver<Line>) {
    let (queue, lines) = mpsc::channel(limits::RESPONSES);
    let bytes = usize::try_from(limits::RESPONSE_BYTES).unwrap_or(Semaphore::MAX_PERMITS);
    (Out { queue, bytes: Arc::new(Semaphore::new(bytes)) }, lines)
}

impl Out {
    /// Waits for room, and puts a response there; whether anybody takes it.
    pub(crate) async fn put(&self, bytes: Vec<u8>) -> bool {
        // One that is larger than all the room waits until there is nothing else.
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(limits::RESPONSE_BYTES);
        let Ok(counts) = self.bytes.clone().acquire_many_owned(size).await else { return false };
        self.queue.send(Line { bytes, _counts: counts }).await.is_ok()
    }
}
