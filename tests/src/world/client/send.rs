//! A user's message on its way into the outbox.

use std::rc::Rc;

use ramson_protocol::account::ComposeError;
use ramson_protocol::inbox;
use ramson_types::AccountId;
use ramson_types::message::Message;

use super::engine::Engine;

impl Engine {
    /// Composes, seals and keeps a text; ends when it is safe in the outbox.
    pub(crate) async fn send_text(
        self: &Rc<Self>,
        to: AccountId,
        text: &str,
    ) -> Result<Message, ComposeError> {
        self.notice_clock();
        let draft = self.account.borrow_mut().compose_text(to, text, self.now())?;
        let (keys, sent) = (self.account.borrow().keys().clone(), draft.message.sent);
        let sealed: Vec<Vec<u8>> = draft
            .copies
            .iter()
            .filter_map(|copy| {
                let mut rng = self.rng.borrow_mut();
                inbox::seal(&keys, &copy.to, &copy.content, sent, &mut *rng).ok()
            })
            .collect();
        let message = draft.message.clone();
        let decision = self.account.borrow_mut().queue(draft, sealed, self.now())?;
        self.commit(decision).await;
        self.account.borrow_mut().kept(message.id);
        self.send_due();
        Ok(message)
    }
}
