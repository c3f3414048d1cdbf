//! What is said when a command fails: one sentence with the offending value
//! and the way out, a kind for scripts, and an exit status.

use std::io;
use std::path::{Path, PathBuf};

use ramson_codec::network_file::NetworkFileError;
use ramson_crypto::MnemonicError;
use ramson_host::HostError;
use ramson_localnet::LocalnetError;
use ramson_system::{EngineError, ProxyError};
use ramson_types::{AccountId, AccountIdError, MessageId};
use ramson_wire::GrantSet;

use crate::record::one_line;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    #[error("{sentence}")]
    Usage { sentence: String },
    #[error(transparent)]
    InvalidAccountId(#[from] AccountIdError),
    #[error(
        "'{text}' is neither a message's name, such as m1-42, nor a message hash of 43 characters; 'ramson messages' shows both"
    )]
    InvalidMessage { text: String },
    #[error(
        "'{text}' is no span of time; write off, or a number with s, m, h, d or w, such as 12h"
    )]
    InvalidSpan { text: String },
    #[error("there is no message {message} in this home; 'ramson messages' shows those that are")]
    NoSuchMessage { message: MessageId },
    #[error(
        "it is done in this home, but the network did not take it within {seconds} s; the next engine on this home tells it"
    )]
    NotToldInTime { seconds: u64 },
    #[error(transparent)]
    InvalidPhrase(#[from] MnemonicError),
    #[error("{}: {error}", path.display())]
    InvalidNetworkFile { path: PathBuf, error: NetworkFileError },
    #[error("the network file '{}' could not be read: {reason}; give mainnet, testnet, local, or the path of a network file", path.display())]
    UnreadableNetworkFile { path: PathBuf, reason: String },
    #[error("{}: the name '{name}' belongs to Session's own network; give this network another name", path.display())]
    ReservedNetworkName { path: PathBuf, name: String },
    #[error("the home {} belongs to the network {bound}, not to {asked}; name another home with --home, or leave --network out", home.display())]
    WrongNetwork { home: PathBuf, bound: String, asked: String },
    #[error("the demo needs a home of its own on a local network, and {} belongs to the network {bound}; name another home with --home, or name a command", home.display())]
    NoDemoHome { home: PathBuf, bound: String },
    #[error("there is no home at {}; 'ramson account create' makes one, --home names another", home.display())]
    NoHome { home: PathBuf },
    #[error("the home {} has no account; 'ramson account create' makes one", home.display())]
    NoAccount { home: PathBuf },
    #[error("the home {} has {count} accounts; say which one {flag}, 'ramson account list' shows them", home.display())]
    SeveralAccounts { home: PathBuf, count: usize, flag: &'static str },
    #[error("account {id} is not in this home; 'ramson account list' shows those that are")]
    NoSuchAccount { id: AccountId },
    #[error("no folder for homes is known, because HOME is not set; name a home with --home")]
    NoFolder,
    #[error("the home {} is in use by {}; {way_out}", home.display(), process(*holder))]
    HomeInUse { home: PathBuf, holder: Option<u32>, way_out: &'static str },
    #[error(
        "the engine of this home is Ramson {theirs}, this is {ours}; stop the running one first"
    )]
    OtherVersion { ours: String, theirs: String },
    #[error("the engine that carried this command out was stopped before it was done; {kept}")]
    EngineEnded { kept: String },
    #[error("the running engine does not do that: {reason}")]
    Refused { reason: String },
    #[error(
        "the running engine sent something that makes no sense: {reason}; stop it and try again"
    )]
    BadControl { reason: String },
    #[error(
        "no service node is known, the seed {seed} could not be used: {reason}; message {message} is kept and goes out when Ramson next runs on this home"
    )]
    UnreachableSeed { seed: String, reason: String, message: MessageId },
    #[error(
        "no service node is known after {seconds} s, the seed {seed} could not be used: {reason}; try again when it can be reached, or give the network file of another"
    )]
    NoServiceNodes { seed: String, reason: String, seconds: u64 },
    #[error(
        "no path of service nodes is ready after {seconds} s: {reason}; try again, or give a longer --timeout"
    )]
    NoPath { seconds: u64, reason: String },
    #[error("{what} within {seconds} s; try again, or give a longer --timeout")]
    Unanswered { what: String, seconds: u64 },
    #[error(transparent)]
    InvalidProxy(#[from] ProxyError),
    #[error("{}: {reason}; 'ramson network proxy' writes this file", path.display())]
    InvalidSettings { path: PathBuf, reason: String },
    #[error("{}, and {asked} was asked for; end it first, or leave the proxy out", running_proxy(running.as_ref()))]
    OtherProxy { running: Option<String>, asked: String },
    #[error("{question} To do that without being asked, give --yes")]
    Unconfirmed { question: String },
    #[error("nothing was done, because 'yes' was not the answer")]
    Declined,
    #[error("nothing was done, because no phrase was given")]
    WentBack,
    #[error(
        "message {message} was not stored within {seconds} s: {reason}; it is kept and goes out when Ramson next runs on this home"
    )]
    NotStoredInTime { message: MessageId, seconds: u64, reason: String },
    #[error(
        "message {message} was given up: {reason}; 'ramson trace {message}' shows every attempt"
    )]
    MessageFailed { message: MessageId, reason: String },
    #[error("interrupted; {kept}")]
    Interrupted { kept: String },
    #[error("{came} of {count} messages came within {seconds} s; give a longer --timeout, or none")]
    Timeout { came: u64, count: u64, seconds: u64 },
    #[error(
        "nothing is known of {message}; 'ramson messages' shows the names of messages, and the ledger forgets after 14 days, or at once where 'ramson ledger' switched it off"
    )]
    UnknownMessage { message: String },
    #[error("the text on stdin has more than {limit} bytes; send less at once")]
    LongInput { limit: u64 },
    #[error("the text on stdin is not UTF-8; send text, or convert it first")]
    InputNotText,
    #[error("{} cannot be used: {reason}; check its permissions and the free space", path.display())]
    File { path: PathBuf, reason: String },
    #[error("{reason}")]
    System { reason: String },
    #[error(
        "the demo did not get as far as it should within {seconds} s: {missing}; run it again with -vv to see why"
    )]
    DemoStuck { seconds: u64, missing: String },
    #[error("{}: {reason}", path.display())]
    InvalidFile { path: PathBuf, reason: String },
    #[error("no local network runs on {}; 'ramson localnet --state {}' starts one", state.display(), state.display())]
    NoLocalnet { state: PathBuf },
    #[error("the local network on {} does not answer: {reason}; end its process and start it again", state.display())]
    LocalnetSilent { state: PathBuf, reason: String },
    #[error("{reason}")]
    LocalnetRefused { reason: String },
    #[error(transparent)]
    Localnet(#[from] LocalnetError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(
        "'{name}' is no name for a plugin; it has 1 to 40 characters a-z, 0-9 and '-', and begins with a letter, such as bot-weather"
    )]
    InvalidPluginName { name: String },
    #[error("{} is there already; give the plugin another name, or another folder with --in", path.display())]
    FolderExists { path: PathBuf },
    #[error("{}; name its folder with --sdk, or write the plugin in C with --c", no_sdk(asked.as_deref()))]
    NoSdk { asked: Option<PathBuf> },
    #[error("the testkit is not beside the SDK {}; name an SDK in a whole source tree with --sdk", sdk.display())]
    NoTestkit { sdk: PathBuf },
    #[error("the plugin '{name}' is not beside this program in {}; '{build}' builds it", beside.display())]
    NoSuchPlugin { name: String, beside: PathBuf, build: String },
    #[error("'{}' cannot be loaded: {problems}", path.display())]
    BadPlugin { path: PathBuf, problems: String },
    #[error(
        "the plugin '{name}' asks for {asked}, and nobody decided on that yet; give it all with --yes, or a part with --grant"
    )]
    NotDecided { name: String, asked: GrantSet },
    #[error(
        "the plugin '{name}' was given up: {reason}; 'ramson plugin check' may say more, RAMSON_LOG=info shows what it logs"
    )]
    PluginRetired { name: String, reason: String },
    #[error("no engine runs on the home {}; 'ramson', 'ramson run' or 'ramson plugin run' starts one", home.display())]
    NoEngine { home: PathBuf },
    #[error(
        "the user interface '{ui}' failed: {reason}; the other commands work without one, 'ramson --help' shows them"
    )]
    UiFailed { ui: String, reason: String },
    #[error(
        "'{name}' is a user interface; 'ramson --ui {name}' shows it, and where one is shown already, 'ramson ui use {name}'"
    )]
    IsUi { name: String },
    #[error("the engine of the home {} shows no user interface; end it, and start one with 'ramson --ui'", home.display())]
    NoScreen { home: PathBuf },
    #[error("{reason}")]
    Rpc { reason: String },
    #[error(transparent)]
    Plugin(HostError),
    /// Whoever read the output is gone. Nobody is left to be told.
    #[error("the output was closed")]
    OutputGone,
}

