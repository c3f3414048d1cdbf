//! A peer, as the command line names it: by an Account ID or a registered name.

use ramson_codec::ons::Name;
use ramson_types::AccountId;

use super::Context;
use super::reach::{self, Limit};
use crate::error::Failure;
use crate::progress::Progress;

/// A name of so many hex digits is no name but part of an ID or key.
const PART_OF_KEY: usize = 32;

/// Whom a command means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Peer {
    /// Said outright.
    Id(AccountId),
    /// To be resolved.
    Name(Name),
}

impl Peer {
    /// Reads an Account ID or a name.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        match name_in(text) {
            Some(name) => Ok(Self::Name(name)),
            None => Ok(Self::Id(AccountId::parse_account(text)?)),
        }
    }

    /// The name it was given by, if it was.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Id(_) => None,
            Self::Name(name) => Some(name.to_string()),
        }
    }

    /// Its Account ID, asked for by an account, if it is one that asks.
    pub(super) async fn find(
        &self,
        context: &Context,
        by: Option<&AccountId>,
        limit: &mut Limit,
        progress: &Progress,
    ) -> Result<AccountId, Failure> {
        let name = match self {
            Self::Id(id) => return Ok(*id),
            Self::Name(name) => name,
        };
        progress.step(format!("asking whose the name '{name}' is")).await;
        let undone = format!("whose the name '{name}' is was not told");
        reach::ask(context, limit, &undone, || context.engine.resolve(name.as_str(), by)).await
    }
}

/// The name that a text is, if it is one. Text that looks like an ID which
/// lost a part is none: whoever registered that as a name would get what is
/// meant for somebody else.
pub(super) fn name_in(text: &str) -> Option<Name> {
    let hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let part = hex && (text.starts_with("05") || text.len() >= PART_OF_KEY);
    text.parse().ok().filter(|_| !part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_told_apart() {
        let id = format!("05{}", "ab".repeat(32));
        assert_eq!(Peer::parse(&id).unwrap(), Peer::Id(id.parse().unwrap()));
        for name in ["bob", "Alice_1", "a-b", "deadbeef", "5", "0x05ab"] {
            assert_eq!(Peer::parse(name).unwrap().name(), Some(name.to_lowercase()), "{name}");
        }
        let pairs = |count| "ab".repeat(count);
        let parts =
            [format!("05{}", pairs(31)), pairs(32), pairs(16), format!("05{}zz", pairs(31))];
        let neither = ["", "-bob", "bob!", "05ab", "05", &id.replacen("05", "03", 1)];
        let neither = neither.into_iter().chain(parts.iter().map(String::as_str));
        for text in neither {
            let failure = Peer::parse(text).unwrap_err();
            assert_eq!((failure.kind(), failure.status()), ("InvalidAccountId", 2), "{text}");
            assert!(failure.hint().contains("registered name"), "{text}");
        }
    }
}
