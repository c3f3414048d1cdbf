//! The account that answers.

use ramson_system::{AccountEvent, Engine, EngineError, Event};
use ramson_types::AccountId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::error::Failure;

/// Answers every message to `account`; ends only when that cannot go on.
pub(super) async fn answer(
    engine: &Engine,
    mut events: Receiver<Event>,
    account: AccountId,
) -> Failure {
    loop {
        let message = match events.recv().await {
            Ok(Event::Account {
                account: to,
                event: AccountEvent::MessageReceived(message),
                ..
            }) if to == account && message.author != account => message,
            Ok(_) | Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return EngineError::Stopped.into(),
        };
        let Some(text) = message.text else { continue };
        if let Err(error) =
            engine.send_text(&account, message.author, format!("echo: {text}")).await
        {
            return error.into();
        }
    }
}