fn no_sdk(asked: Option<&Path>) -> String {
    match asked {
        Some(asked) => format!("there is no SDK in {}", asked.display()),
        None => "neither this program nor the current folder is in a source tree with plugins/sdk"
            .to_owned(),
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        match error {
            HostError::NotDecided { name, asked } => Self::NotDecided { name, asked },
            error => Self::Plugin(error),
        }
    }
}

fn process(holder: Option<u32>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |number| format!("process {number}"))
}

fn running_proxy(running: Option<&String>) -> String {
    match running {
        Some(proxy) => format!("the engine that runs on this home goes through the proxy {proxy}"),
        None => "the engine that runs on this home goes through no proxy".to_owned(),
    }
}

impl Failure {
    /// What stderr says: one line, whatever it quotes.
    pub(crate) fn line(&self) -> String {
        format!("ramson: {}", one_line(&self.to_string()))
    }

    /// A file or folder that the system refused.
    pub(crate) fn file(path: &Path, error: io::Error) -> Self {
        Self::File { path: path.to_owned(), reason: error.to_string() }
    }

    /// A name for scripts, which never changes.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "Usage",
            Self::InvalidAccountId(_) => "InvalidAccountId",
            Self::InvalidMessage { .. } => "InvalidMessage",
            Self::InvalidSpan { .. } => "InvalidSpan",
            Self::NoSuchMessage { .. } => "NoSuchMessage",
            Self::InvalidPhrase(_) | Self::Engine(EngineError::Phrase(_)) => "InvalidPhrase",
            Self::InvalidNetworkFile { .. } => "InvalidNetworkFile",
            Self::UnreadableNetworkFile { .. } => "UnreadableNetworkFile",
            Self::ReservedNetworkName { .. } => "ReservedNetworkName",
            Self::WrongNetwork { .. } | Self::NoDemoHome { .. } => "WrongNetwork",
            Self::NoHome { .. } => "NoHome",
            Self::NoAccount { .. } => "NoAccount",
            Self::SeveralAccounts { .. } => "SeveralAccounts",
            Self::NoSuchAccount { .. } | Self::Engine(EngineError::NoSuchAccount { .. }) => {
                "NoSuchAccount"
            }
            Self::NoFolder => "NoFolder",
            Self::HomeInUse { .. } => "HomeInUse",
            Self::OtherVersion { .. } => "OtherVersion",
            Self::EngineEnded { .. } => "EngineEnded",
            Self::Refused { .. } => "Refused",
            Self::BadControl { .. } => "BadControl",
            Self::UnreachableSeed { .. } | Self::NoServiceNodes { .. } => "UnreachableSeed",
            Self::NoPath { .. } => "NoPath",
            Self::NotStoredInTime { .. }
            | Self::NotToldInTime { .. }
            | Self::Timeout { .. }
            | Self::Unanswered { .. } => "Timeout",
            Self::InvalidProxy(_) => "InvalidProxy",
            Self::InvalidSettings { .. } => "InvalidSettings",
            Self::OtherProxy { .. } => "OtherProxy",
            Self::Unconfirmed { .. } => "Unconfirmed",
            Self::Declined | Self::WentBack => "Declined",
            Self::MessageFailed { .. } => "MessageFailed",
            Self::Interrupted { .. } => "Interrupted",
            Self::UnknownMessage { .. } => "UnknownMessage",
            Self::LongInput { .. } => "LongInput",
            Self::InputNotText => "InputNotText",
            Self::File { .. } => "File",
            Self::System { .. } => "System",
            Self::DemoStuck { .. } => "DemoStuck",
            Self::InvalidFile { .. } => "InvalidFile",
            Self::NoLocalnet { .. } => "NoLocalnet",
            Self::LocalnetSilent { .. } | Self::LocalnetRefused { .. } => "Localnet",
            Self::Localnet(error) => kind_of_localnet(error),
            Self::Engine(error) => ramson_host::kind_of(error),
            Self::InvalidPluginName { .. } => "InvalidName",
            Self::FolderExists { .. } => "FolderExists",
            Self::NoSdk { .. } | Self::NoTestkit { .. } => "NoSdk",
            Self::NoSuchPlugin { .. } | Self::Plugin(HostError::NotFound { .. }) => "NoSuchPlugin",
            Self::BadPlugin { .. } | Self::Plugin(HostError::Refused { .. }) => "BadPlugin",
            Self::NotDecided { .. } => "NotDecided",
            Self::PluginRetired { .. } => "PluginRetired",
            Self::NoEngine { .. } => "NoEngine",
            Self::UiFailed { .. } => "UiFailed",
            Self::NoScreen { .. } => "NoScreen",
            Self::IsUi { .. } => "IsUi",
            Self::Plugin(error) => ramson_host::kind_of_host(error),
            Self::Rpc { .. } => "Rpc",
            Self::OutputGone => "OutputGone",
        }
    }

    /// The exit status: 2 for what the user has to say otherwise, 1 for what
    /// failed.
    pub(crate) fn status(&self) -> u8 {
        match self.kind() {
            "OutputGone" => 0,
            "Usage"
            | "InvalidAccountId"
            | "InvalidMessage"
            | "InvalidPhrase"
            | "InvalidNetworkFile"
            | "UnreadableNetworkFile"
            | "ReservedNetworkName"
            | "SeveralAccounts"
            | "LongInput"
            | "InputNotText"
            | "EmptyMessage"
            | "MessageTooLong"
            | "InvalidName"
            | "InvalidSpan"
            | "InvalidTimer"
            | "InvalidEmoji"
            | "InvalidLink"
            | "InvalidInvitation"
            | "InvalidFile"
            | "InvalidProxy"
            | "InvalidSettings"
            | "Unconfirmed"
            | "NotDecided"
            | "NoSdk"
            | "InvalidLocalnet" => 2,
            _ => 1,
        }
    }

    /// The way out, for the `hint` of a JSON error.
    pub(crate) fn hint(&self) -> String {
        let hint = match self.kind() {
            "Usage" => "see 'ramson --help'",
            "InvalidAccountId" => {
                "an Account ID has 66 characters, 0-9 and a-f, and starts with 05; a peer may also be given by a registered name of a-z, 0-9, '_' and '-'"
            }
            "Unconfirmed" => "give --yes",
            "InvalidPhrase" => "a recovery phrase has 13 words, as the apps show them",
            "InvalidNetworkFile" | "UnreadableNetworkFile" | "ReservedNetworkName" => {
                "docs/cli.md shows a network file"
            }
            // The sentence's last part is the way out.
            _ => {
                return self
                    .to_string()
                    .rsplit_once("; ")
                    .map_or_else(String::new, |(_, out)| out.to_owned());
            }
        };
        hint.to_owned()
    }
}

