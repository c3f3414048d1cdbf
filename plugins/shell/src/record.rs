//! What is told on stdout: each record is one JSON object a line, or a line
//! for people.

mod change;
mod conversation;
mod message;
mod plugin;

use std::fmt;

use ramson_system::{AccountSummary, Event};
use ramson_types::Ed25519PublicKey;
use serde::Serialize;

use crate::error::Failure;

pub(crate) use ramson_host::text::{harmless, one_line};

pub(crate) use change::ChangeRecord;
pub(crate) use conversation::{ConversationRecord, ProfileRecord};
pub(crate) use message::MessageRecord;
pub(crate) use plugin::{CheckRecord, PluginRecord};

/// One line of output. Readers of the JSON form have to pass over fields and
/// events that they do not know.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(crate) enum Record {
    Account {
        id: String,
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        phrase: Option<Phrase>,
    },
    Removed {
        id: String,
    },
    Stored {
        message: String,
        account: String,
        to: String,
        /// By which name the recipient was given.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        hash: String,
        nodes: Vec<String>,
        timestamp: u64,
    },
    Message(Box<MessageRecord>),
    Conversation(ConversationRecord),
    Profile(ProfileRecord),
    /// Something else happened to an account.
    Changed(ChangeRecord),
    Listening {
        accounts: Vec<String>,
    },
    Path {
        account: String,
        hops: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<String>,
    },
    Trace(super::commands::trace::Line),
    /// Whether a delivery ledger is kept.
    Ledger {
        on: bool,
    },
    /// Whose a name is.
    Name {
        name: String,
        id: String,
    },
    /// How the network is.
    Network(Box<super::commands::network::View>),
    /// What a home is set to.
    Proxy {
        proxy: Option<String>,
        login: bool,
        decided: bool,
    },
    Ready {
        network: String,
        nodes: usize,
        seed: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_server: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        page: Option<String>,
    },
    /// Bots are served over HTTP.
    #[serde(rename = "ready")]
    RpcHttp {
        url: String,
        token_file: String,
    },
    /// Bots are served at a socket.
    #[serde(rename = "ready")]
    RpcSocket {
        socket: String,
    },
    /// Something was done to a local network.
    Done {
        detail: String,
    },
    /// How a local network stands.
    Localnet(Box<ramson_localnet::Status>),
    /// A plugin as it is now.
    Plugin(Box<PluginRecord>),
    /// What was found of a plugin's library.
    Check(Box<CheckRecord>),
    Error {
        kind: &'static str,
        detail: String,
        hint: String,
    },
}

/// A recovery phrase on its way to the user who asked for it.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Phrase(pub(crate) String);

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

impl Drop for Phrase {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Keys as they are printed.
pub(crate) fn hex_keys(keys: &[Ed25519PublicKey]) -> Vec<String> {
    keys.iter().map(Ed25519PublicKey::to_string).collect()
}

impl Record {
    /// An account, without its phrase.
    pub(crate) fn account(account: &AccountSummary) -> Self {
        Self::Account { id: account.id.to_string(), name: account.name.clone(), phrase: None }
    }

    /// The message stored that an event tells of, if it tells of one.
    pub(crate) fn stored(event: &Event) -> Option<Self> {
        let Event::Account { account, event, .. } = event else { return None };
        let ramson_system::AccountEvent::MessageStored { id, to, hash, nodes, sent, .. } = event
        else {
            return None;
        };
        Some(Self::Stored {
            message: id.to_string(),
            account: account.to_string(),
            to: to.to_string(),
            name: None,
            hash: hash.to_string(),
            nodes: hex_keys(nodes),
            timestamp: sent.millis(),
        })
    }

    /// What stands in the way.
    pub(crate) fn error(failure: &Failure) -> Self {
        Self::Error { kind: failure.kind(), detail: failure.to_string(), hint: failure.hint() }
    }

