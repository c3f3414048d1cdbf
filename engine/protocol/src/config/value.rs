//! How values of one kind are written and read (03 section 9). What is of the
//! wrong kind reads as absent.

use std::collections::BTreeSet;
use std::fmt;

use ramson_types::conversation::Notify;

use super::data::{Dict, Scalar};

/// How many bytes a name may have.
pub const MAX_NAME: usize = 100;

/// How many bytes the URL of a picture may have.
pub const MAX_PICTURE_URL: usize = 223;

/// Bytes that should be text. Names that were cut by other clients can end in
/// the middle of a character; they are kept as they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// Nothing.
    pub const EMPTY: Self = Self(Vec::new());

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most so many bytes of a text, never half a character.
    pub fn truncated(text: &str, most: usize) -> Self {
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        Self::from(text.get(..end).unwrap_or(text))
    }

    /// The first bytes, as the reference library cuts names in entries.
    pub(super) fn cut(&self, most: usize) -> &[u8] {
        self.0.get(..most).unwrap_or(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// What is no text shows as `U+FFFD`.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.0).fmt(f)
    }
}

/// Where a profile picture is, and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    url: Text,
    key: [u8; 32],
}

impl Picture {
    /// `None` for a URL that is empty or longer than [`MAX_PICTURE_URL`], and
    /// for a key that has not 32 bytes.
    pub fn new(url: &str, key: &[u8]) -> Option<Self> {
        let fits = (1..=MAX_PICTURE_URL).contains(&url.len());
        let key = key.try_into().ok()?;
        fits.then(|| Self { url: url.into(), key })
    }

    /// The URL.
    pub const fn url(&self) -> &Text {
        &self.url
    }

    /// The key.
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The pair at two keys; half a pair is none.
    pub(super) fn read(dict: &Dict, url: &[u8], key: &[u8]) -> Option<Self> {
        let url = text(dict, url);
        let key = dict.bytes(key)?.try_into().ok()?;
        (!url.is_empty()).then_some(Self { url, key })
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({:?})", self.url)
    }
}

/// The number of what is told of a conversation.
pub(super) const fn notify_number(notify: Notify) -> i64 {
    match notify {
        Notify::Default => 0,
        Notify::All => 1,
        Notify::Off => 2,
        Notify::Mentions => 3,
    }
}

/// What is told of a conversation.
pub(super) fn read_notify(dict: &Dict, key: &[u8]) -> Notify {
    match dict.integer(key) {
        Some(1) => Notify::All,
        Some(2) => Notify::Off,
        Some(3) => Notify::Mentions,
        _ => Notify::Default,
    }
}

/// Any number but 0 means yes.
pub(super) fn flag(dict: &Dict, key: &[u8]) -> bool {
    dict.integer(key).is_some_and(|number| number != 0)
}

/// 0 if it is not there.
pub(super) fn number(dict: &Dict, key: &[u8]) -> i64 {
    dict.integer(key).unwrap_or_default()
}

/// Empty if it is not there.
pub(super) fn text(dict: &Dict, key: &[u8]) -> Text {
    dict.bytes(key).unwrap_or_default().into()
}

/// A time in seconds, never before 1970.
pub(super) fn seconds(dict: &Dict, key: &[u8]) -> i64 {
    to_seconds(number(dict, key)).max(0)
}

/// A time that old clients wrote in milliseconds or microseconds.
pub(super) const fn to_seconds(time: i64) -> i64 {
    match time {
        9_000_000_000_001.. => time / 1_000_000,
        9_000_000_001.. => time / 1_000,
        _ => time,
    }
}

/// The numbers of a set.
pub(super) fn numbers(dict: &Dict, key: &[u8]) -> BTreeSet<i64> {
    let scalars = dict.set(key).into_iter().flatten();
    scalars
        .filter_map(|scalar| match scalar {
            Scalar::Integer(number) => Some(*number),
            Scalar::Bytes(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn truncating_keeps_whole_characters(text in "(é|漢|x){0,60}", most in 0..120_usize) {
            let cut = Text::truncated(&text, most);
            prop_assert!(cut.as_bytes().len() <= most);
            prop_assert!(text.as_bytes().starts_with(cut.as_bytes()));
            prop_assert!(str::from_utf8(cut.as_bytes()).is_ok());
            let next = text.chars().nth(cut.to_string().chars().count());
            prop_assert!(next.is_none_or(|next| cut.as_bytes().len() + next.len_utf8() > most));
        }
    }

    #[test]
    fn times_become_seconds() {
        assert_eq!(to_seconds(9_000_000_000), 9_000_000_000);
        assert_eq!(to_seconds(9_000_000_001), 9_000_000);
        assert_eq!(to_seconds(9_000_000_000_000), 9_000_000_000);
        assert_eq!(to_seconds(9_000_000_000_001), 9_000_000);
        assert_eq!(to_seconds(-5), -5);
    }

    #[test]
    fn a_picture_needs_both_halves() {
        assert!(Picture::new("http://f/1", &[1; 32]).is_some());
        assert!(Picture::new("http://f/1", &[1; 31]).is_none());
        assert!(Picture::new("", &[1; 32]).is_none());
        assert!(Picture::new(&"u".repeat(224), &[1; 32]).is_none());
    }
}
