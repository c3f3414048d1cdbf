//! Settings of one device, in the form of a config that is never pushed
//! (03 section 10.6).

use super::data::{Dict, Scalar, Value};
use super::record::Fields;
use super::typed::typed_config;
use super::value::number;

typed_config! {
    /// Settings that stay on the device.
    Local
}

/// A setting with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LocalNumber {
    /// How much of a message notifications show.
    NotifyContent,
    /// What they sound like.
    NotifySound,
    /// The theme.
    Theme,
    /// Its colour.
    ThemePrimaryColor,
}

impl LocalNumber {
    const fn key(self) -> &'static [u8] {
        match self {
            Self::NotifyContent => b"notify_content",
            Self::NotifySound => b"notify_sound",
            Self::Theme => b"theme",
            Self::ThemePrimaryColor => b"theme_primary_color",
        }
    }
}

impl Local {
    /// The number of a setting; 0 if it is not set.
    pub fn number(&self, which: LocalNumber) -> i64 {
        number(self.data(), which.key()).max(0)
    }

    /// Sets a number.
    pub fn set_number(&mut self, which: LocalNumber, number: i64) {
        Fields::new(self, &[]).positive(which.key(), number);
    }

    /// Whether a setting is on; `None` if it was never set.
    pub fn setting(&self, name: &str) -> Option<bool> {
        let settings = self.data().dict(b"settings")?;
        settings.integer(name.as_bytes()).map(|number| number != 0)
    }

    /// All settings that were set.
    pub fn settings(&self) -> impl Iterator<Item = (&str, bool)> {
        let settings = self.data().dict(b"settings").into_iter().flat_map(Dict::iter);
        settings.filter_map(|(name, value)| match value {
            Value::Scalar(Scalar::Integer(number)) => {
                Some((str::from_utf8(name).ok()?, *number != 0))
            }
            _ => None,
        })
    }

    /// Switches a setting.
    pub fn set_setting(&mut self, name: &str, on: bool) {
        self.set(&[b"settings", name.as_bytes()], i64::from(on));
    }
}