fn kind_of_localnet(error: &LocalnetError) -> &'static str {
    match error {
        LocalnetError::TooFewNodes { .. }
        | LocalnetError::NoAddress { .. }
        | LocalnetError::NoPorts { .. } => "InvalidLocalnet",
        _ => "Localnet",
    }
}

#[cfg(test)]
mod tests {
    use ramson_system::{NameError, ResolveError};

    use super::*;

    #[test]
    fn what_is_wrong_with_a_name_is_one_sentence_with_a_kind() {
        let name = "example".to_owned();
        let reason = "nobody\nlistens".to_owned();
        let resolve = |error| EngineError::Name(NameError::Resolve(error));
        let cases = [
            (EngineError::NameNotRegistered { name: name.clone() }, "NameNotRegistered"),
            (
                resolve(ResolveError::Disagreement { name: name.clone(), agreeing: 2, answers: 4 }),
                "NameDisputed",
            ),
            (
                resolve(ResolveError::TooFewAnswers {
                    name: name.clone(),
                    answers: 1,
                    asked: 12,
                    reason: reason.clone(),
                }),
                "NameUnanswered",
            ),
            (resolve(ResolveError::Unusable { name, reason }), "NameUnusable"),
        ];
        for (error, kind) in cases {
            let failure = Failure::Engine(error);
            assert_eq!((failure.kind(), failure.status()), (kind, 1));
            let line = failure.line();
            assert!(line.contains("'example'") && !line.contains('\n'), "{line}");
        }
        let text = "no name".parse::<ramson_codec::ons::Name>().unwrap_err();
        let failure = Failure::Engine(EngineError::BadNameText(text));
        assert_eq!((failure.kind(), failure.status()), ("InvalidName", 2));
    }
}
