//! Handlers that fail or panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bot::Handled;

/// Runs a handler; what went wrong, as text.
///
/// A panic may leave what the handler borrows half changed. That is the
/// transaction, which is thrown away but for the records it was given, and
/// nothing but `commit` changes those; and what the bot's own closures hold:
/// `Bot` says that nothing there may matter.
pub(crate) fn guarded(handler: impl FnOnce() -> Handled) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(handler)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
            let text = format!("panicked: {}", text.unwrap_or("without a text"));
            discard(payload);
            Err(text)
        }
    }
}

/// What was thrown may panic when it is dropped, and so may what that panic
/// throws.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}
