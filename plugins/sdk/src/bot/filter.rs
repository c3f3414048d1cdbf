//! Which messages a handler is for.

use ramson_wire::{AccountId, ConversationId, Message};

use super::Cx;
use super::commands::split;

/// Which messages a handler is for. A closure is one, and they combine:
///
/// ```
/// use ramson_sdk::bot::filter::{contains, mentions_me, text};
/// use ramson_sdk::bot::testing::{ANN, BEN, TestBot};
/// use ramson_sdk::bot::{Bot, Cx, Filter};
/// use ramson_sdk::{Manifest, Message};
///
/// const MANIFEST: Manifest = Manifest::bot("org.example.moods", "Moods", "1.0");
/// let mut bot = TestBot::of(MANIFEST, "{}", |bot: &mut Bot| {
///     let short = |_: &Cx, message: &Message| message.text.as_ref().is_some_and(|it| it.len() < 9);
///     bot.on(mentions_me().or(contains("bot")), |cx, _| cx.say("yes?"));
///     bot.on(text().and(short).and(contains("?").not()), |cx, _| cx.say("I see"));
///     bot.otherwise(|cx, _| cx.say("hm"));
/// });
/// assert_eq!(bot.asks(ANN, "are you a bot?"), ["yes?"]);
/// assert_eq!(bot.asks(BEN, "fine"), ["I see"]);
/// assert_eq!(bot.asks(BEN, "fine?"), ["hm"]);
/// ```
pub trait Filter: Send + 'static {
    /// Whether the handler is for this message.
    fn takes(&self, cx: &Cx, message: &Message) -> bool;

    /// For what both take.
    fn and<F: Filter>(self, other: F) -> And<Self, F>
    where
        Self: Sized,
    {
        And(self, other)
    }

    /// For what one of them takes.
    fn or<F: Filter>(self, other: F) -> Or<Self, F>
    where
        Self: Sized,
    {
        Or(self, other)
    }

    /// For what it does not take.
    fn not(self) -> Not<Self>
    where
        Self: Sized,
    {
        Not(self)
    }
}

impl<F: Fn(&Cx, &Message) -> bool + Send + 'static> Filter for F {
    fn takes(&self, cx: &Cx, message: &Message) -> bool {
        self(cx, message)
    }
}

/// See [`Filter::and`].
#[derive(Debug, Clone)]
pub struct And<A, B>(A, B);

impl<A: Filter, B: Filter> Filter for And<A, B> {
    fn takes(&self, cx: &Cx, message: &Message) -> bool {
        self.0.takes(cx, message) && self.1.takes(cx, message)
    }
}

/// See [`Filter::or`].
#[derive(Debug, Clone)]
pub struct Or<A, B>(A, B);

impl<A: Filter, B: Filter> Filter for Or<A, B> {
    fn takes(&self, cx: &Cx, message: &Message) -> bool {
        self.0.takes(cx, message) || self.1.takes(cx, message)
    }
}

/// See [`Filter::not`].
#[derive(Debug, Clone)]
pub struct Not<A>(A);

impl<A: Filter> Filter for Not<A> {
    fn takes(&self, cx: &Cx, message: &Message) -> bool {
        !self.0.takes(cx, message)
    }
}

/// The text of a message; empty if it has none.
fn text_of(message: &Message) -> &str {
    message.text.as_deref().unwrap_or_default()
}

/// Every message.
pub fn any() -> impl Filter {
    |_: &Cx, _: &Message| true
}

/// What has a text.
pub fn text() -> impl Filter {
    |_: &Cx, message: &Message| !text_of(message).is_empty()
}

/// What looks like a command: `/name`, also of a name that is not known.
pub fn command() -> impl Filter {
    |_: &Cx, message: &Message| split(text_of(message)).is_some()
}

/// Texts that begin so; capitals do not matter.
pub fn starts_with(beginning: impl Into<String>) -> impl Filter {
    let beginning = beginning.into().to_lowercase();
    move |_: &Cx, message: &Message| text_of(message).to_lowercase().starts_with(&beginning)
}

/// Texts with this in them; capitals do not matter.
pub fn contains(part: impl Into<String>) -> impl Filter {
    let part = part.into().to_lowercase();
    move |_: &Cx, message: &Message| text_of(message).to_lowercase().contains(&part)
}

/// What this account wrote.
pub fn from(author: AccountId) -> impl Filter {
    move |_: &Cx, message: &Message| message.author == author
}

/// What stands in this conversation.
pub fn in_conversation(conversation: impl Into<ConversationId>) -> impl Filter {
    let conversation = conversation.into();
    move |_: &Cx, message: &Message| message.conversation == conversation
}

/// Answers to a message of the bot.
pub fn reply_to_me() -> impl Filter {
    |cx: &Cx, message: &Message| {
        message.quote.as_ref().is_some_and(|quote| quote.author == cx.account())
    }
}

/// What mentions the bot.
pub fn mentions_me() -> impl Filter {
    |_: &Cx, message: &Message| message.mentions_me
}

/// What has something attached.
pub fn attachment() -> impl Filter {
    |_: &Cx, message: &Message| !message.attachments.is_empty()
}
