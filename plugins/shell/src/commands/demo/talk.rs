//! On a terminal: write on, line by line.

use ramson_system::{AccountEvent, Engine, EngineError, Event};
use ramson_types::AccountId;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::console::Console;
use crate::error::Failure;
use crate::record::{harmless, one_line};

/// Sends each line that is typed and prints each answer, until Ctrl-D.
pub(super) async fn run(
    engine: &Engine,
    console: &Console,
    you: AccountId,
    other: AccountId,
) -> Result<(), Failure> {
    console.say("\nWrite on: each line is sent, and the answer printed. Ctrl-D ends.").await?;
    let mut events = engine.subscribe();
    let mut lines = typed();
    loop {
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Ok(Event::Account { account, event: AccountEvent::MessageReceived(message), .. })
                    if account == you && message.author == other =>
                {
                    // A notice, such as that a request was accepted, says nothing.
                    let Some(text) = &message.text else { continue };
                    console.say(harmless(text)).await?;
                }
                Ok(Event::Account { event: AccountEvent::SendDelayed { reason, .. }, .. }) => {
                    console.note(format!("trying again: {}", one_line(&reason))).await;
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(EngineError::Stopped.into()),
            },
            line = lines.recv() => match line {
                Some(line) if line.trim().is_empty() => {}
                Some(line) => {
                    // A line that is too long is told, and the talk goes on.
                    if let Err(error) = engine.send_text(&you, other, line).await {
                        console.note(format!("ramson: {}", one_line(&error.to_string()))).await;
                    }
                }
                None => return Ok(()),
            },
        }
    }
}

/// What is typed, read on a thread of its own, one line ahead at most.
fn typed() -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
