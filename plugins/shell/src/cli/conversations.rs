//! `conversations`, and what is set on one: `read`, `expire`, `set`.

use clap::{Args, ValueEnum};

/// For `conversations`.
#[derive(Debug, Args)]
pub(crate) struct ConversationsArgs {
    /// Those that are hidden, blocked or not accepted, too
    #[arg(long)]
    pub(crate) all: bool,
    /// Whose; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
}

/// Which conversation of which account.
#[derive(Debug, Args)]
pub(crate) struct WithArgs {
    /// With whom: an Account ID, or a registered name
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) with: String,
    /// Whose; may be left out when the home has one account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
}

/// For `read`.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) with: WithArgs,
    /// Only up to this message, such as m1-42
    #[arg(long, value_name = "MESSAGE", conflicts_with = "unread")]
    pub(crate) up_to: Option<String>,
    /// Mark it as unread instead
    #[arg(long)]
    pub(crate) unread: bool,
}

/// For `expire`.
#[derive(Debug, Args)]
pub(crate) struct ExpireArgs {
    #[command(flatten)]
    pub(crate) with: WithArgs,
    /// After how long: off, or a number with s, m, h, d or w, such as 12h
    #[arg(value_name = "TIME")]
    pub(crate) time: String,
    /// Counted from when a message is read, not from when it was sent
    #[arg(long)]
    pub(crate) after_read: bool,
}

/// For `set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct SetArgs {
    #[command(flatten)]
    pub(crate) with: WithArgs,
    /// Pin it above the others; a higher number stands higher
    #[arg(long, value_name = "N", group = "what", num_args = 0..=1, default_missing_value = "1",
        value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["hide", "unpin"])]
    pub(crate) pin: Option<u32>,
    /// Neither pin nor hide it
    #[arg(long, alias = "show", group = "what", conflicts_with = "hide")]
    pub(crate) unpin: bool,
    /// Leave it out of the list
    #[arg(long, group = "what")]
    pub(crate) hide: bool,
    /// Tell nothing of it for so long, as in 8h; off ends that
    #[arg(long, value_name = "TIME", group = "what")]
    pub(crate) mute: Option<String>,
    /// What is told of it
    #[arg(long, value_enum, value_name = "WHAT", group = "what")]
    pub(crate) notify: Option<NotifyArg>,
    /// Keep what was begun to write; empty for nothing. It stays in this home
    #[arg(long, value_name = "TEXT", group = "what")]
    pub(crate) draft: Option<String>,
}

/// What is told of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotifyArg {
    Default,
    All,
    Mentions,
    Off,
}
