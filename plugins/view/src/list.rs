//! The conversations of the account that is used, as a list. Their order is
//! kept; a row is made when it is shown.

use ramson_wire::{Conversation, ConversationId, Millis, Notify};

use crate::Model;
use crate::names::{initials, short};
use crate::text::one_line;
use crate::time::Clock;

/// Which conversations are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of one kind.
    pub shelf: Shelf,
    /// Only those whose name, nickname or id has all of these words.
    pub words: String,
}

/// A kind of conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shelf {
    /// Those that are shown from day to day.
    #[default]
    Chats,
    /// Strangers who wait for an answer.
    Requests,
    /// Those that are not heard.
    Blocked,
    /// Those that the user hid.
    Hidden,
}

/// A conversation as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub id: ConversationId,
    /// What to call it.
    pub name: String,
    /// One or two letters for a badge.
    pub initials: String,
    /// The ends of its id.
    pub short_id: String,
    /// The newest message in a few words, `You: …` where the user wrote it;
    /// or what is being written.
    pub preview: String,
    /// What the preview is.
    pub shows: Shows,
    /// When the newest message was sent; 0 if there is none.
    pub at: Millis,
    /// The same as short as it can be said; empty if there is none.
    pub time: String,
    /// How many messages were not read.
    pub unread: u64,
    /// It is shown as unread: some are, or its user marked it so.
    pub is_unread: bool,
    /// How many of those mention the user.
    pub mentions: u64,
    /// It stays on top.
    pub pinned: bool,
    /// Nothing, or not all, is told of it now.
    pub muted: bool,
    /// A stranger waits for an answer.
    pub request: bool,
    /// It is not heard.
    pub blocked: bool,
    /// The peer types.
    pub typing: bool,
    /// It is open.
    pub selected: bool,
}

/// What the preview of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shows {
    /// Nothing: no message, or none that is known yet.
    #[default]
    Nothing,
    /// The newest message.
    Message,
    /// What is being written.
    Draft,
    /// That the peer types.
    Typing,
}

impl Shelf {
    /// Where a conversation belongs.
    pub const fn of(conversation: &Conversation) -> Self {
        if conversation.blocked {
            Self::Blocked
        } else if conversation.request {
            Self::Requests
        } else if conversation.priority < 0 {
            Self::Hidden
        } else {
            Self::Chats
        }
    }
}

/// The conversations, pinned ones first, then the one with the newest message.
pub fn listed<'a>(
    model: &'a Model,
    filter: &'a Filter,
) -> impl Iterator<Item = &'a Conversation> + use<'a> {
    let words: Vec<String> = filter.words.split_whitespace().map(str::to_lowercase).collect();
    model
        .book()
        .into_iter()
        .flat_map(|book| book.in_order(filter.shelf))
        .filter(move |conversation| words.is_empty() || matches(conversation, &words, model))
}

/// A conversation as a row.
pub fn row(model: &Model, conversation: &Conversation, clock: &Clock<'_>) -> Row {
    let id = &conversation.id;
    let name = model.title_of(id);
    let typing = model.is_typing(id);
    let newest = model.book().and_then(|book| book.newest(id));
    let open = model.open.as_ref().filter(|thread| thread.id == *id);
    // What is being written in the open one is on the screen already.
    let draft = match open {
        Some(_) => None,
        None => conversation.draft.as_deref().filter(|draft| !draft.trim().is_empty()),
    };
    let (preview, shows) = match (typing, draft, newest) {
        (true, ..) => ("typing…".to_owned(), Shows::Typing),
        (_, Some(draft), _) => (one_line(draft), Shows::Draft),
        (.., Some(newest)) => {
            let text = model.gist_text(&newest.gist);
            let text = if newest.outgoing { format!("You: {text}") } else { text };
            (text, Shows::Message)
        }
        _ => (String::new(), Shows::Nothing),
    };
    let at = newest.map_or(0, |newest| newest.key.0).max(conversation.latest);
    Row {
        initials: initials(&name),
        name,
        short_id: short(id),
        preview,
        shows,
        at,
        time: if at == 0 { String::new() } else { clock.brief(at) },
        unread: conversation.unread,
        is_unread: conversation.unread > 0 || conversation.marked_unread,
        mentions: conversation.mentions,
        pinned: conversation.priority > 0,
        muted: is_muted(conversation, clock.now),
        request: conversation.request,
        blocked: conversation.blocked,
        typing,
        selected: open.is_some(),
        id: id.clone(),
    }
}

/// All conversations as rows. A UI with a long list makes the rows that are on
/// the screen, out of [`listed`].
pub fn rows(model: &Model, filter: &Filter, clock: &Clock<'_>) -> Vec<Row> {
    listed(model, filter).map(|conversation| row(model, conversation, clock)).collect()
}

/// Whether nothing, or not all, is told of a conversation now.
pub fn is_muted(conversation: &Conversation, now: Millis) -> bool {
    conversation.muted_until > now || matches!(conversation.notify, Notify::Off | Notify::Mentions)
}

fn matches(conversation: &Conversation, words: &[String], model: &Model) -> bool {
    let mut names = model.title_of(&conversation.id).to_lowercase();
    for more in [conversation.name.as_deref(), Some(&*conversation.id.0)].into_iter().flatten() {
        names.push(' ');
        names.push_str(&more.to_lowercase());
    }
    words.iter().all(|word| names.contains(word.as_str()))
}
