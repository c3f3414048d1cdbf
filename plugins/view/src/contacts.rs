//! Whom one can write to.

use ramson_wire::{AccountId, Conversation};

use crate::Model;
use crate::names::{initials, short};

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub id: AccountId,
    /// What to call them.
    pub name: String,
    /// The name that they gave themselves, where another one is shown.
    pub own_name: Option<String>,
    /// One or two letters for a badge.
    pub initials: String,
    /// The ends of their id.
    pub short_id: String,
    /// They let this account write.
    pub approved_me: bool,
    /// They are not heard.
    pub blocked: bool,
}

/// The contacts of the account that is used, by name; blocked ones at the end.
/// With words, only those whose names have all of them.
pub fn contacts(model: &Model, words: &str) -> Vec<Contact> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut contacts: Vec<(String, Contact)> = model
        .book()
        .into_iter()
        .flat_map(|book| book.all())
        .filter(|it| it.approved || it.blocked)
        .filter_map(|it| contact(model, it))
        .map(|it| (it.name.to_lowercase(), it))
        .filter(|(name, it)| {
            let own = it.own_name.as_deref().unwrap_or_default().to_lowercase();
            words.iter().all(|word| name.contains(word) || own.contains(word))
        })
        .collect();
    contacts.sort_by(|(a, one), (b, two)| (one.blocked, a, one.id).cmp(&(two.blocked, b, two.id)));
    contacts.into_iter().map(|it| it.1).collect()
}

fn contact(model: &Model, conversation: &Conversation) -> Option<Contact> {
    let id = conversation.id.account()?;
    if Some(id) == model.account {
        return None;
    }
    let name = model.name_of(&id);
    let own_name = conversation.name.as_deref().map(crate::text::one_line);
    Some(Contact {
        id,
        initials: initials(&name),
        own_name: own_name.filter(|own| *own != name),
        name,
        short_id: short(&conversation.id),
        approved_me: conversation.approved_me,
        blocked: conversation.blocked,
    })
}
