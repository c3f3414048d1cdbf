//! Commands: what begins with '/'.

use super::{Argument, Unread};

/// Commands as an enum. The derive macro of the same name makes them of one:
///
/// ```
/// use ramson_sdk::bot::{Commands, Rest, Span};
///
/// #[derive(Commands, Debug, PartialEq)]
/// enum Command {
///     /// shows this help
///     Help,
///     /// reminds you, as in '/remind 10m tea'
///     #[command(alias = "r")]
///     Remind { after: Span, text: Rest },
///     /// lists what is to come, or only the first few
///     List { most: Option<u32> },
///     #[command(rename = "debug", hide)]
///     Inspect,
/// }
///
/// let after = "10m".parse().unwrap();
/// let text = Rest("tea and cake".to_owned());
/// let read = Command::parse("/R 10m  tea and cake");
/// assert_eq!(read, Some(Ok(Command::Remind { after, text })));
/// assert_eq!(Command::parse("remind me"), None);
///
/// let said = |text| Command::parse(text).unwrap().unwrap_err().to_string();
/// assert_eq!(said("/remind"), "<after> is missing; write it like: /remind <after> <text…>");
/// assert_eq!(said("/list all"), "'all' does not fit [most]: it has to be a whole number, 0 or \
///     more; write it like: /list [most]");
/// assert_eq!(said("/helo"), "there is no command '/helo'; there are /help, /remind, /list");
///
/// assert_eq!(Command::help(), "/help: shows this help
/// /remind <after> <text…> (or /r): reminds you, as in '/remind 10m tea'
/// /list [most]: lists what is to come, or only the first few");
/// ```
///
/// A variant is a command, called by its name in small letters with `_` between
/// words, or by `rename`; each `alias` is another name; `hide` leaves it out of
/// the help. Capitals do not matter when it is used. The first paragraph of its
/// doc comment is its help. Fields are read from the words that follow, in
/// order; each is an [`Argument`]. An `Option` may be left out and stands
/// behind all that may not; [`super::Rest`] stands last:
///
/// ```compile_fail,E0080
/// use ramson_sdk::bot::{Commands, Rest};
/// #[derive(Commands)]
/// enum Command { Say { text: Rest, times: u32 } }
/// ```
///
/// ```compile_fail,E0080
/// use ramson_sdk::bot::Commands;
/// #[derive(Commands)]
/// enum Command { Roll { sides: Option<u32>, times: u32 } }
/// ```
///
/// ```compile_fail
/// use ramson_sdk::bot::Commands;
/// #[derive(Commands)]
/// enum Command { Help, #[command(alias = "help")] Hints }
/// ```
///
/// ```compile_fail,E0277
/// use ramson_sdk::bot::Commands;
/// struct Colour;
/// #[derive(Commands)]
/// enum Command { Paint { colour: Colour } }
/// ```
pub trait Commands: Sized {
    /// What there is, in order.
    const COMMANDS: &'static [About];

    /// Reads the command of this place; `None` if there is no such place.
    #[doc(hidden)]
    fn read(place: usize, words: &mut Words<'_>) -> Option<Result<Self, CommandError>>;

    /// The command that a text is. `None`: it is none at all. An error is one
    /// sentence for whoever wrote it.
    fn parse(text: &str) -> Option<Result<Self, CommandError>> {
        let (name, rest) = split(text)?;
        let lower = name.to_lowercase();
        let found = Self::COMMANDS.iter().enumerate().find(|(_, about)| about.is_called(&lower));
        let Some((place, about)) = found else {
            return Some(Err(unknown(name, Self::COMMANDS)));
        };
        let mut words = Words { about, rest };
        let command = Self::read(place, &mut words)?;
        Some(command.and_then(|command| match words.rest() {
            None => Ok(command),
            Some(rest) => Err(CommandError::TooMuch { rest: cut(rest), usage: about.usage() }),
        }))
    }

    /// A line for each command that is not hidden.
    fn help() -> String {
        help(Self::COMMANDS)
    }
}

/// A line for each of them that is not hidden.
pub(crate) fn help<'a>(commands: impl IntoIterator<Item = &'a About>) -> String {
    let shown = commands.into_iter().filter(|about| !about.hidden);
    shown.map(About::line).collect::<Vec<_>>().join("\n")
}

