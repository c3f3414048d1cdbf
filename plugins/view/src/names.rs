//! What to call somebody.

use ramson_wire::{AccountId, Conversation, ConversationId};

use crate::Model;
use crate::composer::Words;
use crate::emoji::Frequent;
use crate::list::Shelf;
use crate::text::one_line;

/// What the user is called where they are one of several.
pub const YOU: &str = "You";

/// The conversation with oneself.
pub const NOTE_TO_SELF: &str = "Note to self";

impl Model {
    /// What to call an account: `You`, the nickname, the name that it gave
    /// itself, or the ends of its id.
    pub fn name_of(&self, account: &AccountId) -> String {
        if self.account.as_ref() == Some(account) {
            return YOU.to_owned();
        }
        let conversation = self.conversation(&ConversationId::from(*account));
        match conversation.and_then(Conversation::shown_name) {
            Some(name) => one_line(name),
            None => account.short(),
        }
    }

    /// What to call a conversation.
    pub fn title_of(&self, conversation: &ConversationId) -> String {
        let account = conversation.account();
        if account.is_some() && account == self.account {
            return NOTE_TO_SELF.to_owned();
        }
        let known = self.conversation(conversation).and_then(Conversation::shown_name);
        known.map_or_else(|| short(conversation), one_line)
    }

    /// What an account of this home is called where one of several is chosen:
    /// its name, what it is called as somebody to write to, or the ends of its
    /// id.
    pub fn own_name(&self, account: &AccountId) -> String {
        let known = self.accounts.iter().find(|it| it.id == *account);
        let name = match known {
            Some(known) => known.name.as_deref().map_or_else(|| account.short(), one_line),
            None => self.name_of(account),
        };
        if name.is_empty() { account.short() } else { name }
    }
}

/// At most so many people are offered for a mention: those written with last.
const PEOPLE: usize = 500;

impl Words for Model {
    fn people(&self) -> Vec<(AccountId, String)> {
        let open = self.open.as_ref().map(|thread| &thread.id);
        let known = self.book().into_iter().flat_map(|book| book.in_order(Shelf::Chats));
        let recent = known.filter(|it| it.approved).map(|it| &it.id).take(PEOPLE);
        let others = recent.filter(|id| Some(*id) != open);
        let ids = open.into_iter().chain(others).filter_map(ConversationId::account);
        ids.filter(|id| Some(*id) != self.account).map(|id| (id, self.name_of(&id))).collect()
    }

    fn name_of(&self, id: &AccountId) -> String {
        Self::name_of(self, id)
    }

    fn frequent(&self) -> Option<&Frequent> {
        Some(&self.frequent)
    }
}

/// The ends of an id; of a community's room, its address without the scheme.
pub fn short(conversation: &ConversationId) -> String {
    match conversation.0.parse::<AccountId>() {
        Ok(account) => account.short(),
        Err(_) => conversation
            .0
            .split_once("://")
            .map_or(&*conversation.0, |it| it.1)
            .chars()
            .take(80)
            .collect(),
    }
}

/// One or two letters for a badge: of the first words of a name.
pub fn initials(name: &str) -> String {
    let mut letters = name
        .split(|letter: char| letter.is_whitespace() || letter == '-' || letter == '_')
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let (first, second) = (letters.next(), letters.next());
    let both: String = first.into_iter().chain(second).flat_map(char::to_uppercase).collect();
    if both.is_empty() { "?".to_owned() } else { both }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_two_words() {
        assert_eq!(initials("Ann"), "A");
        assert_eq!(initials("echo bot three"), "EB");
        assert_eq!(initials("note-to self"), "NT");
        assert_eq!(initials("שלום עולם"), "שע");
        assert_eq!(initials("你好"), "你");
        assert_eq!(initials("🙂"), "?");
        assert_eq!(initials(""), "?");
    }

    #[test]
    fn a_room_is_called_by_its_address() {
        assert_eq!(short(&ConversationId("https://host/room".to_owned())), "host/room");
        let id = format!("05{}", "ab".repeat(32));
        assert_eq!(short(&ConversationId(id)), "05abab…abab");
    }
}
