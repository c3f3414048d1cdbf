//! Short sentences to the user, which fade.

use ramson_wire::{ConversationId, Millis};

/// How long a good one stays.
const GOOD: Millis = 4_000;

/// How long a bad one does: it takes longer to read, and to act on.
const BAD: Millis = 12_000;

/// At most so many are kept; the oldest goes.
const MOST: usize = 8;

/// A sentence to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The sentence.
    pub text: String,
    /// Whether it tells of something that went well.
    pub good: bool,
    /// The conversation that it is about: where a click on it leads.
    pub conversation: Option<ConversationId>,
    /// When it fades.
    pub until: Millis,
}

/// The sentences that are shown now, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    notes: Vec<Note>,
}

impl Notes {
    /// All that are shown now, oldest first.
    pub fn all(&self) -> &[Note] {
        &self.notes
    }

    /// The newest one: for a UI with room for one only.
    pub fn newest(&self) -> Option<&Note> {
        self.notes.last()
    }

    /// Tells of something that went well.
    pub fn good(&mut self, text: impl Into<String>, now: Millis) {
        self.add(text.into(), true, None, now);
    }

    /// Tells of something that did not.
    pub fn bad(&mut self, text: impl Into<String>, now: Millis) {
        self.add(text.into(), false, None, now);
    }

    /// Tells of something in a conversation. A later one about the same
    /// conversation takes its place.
    pub fn about(&mut self, conversation: ConversationId, text: impl Into<String>, now: Millis) {
        self.notes.retain(|note| note.conversation.as_ref() != Some(&conversation));
        self.add(text.into(), true, Some(conversation), now);
    }

    /// Takes those away that are about a conversation: the user is there.
    pub fn forget(&mut self, conversation: &ConversationId) {
        self.notes.retain(|note| note.conversation.as_ref() != Some(conversation));
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.notes.clear();
    }

    /// Takes those away whose time is over.
    pub fn fade(&mut self, now: Millis) {
        self.notes.retain(|note| note.until > now);
    }

    /// When the next one fades.
    pub fn next_fade(&self) -> Option<Millis> {
        self.notes.iter().map(|note| note.until).min()
    }

    fn add(&mut self, text: String, good: bool, conversation: Option<ConversationId>, now: Millis) {
        // The same sentence twice says no more than once.
        self.notes.retain(|note| note.text != text);
        let until = now.saturating_add(if good { GOOD } else { BAD });
        self.notes.push(Note { text, good, conversation, until });
        if self.notes.len() > MOST {
            self.notes.remove(0);
        }
    }
}