/// None of them is called so.
pub(crate) fn unknown<'a>(
    name: &str,
    commands: impl IntoIterator<Item = &'a About>,
) -> CommandError {
    let shown = commands.into_iter().filter(|about| !about.hidden);
    let known = shown.map(|about| format!("/{}", about.name)).collect::<Vec<_>>();
    CommandError::Unknown { name: cut(name), known: known.join(", ") }
}

/// Whether a text is a command of some name: '/', a letter, and letters,
/// digits, '_' and '-' up to a space or the end. Its name, and what follows.
pub(crate) fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.trim().strip_prefix('/')?;
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let allowed = |one: char| one.is_alphanumeric() || one == '_' || one == '-';
    let begins = name.chars().next().is_some_and(char::is_alphabetic);
    (begins && name.chars().all(allowed)).then_some((name, rest.trim()))
}

/// Not more of what a stranger wrote than fits into a sentence.
pub(crate) fn cut(text: &str) -> String {
    const MOST: usize = 40;
    let mut chars = text.chars();
    let mut cut: String = chars.by_ref().take(MOST).collect();
    if chars.next().is_some() {
        cut.push('…');
    }
    cut
}

/// What is known of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// What it is called, without '/'.
    pub name: &'static str,
    /// What else.
    pub aliases: &'static [&'static str],
    /// What it does.
    pub help: &'static str,
    /// It is not in the help.
    pub hidden: bool,
    /// What follows its name.
    pub fields: &'static [Field],
}

impl About {
    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// How it is written: `/remind <after> <text…>`.
    pub fn usage(&self) -> String {
        let words = self.fields.iter().map(|field| format!(" {}", field.shown()));
        std::iter::once(format!("/{}", self.name)).chain(words).collect()
    }

    /// Its line of the help.
    fn line(&self) -> String {
        let mut line = self.usage();
        if !self.aliases.is_empty() {
            let names: Vec<_> = self.aliases.iter().map(|alias| format!("/{alias}")).collect();
            line.push_str(&format!(" (or {})", names.join(", ")));
        }
        if !self.help.is_empty() {
            line.push_str(&format!(": {}", self.help));
        }
        line
    }
}

/// What is known of a command's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// What it has to be.
    pub what: &'static str,
    /// It may be left out.
    pub optional: bool,
    /// It takes everything that is left.
    pub rest: bool,
}

impl Field {
    /// Of a type.
    #[doc(hidden)]
    pub const fn of<T: Argument>(name: &'static str) -> Self {
        Self { name, what: T::WHAT, optional: T::OPTIONAL, rest: T::REST }
    }

    fn shown(&self) -> String {
        let more = if self.rest { "…" } else { "" };
        match self.optional {
            true => format!("[{}{more}]", self.name),
            false => format!("<{}{more}>", self.name),
        }
    }
}

/// The words behind a command's name.
#[derive(Debug)]
pub struct Words<'a> {
    about: &'static About,
    rest: &'a str,
}

impl<'a> Words<'a> {
    /// The next one.
    pub fn next_word(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// All that is left.
    pub fn rest(&mut self) -> Option<&'a str> {
        let rest = std::mem::take(&mut self.rest).trim();
        (!rest.is_empty()).then_some(rest)
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.rest.trim().is_empty()
    }

    /// The field of this place.
    #[doc(hidden)]
    pub fn argument<T: Argument>(&mut self, number: usize) -> Result<T, CommandError> {
        T::read(self).map_err(|unread| {
            let field = self.about.fields.get(number).map(Field::shown).unwrap_or_default();
            let usage = self.about.usage();
            match unread {
                Unread::Missing => CommandError::Missing { field, usage },
                Unread::Bad { word } => {
                    CommandError::Bad { word: cut(&word), field, what: T::WHAT, usage }
                }
            }
        })
    }
}

/// Why a text that looks like a command is none; one sentence for whoever
/// wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Nothing is called so.
    #[error("there is no command '/{name}'; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// Something has to follow.
    #[error("{field} is missing; write it like: {usage}")]
    Missing {
        /// What.
        field: String,
        /// How it is written.
        usage: String,
    },
    /// A word says something else.
    #[error("'{word}' does not fit {field}: it has to be {what}; write it like: {usage}")]
    Bad {
        /// The word.
        word: String,
        /// For which field.
        field: String,
        /// What it has to be.
        what: &'static str,
        /// How it is written.
        usage: String,
    },
    /// More follows than it takes.
    #[error("'{rest}' is too much; write it like: {usage}")]
    TooMuch {
        /// What is too much.
        rest: String,
        /// How it is written.
        usage: String,
    },
}
