//! What becomes of strangers who write.

use ramson_wire::{Command, Grant, Message};

use super::Cx;
use crate::{Error, Level};

/// What becomes of a message request: of a stranger who writes, and was not
/// accepted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Requests {
    /// The stranger is accepted, and the message is handled like any other. An
    /// answer accepts; with the grant `contacts` silence does, too.
    #[default]
    Accept,
    /// The message is passed over; the request stays for the bot's user.
    Ignore,
    /// The request is turned down, and nothing is said. Needs `contacts`.
    Decline,
    /// The stranger is not heard any more. Needs `contacts`.
    Block,
}

/// Decides about message requests: one of [`Requests`] for all of them, or a
/// closure that looks at the message.
pub trait Policy: Send + 'static {
    /// What becomes of this one. It may say something, too, and it may fail as
    /// handlers may: then nothing is decided, and it is asked again.
    fn decide(&self, cx: &mut Cx, message: &Message) -> Result<Requests, Error>;
}

impl Policy for Requests {
    fn decide(&self, _: &mut Cx, _: &Message) -> Result<Requests, Error> {
        Ok(*self)
    }
}

impl<F: Fn(&mut Cx, &Message) -> Result<Requests, Error> + Send + 'static> Policy for F {
    fn decide(&self, cx: &mut Cx, message: &Message) -> Result<Requests, Error> {
        self(cx, message)
    }
}

/// Carries out what was decided; whether the message is handled.
pub(crate) fn carry_out(cx: &mut Cx, decided: Requests) -> Result<bool, Error> {
    let Ok(contact) = cx.peer() else { return Ok(true) };
    let command = match decided {
        Requests::Accept => return Ok(true),
        Requests::Ignore => return Ok(false),
        Requests::Decline => Command::Decline { contact },
        Requests::Block => Command::Block { contact, blocked: true },
    };
    if cx.may(Grant::Contacts) {
        cx.command(command)?;
    } else {
        let text = "a message request is left alone; to decline or block, the bot needs the grant \
                    'contacts'";
        cx.log(Level::Warn, text);
    }
    Ok(false)
}

/// Accepts a stranger whose message was handled. Writing to somebody does that
/// by itself; to say it twice would be one more message on the network.
pub(crate) fn accept(cx: &mut Cx) -> Result<(), Error> {
    let Ok(contact) = cx.peer() else { return Ok(()) };
    let first = cx.commands.iter().find(|asked| match &asked.command {
        Command::Send { to, .. } => *to == contact,
        Command::React { .. } => true,
        _ => false,
    });
    let answers = first.is_some_and(|asked| matches!(asked.command, Command::Send { .. }));
    if answers || !cx.may(Grant::Contacts) {
        return Ok(());
    }
    cx.command(Command::Approve { contact })?;
    // It stands in front, so that what follows is allowed.
    cx.commands.rotate_right(1);
    for (place, _) in &mut cx.named {
        *place = place.saturating_add(1);
    }
    Ok(())
}
