//! What is read from stdin.

use std::io::{self, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use crate::console;
use crate::error::Failure;

/// The longest text that is read: far more than can be sent.
const LIMIT: u64 = 1 << 20;

/// All of stdin; it may be a recovery phrase.
pub(crate) fn read() -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        console::note_here("type the text, then Ctrl-D on a line of its own:");
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let mut input = io::stdin().lock().take(LIMIT + 1);
    input.read_to_end(&mut bytes).map_err(|error| Failure::System {
        reason: format!("stdin cannot be read: {error}; give it some text"),
    })?;
    if bytes.len() as u64 > LIMIT {
        return Err(Failure::LongInput { limit: LIMIT });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::InputNotText)?;
    Ok(Zeroizing::new(text.to_owned()))
}