    /// The JSON form, one line.
    pub(crate) fn to_json(&self) -> String {
        // Nothing in a record can fail to be JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { id, name, phrase } => {
                f.write_str(id)?;
                if let Some(name) = name {
                    write!(f, "  {}", harmless(name))?;
                }
                match phrase {
                    Some(phrase) => write!(f, "\n{}", phrase.0),
                    None => Ok(()),
                }
            }
            Self::Removed { id } => write!(f, "removed {id}"),
            Self::Stored { message, to, name, hash, nodes, .. } => {
                write!(f, "{message} is stored for {to}")?;
                if let Some(name) = name {
                    write!(f, " ({name})")?;
                }
                write!(f, "\n  hash {hash}\n  confirmed by")?;
                nodes.iter().try_for_each(|node| write!(f, "\n    {node}"))
            }
            Self::Message(message) => message.fmt(f),
            Self::Conversation(line) => line.fmt(f),
            Self::Profile(profile) => profile.fmt(f),
            Self::Changed(change) => change.fmt(f),
            Self::Listening { accounts } => write!(f, "listening for {}", accounts.join(", ")),
            Self::Path { hops, destination, .. } => {
                let roles = ["guard", "relay", "exit"];
                for (at, hop) in hops.iter().enumerate() {
                    let end = if at == 0 { "" } else { "\n" };
                    write!(f, "{end}  {} {hop}", roles.get(at).unwrap_or(&"hop"))?;
                }
                match destination {
                    Some(node) => write!(f, "\n  node  {node}"),
                    None => Ok(()),
                }
            }
            Self::Trace(line) => line.fmt(f),
            Self::Ledger { on: true } => f.write_str("the delivery ledger is kept"),
            Self::Ledger { on: false } => f.write_str("no delivery ledger is kept"),
            // Alone, for scripts.
            Self::Name { id, .. } => f.write_str(id),
            Self::Network(view) => view.fmt(f),
            Self::Proxy { proxy: Some(proxy), login, .. } => {
                let login = if *login { ", with a login" } else { "" };
                write!(f, "everything goes through the proxy {proxy}{login}")
            }
            Self::Proxy { proxy: None, .. } => f.write_str("no proxy is set"),
            Self::Ready { network, nodes, seed, file, page, .. } => {
                write!(f, "ready: network '{network}', {nodes} nodes, seed {seed}")?;
                if let Some(file) = file {
                    write!(f, ", network file {file}")?;
                }
                match page {
                    Some(page) => write!(f, "\nstatus page {page}"),
                    None => Ok(()),
                }
            }
            Self::RpcHttp { url, token_file } => {
                write!(f, "ready: {url}, its token is in {token_file}")
            }
            Self::RpcSocket { socket } => write!(f, "ready: {socket}"),
            Self::Done { detail } => f.write_str(&one_line(detail)),
            Self::Localnet(status) => super::commands::localnet::show::Shown(status).fmt(f),
            Self::Plugin(plugin) => plugin.fmt(f),
            Self::Check(check) => check.fmt(f),
            Self::Error { detail, .. } => f.write_str(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use ramson_types::AccountId;

    use super::*;

    #[test]
    fn records_are_json_with_the_event_first() {
        let record = Record::Account { id: "05ab".into(), name: None, phrase: None };
        assert_eq!(record.to_json(), r#"{"event":"account","id":"05ab","name":null}"#);
        let error =
            Record::error(&Failure::InvalidAccountId(AccountId::parse_account("05").unwrap_err()));
        let json: serde_json::Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(json["event"], "error");
        assert_eq!(json["kind"], "InvalidAccountId");
        assert!(json["detail"].as_str().unwrap().contains("'05'"));
    }

    #[test]
    fn a_phrase_is_not_in_debug_output() {
        let phrase = Phrase("abbey".into());
        assert!(!format!("{phrase:?}").contains("abbey"));
    }
}
