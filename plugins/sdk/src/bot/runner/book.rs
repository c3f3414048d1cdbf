//! Accounts and conversations, as they were last told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ramson_wire::{Account, AccountId, Conversation, ConversationId, Event, Snapshot};

use crate::bot::cx::Scene;

#[derive(Debug)]
pub(crate) struct Book {
    home: Option<(String, String)>,
    accounts: Arc<[Account]>,
    lines: BTreeMap<(AccountId, ConversationId), Conversation>,
    /// Whom the bot accepted, until that is told of.
    accepted: BTreeSet<(AccountId, AccountId)>,
}

impl Default for Book {
    fn default() -> Self {
        let (home, accounts) = (None, Arc::from([]));
        Self { home, accounts, lines: BTreeMap::new(), accepted: BTreeSet::new() }
    }
}

impl Book {
    /// All there is; whether it is of another home than before.
    pub(crate) fn begin(&mut self, snapshot: &Snapshot) -> bool {
        let home = (snapshot.home.clone(), snapshot.network.clone());
        let before = self.home.replace(home.clone());
        self.accounts = snapshot.accounts.clone().into();
        let lines = snapshot.conversations.iter();
        let lines = lines.flat_map(|(account, lines)| lines.iter().map(|line| (*account, line)));
        self.lines =
            lines.map(|(account, line)| ((account, line.id.clone()), line.clone())).collect();
        let another = before.is_some_and(|before| before != home);
        if another {
            self.accepted.clear();
        }
        another
    }

    pub(crate) fn hear(&mut self, event: &Event) {
        match event {
            Event::Conversation { account, conversation } => {
                let key = (*account, conversation.id.clone());
                if conversation.blocked
                    && let Some(peer) = conversation.id.account()
                {
                    self.accepted.remove(&(*account, peer));
                }
                self.lines.insert(key, conversation.clone());
            }
            Event::ConversationRemoved { account, conversation } => {
                self.lines.remove(&(*account, conversation.clone()));
                if let Some(peer) = conversation.account() {
                    self.accepted.remove(&(*account, peer));
                }
            }
            Event::Account { account } | Event::Profile { account } => {
                let mut accounts = self.accounts.to_vec();
                match accounts.iter_mut().find(|known| known.id == account.id) {
                    Some(known) => *known = account.clone(),
                    None => accounts.push(account.clone()),
                }
                self.accounts = accounts.into();
            }
            Event::AccountRemoved { account } => {
                let left = self.accounts.iter().filter(|known| known.id != *account);
                self.accounts = left.cloned().collect();
                self.lines.retain(|(owner, _), _| owner != account);
                self.accepted.retain(|(owner, _)| owner != account);
            }
            _ => {}
        }
    }

    pub(crate) fn has_account(&self) -> bool {
        !self.accounts.is_empty()
    }

    /// Where what happens nowhere happens: at the first account.
    pub(crate) fn scene(&self) -> Option<Scene> {
        let account = self.accounts.first()?.id;
        Some(Scene {
            account,
            accounts: Arc::clone(&self.accounts),
            conversation: None,
            line: None,
            message: None,
            reacted: None,
            name: None,
            due: None,
        })
    }

    pub(crate) fn line(
        &self,
        account: AccountId,
        conversation: Option<&ConversationId>,
    ) -> Option<&Conversation> {
        self.lines.get(&(account, conversation?.clone()))
    }

    /// The bot wrote to somebody, or approved them.
    pub(crate) fn accepted(&mut self, account: AccountId, peer: AccountId) {
        self.accepted.insert((account, peer));
    }

    /// Whether a message is of somebody who was not accepted yet. The first
    /// message of a stranger comes before its conversation does.
    pub(crate) fn is_stranger(&self, event: &Event) -> bool {
        let Event::Message { account, message } = event else { return false };
        let Some(peer) = message.conversation.account() else { return false };
        let accepted = self.accepted.contains(&(*account, peer))
            || self.line(*account, Some(&message.conversation)).is_some_and(|line| line.approved);
        !accepted && peer != *account
    }
}
