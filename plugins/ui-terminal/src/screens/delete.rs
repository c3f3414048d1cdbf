//! Where a message is deleted.

use ramson_view::Action;
use ramson_wire::{DeleteScope, MessageId};

use super::choice::Choice;
use crate::screen::{Cx, Flow, Screen};

/// Asks where to delete a message.
pub(crate) fn delete(message: MessageId, cx: &mut Cx) -> Box<dyn Screen> {
    let thread = cx.model.open.as_ref();
    let own = thread.and_then(|thread| thread.message(message)).is_some_and(|it| it.outgoing);
    let scope = |name: &str, text: &str, scope| (name.to_owned(), text.to_owned(), scope);
    let mut choices = vec![
        scope("In this home", "It stays on your other devices.", DeleteScope::Here),
        scope("On all my devices", "And in your swarm.", DeleteScope::MyDevices),
    ];
    if own {
        choices.push(scope(
            "For everyone",
            "There, too, as far as the other one's program does so.",
            DeleteScope::Everyone,
        ));
    }
    Choice::new("Delete message", choices, None, move |scope, cx| {
        cx.act(Action::Delete { message, scope: *scope });
        Flow::Close
    })
}
