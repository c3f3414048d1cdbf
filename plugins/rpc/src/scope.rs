//! What clients may do, and what one of them wants to hear of.

use ramson_host::GuestPlan;
use ramson_wire::{AccountId, ConversationId, GrantSet, TopicSet};

use crate::failure::{Failure, Outcome};
use crate::limits;

/// What clients may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// For these accounts; `None` for all.
    pub accounts: Option<Vec<AccountId>>,
    /// In these conversations; `None` for all.
    pub conversations: Option<Vec<ConversationId>>,
    /// What.
    pub grants: GrantSet,
}

impl Default for Scope {
    fn default() -> Self {
        Self { accounts: None, conversations: None, grants: GrantSet::ALL }
    }
}

impl Scope {
    /// What both allow.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            accounts: both(&self.accounts, &other.accounts),
            conversations: both(&self.conversations, &other.conversations),
            grants: self.grants.and(other.grants),
        }
    }

    /// A guest that only asks.
    pub(crate) fn asks(&self, name: &str) -> GuestPlan {
        GuestPlan {
            name: name.to_owned(),
            topics: TopicSet::NONE,
            grants: self.grants,
            accounts: self.accounts.clone(),
            conversations: self.conversations.clone(),
            rate: None,
            durable: false,
        }
    }
}

fn both<T: Clone + PartialEq>(one: &Option<Vec<T>>, other: &Option<Vec<T>>) -> Option<Vec<T>> {
    match (one, other) {
        (None, all) | (all, None) => all.clone(),
        (Some(one), Some(other)) => {
            Some(one.iter().filter(|it| other.contains(it)).cloned().collect())
        }
    }
}

/// What a client wants to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The client's name.
    pub(crate) client: String,
    /// Events are told until it is done with them.
    pub(crate) durable: bool,
    /// Of what.
    pub(crate) topics: TopicSet,
    /// Of these accounts; `None` for all that it sees.
    pub(crate) accounts: Option<Vec<AccountId>>,
    /// Of these conversations; `None` for all that it sees.
    pub(crate) conversations: Option<Vec<ConversationId>>,
}

impl Wish {
    /// The guest that it stands for. What the client does not see is refused.
    pub(crate) fn plan(&self, scope: &Scope) -> Outcome<GuestPlan> {
        check_name(&self.client)?;
        if self.durable && self.topics.is_empty() {
            let text = "a durable client hears of something; give at least one topic";
            return Err(Failure::params(text));
        }
        let seen = |all: Option<usize>, left: &Option<usize>| all.is_none() || all == *left;
        let wanted = Scope {
            accounts: self.accounts.clone(),
            conversations: self.conversations.clone(),
            grants: scope.grants,
        };
        let left = scope.and(&wanted);
        let accounts = (self.accounts.as_ref().map(Vec::len), left.accounts.as_ref().map(Vec::len));
        let conversations =
            (self.conversations.as_ref().map(Vec::len), left.conversations.as_ref().map(Vec::len));
        if !seen(accounts.0, &accounts.1) || !seen(conversations.0, &conversations.1) {
            return Err(Failure::of_status(ramson_abi::DENIED));
        }
        Ok(GuestPlan {
            topics: self.topics,
            durable: self.durable,
            ..left.asks(&guest_name(&self.client))
        })
    }
}

/// What a client is called in the host.
fn guest_name(client: &str) -> String {
    format!("rpc:{client}")
}

fn check_name(client: &str) -> Outcome<()> {
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = client.bytes().all(|byte| is_good(byte) || b".-_".contains(&byte));
    if good && (1..=limits::CLIENT_NAME).contains(&client.len()) {
        return Ok(());
    }
    let text = "a client's name has 1 to 64 of a-z, 0-9, '.', '-' and '_'; choose another one";
    Err(Failure::params(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> AccountId {
        AccountId([byte; 33])
    }

    fn wish(client: &str) -> Wish {
        Wish {
            client: client.to_owned(),
            durable: false,
            topics: TopicSet::ALL,
            accounts: None,
            conversations: None,
        }
    }

    #[test]
    fn a_client_hears_only_of_what_it_sees() {
        let scope = Scope { accounts: Some(vec![id(1), id(2)]), ..Scope::default() };
        assert_eq!(wish("a").plan(&scope).unwrap().accounts, scope.accounts);
        let one = Wish { accounts: Some(vec![id(2)]), ..wish("a") };
        assert_eq!(one.plan(&scope).unwrap().accounts, Some(vec![id(2)]));
        assert_eq!(one.plan(&Scope::default()).unwrap().accounts, Some(vec![id(2)]));
        let other = Wish { accounts: Some(vec![id(2), id(3)]), ..wish("a") };
        assert_eq!(other.plan(&scope).unwrap_err().kind(), "NotGranted");
        let rooms = Wish { conversations: Some(vec![id(4).into()]), ..wish("a") };
        assert_eq!(rooms.plan(&scope).unwrap().conversations, Some(vec![id(4).into()]));
    }

    #[test]
    fn names_of_clients_are_short_and_plain() {
        let scope = Scope::default();
        for name in ["a", "bot-1.x_y", &"a".repeat(64)] {
            assert_eq!(wish(name).plan(&scope).unwrap().name, format!("rpc:{name}"));
        }
        for name in ["", "A", "a b", "ä", "a/b", "a:b", &"a".repeat(65)] {
            assert_eq!(wish(name).plan(&scope).unwrap_err().kind(), "InvalidParams", "{name}");
        }
    }
}
