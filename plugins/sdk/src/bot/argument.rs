//! What stands behind a command's name.

use ramson_wire::AccountId;

use super::{Span, Words};

/// A field of a command, read from the words of a text. Of one's own:
///
/// ```
/// use ramson_sdk::bot::{Argument, Commands};
///
/// #[derive(Debug, PartialEq)]
/// enum Colour { Red, Blue }
///
/// impl Argument for Colour {
///     const WHAT: &'static str = "'red' or 'blue'";
///     fn of_word(word: &str) -> Option<Self> {
///         match word {
///             "red" => Some(Self::Red),
///             "blue" => Some(Self::Blue),
///             _ => None,
///         }
///     }
/// }
///
/// #[derive(Commands)]
/// enum Command { Paint { colour: Colour } }
///
/// let Some(Ok(Command::Paint { colour })) = Command::parse("/paint blue") else { panic!() };
/// assert_eq!(colour, Colour::Blue);
/// let error = Command::parse("/paint loudly").unwrap().err().unwrap();
/// assert_eq!(
///     error.to_string(),
///     "'loudly' does not fit <colour>: it has to be 'red' or 'blue'; write it like: /paint <colour>",
/// );
/// ```
pub trait Argument: Sized {
    /// What it has to be, for people: "a number".
    const WHAT: &'static str;
    /// It may be left out.
    const OPTIONAL: bool = false;
    /// It takes everything that is left.
    const REST: bool = false;

    /// What a word says; `None` if it is not such a thing.
    fn of_word(word: &str) -> Option<Self>;

    /// Takes it from the words that are left. For what is one word, leave it.
    fn read(words: &mut Words<'_>) -> Result<Self, Unread> {
        let word = words.next_word().ok_or(Unread::Missing)?;
        Self::of_word(word).ok_or_else(|| Unread::Bad { word: word.to_owned() })
    }
}

/// Why an argument was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// No word is left.
    Missing,
    /// There is one, which says something else.
    Bad {
        /// The word.
        word: String,
    },
}

/// The rest of a text, lines and all; there has to be something, or it is an
/// `Option`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rest(pub String);

impl Argument for Rest {
    const WHAT: &'static str = "a text";
    const REST: bool = true;

    fn of_word(word: &str) -> Option<Self> {
        Some(Self(word.to_owned()))
    }

    fn read(words: &mut Words<'_>) -> Result<Self, Unread> {
        words.rest().map(|rest| Self(rest.to_owned())).ok_or(Unread::Missing)
    }
}

impl std::ops::Deref for Rest {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<Rest> for String {
    fn from(rest: Rest) -> Self {
        rest.0
    }
}

impl std::fmt::Display for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Argument> Argument for Option<T> {
    const WHAT: &'static str = T::WHAT;
    const OPTIONAL: bool = true;
    const REST: bool = T::REST;

    fn of_word(word: &str) -> Option<Self> {
        T::of_word(word).map(Some)
    }

    fn read(words: &mut Words<'_>) -> Result<Self, Unread> {
        if words.is_empty() { Ok(None) } else { T::read(words).map(Some) }
    }
}

impl Argument for String {
    const WHAT: &'static str = "a word";

    fn of_word(word: &str) -> Option<Self> {
        Some(word.to_owned())
    }
}

impl Argument for bool {
    const WHAT: &'static str = "yes or no";

    fn of_word(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "yes" | "on" | "true" | "1" => Some(true),
            "no" | "off" | "false" | "0" => Some(false),
            _ => None,
        }
    }
}

impl Argument for Span {
    const WHAT: &'static str = "a length of time like 10m, 2h30m or 1d";

    fn of_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

impl Argument for AccountId {
    const WHAT: &'static str = "an Account ID (05 and 64 more characters)";

    // A mention is an id, too.
    fn of_word(word: &str) -> Option<Self> {
        let word = word.strip_prefix('@').unwrap_or(word).to_lowercase();
        if word.starts_with("05") { word.parse().ok() } else { None }
    }
}

macro_rules! numbers {
    ($($number:ty = $what:literal),* $(,)?) => {$(
        impl Argument for $number {
            const WHAT: &'static str = $what;

            fn of_word(word: &str) -> Option<Self> {
                word.parse().ok()
            }
        }
    )*};
}

numbers!(
    u8 = "a whole number from 0 to 255",
    u16 = "a whole number from 0 to 65535",
    u32 = "a whole number, 0 or more",
    u64 = "a whole number, 0 or more",
    usize = "a whole number, 0 or more",
    i8 = "a whole number from -128 to 127",
    i16 = "a whole number from -32768 to 32767",
    i32 = "a whole number",
    i64 = "a whole number",
);

impl Argument for f64 {
    const WHAT: &'static str = "a number";

    // Neither infinite nor no number at all.
    fn of_word(word: &str) -> Option<Self> {
        word.parse().ok().filter(|number: &Self| number.is_finite())
    }
}
