//! The commands that a line can be.

/// A command, as help and completion show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandHelp {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What comes behind it; empty where nothing does.
    pub argument: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn command(name: &'static str, argument: &'static str, help: &'static str) -> CommandHelp {
    CommandHelp { name, argument, help }
}

/// All commands.
pub const COMMANDS: [CommandHelp; 9] = [
    command("contacts", "", "Shows whom you can write to"),
    command("help", "", "Shows the keys and these commands"),
    command("me", "", "Shows your own Account ID"),
    command("network", "", "Shows the paths through the network"),
    command("new", "[ID OR NAME]", "Begins a conversation"),
    command("plugins", "", "Shows the plugins"),
    command("quit", "", "Ends the program"),
    command("settings", "", "Shows the settings"),
    command("ui", "NAME", "Goes on in another user interface"),
];

/// What a written text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A message; of two slashes at its beginning one is left.
    Message(String),
    /// A command of [`COMMANDS`], and what is behind its name.
    Command {
        /// Which.
        name: &'static str,
        /// What it is told.
        argument: String,
    },
    /// It begins like a command, and there is none of this name.
    Unknown(String),
}

/// What a written text is: a command where it begins with one slash and is one
/// line.
pub fn parse(text: &str) -> Entry {
    let text = text.trim();
    let message = || Entry::Message(text.to_owned());
    let Some(rest) = text.strip_prefix('/') else { return message() };
    if rest.starts_with('/') {
        return Entry::Message(rest.to_owned());
    }
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    // A path is no command, and neither is a lone slash.
    if name.is_empty() || name.contains('/') || rest.contains('\n') {
        return message();
    }
    let known = COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name));
    match known {
        Some(command) => {
            Entry::Command { name: command.name, argument: argument.trim().to_owned() }
        }
        None => Entry::Unknown(name.to_owned()),
    }
}
