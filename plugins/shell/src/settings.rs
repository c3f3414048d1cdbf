//! What a home's owner decided, kept in the home's `settings.toml`: the proxy.
//!
//! A proxy is fail-safe: the first one that is given for a home is kept, so
//! that none is left out later by forgetting a flag; a file that cannot be
//! understood stops every command that could connect.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ramson_system::{ProxyAddress, ProxyError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::Failure;

/// Names a proxy when `--proxy` does not.
const VARIABLE: &str = "RAMSON_PROXY";

/// What stands for a decision against a proxy.
const OFF: &str = "off";

/// A proxy, as it was given. Its login is never shown.
#[derive(Clone)]
pub(crate) struct Proxy {
    url: Arc<Zeroizing<String>>,
    address: ProxyAddress,
}

impl Proxy {
    /// Reads `socks5://[user:password@]host:port`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let address = text.parse()?;
        Ok(Self { url: Arc::new(Zeroizing::new(text.trim().to_owned())), address })
    }

    /// The proxy that this run asks for: `--proxy`, else RAMSON_PROXY.
    pub(crate) fn asked(flag: Option<&str>) -> Result<Option<Self>, Failure> {
        if let Some(text) = flag {
            return Self::parse(text).map(Some);
        }
        match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            None => Ok(None),
            // What cannot be read must not be taken for nothing.
            Some(value) => {
                Self::parse(value.to_str().ok_or(Failure::from(ProxyError::NotSocks5))?).map(Some)
            }
        }
    }

    /// For the engine.
    pub(crate) fn address(&self) -> &ProxyAddress {
        &self.address
    }

    /// The whole of it, login and all.
    pub(crate) fn url(&self) -> &Zeroizing<String> {
        &self.url
    }

    /// Whether it has a login.
    pub(crate) fn has_login(&self) -> bool {
        self.url.contains('@')
    }
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

/// Without the login.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "socks5://{}", self.address)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// What a home is set to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum ProxyRule {
    /// Nothing was ever said.
    #[default]
    Undecided,
    /// None is wanted.
    Off,
    /// Everything goes through this one.
    Through(Proxy),
}

impl ProxyRule {
    /// Reads what `network proxy` sets.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            OFF => Ok(Self::Off),
            url => Proxy::parse(url).map(Self::Through),
        }
    }

    /// Which proxy a run has, and whether it is one to be kept: the first.
    pub(crate) fn for_run(self, asked: Option<Proxy>) -> (Option<Proxy>, bool) {
        match (self, asked) {
            (Self::Undecided, Some(asked)) => (Some(asked), true),
            (_, Some(asked)) => (Some(asked), false),
            (Self::Through(kept), None) => (Some(kept), false),
            (Self::Undecided | Self::Off, None) => (None, false),
        }
    }

    /// The proxy, if there is one.
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        match self {
            Self::Through(proxy) => Some(proxy),
            Self::Undecided | Self::Off => None,
        }
    }
}

/// The file. What it does not know may be a proxy written wrongly.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<Zeroized>,
}

/// Text that is wiped: a proxy may hold a password.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
struct Zeroized(String);

impl Drop for Zeroized {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Reads the file.
pub(crate) fn read(path: &Path, text: &str) -> Result<ProxyRule, Failure> {
    let written: Written = toml::from_str(text).map_err(|error| Failure::InvalidSettings {
        path: path.to_owned(),
        // The library's whole report quotes the line, and that may hold a
        // password.
        reason: error.message().to_owned(),
    })?;
    let Some(proxy) = written.proxy else { return Ok(ProxyRule::Undecided) };
    ProxyRule::parse(&proxy.0).map_err(|failure| Failure::InvalidSettings {
        path: path.to_owned(),
        reason: failure.to_string(),
    })
}

/// The file for a decision.
pub(crate) fn write(rule: &ProxyRule) -> Zeroizing<String> {
    let proxy = match rule {
        ProxyRule::Undecided => None,
        ProxyRule::Off => Some(Zeroized(OFF.to_owned())),
        ProxyRule::Through(proxy) => Some(Zeroized(proxy.url().to_string())),
    };
    // One string cannot fail to be TOML.
    Zeroizing::new(toml::to_string(&Written { proxy }).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(text: &str) -> Proxy {
        Proxy::parse(text).unwrap()
    }

    fn read(text: &str) -> Result<ProxyRule, Failure> {
        super::read(Path::new("settings.toml"), text)
    }

    #[test]
    fn settings_are_read_as_they_were_written() {
        let rules = [
            ProxyRule::Undecided,
            ProxyRule::Off,
            ProxyRule::Through(proxy("socks5://127.0.0.1:9050")),
            ProxyRule::Through(proxy("socks5://me:a\"b\\c@host:1")),
        ];
        for rule in rules {
            let text = write(&rule);
            assert_eq!(read(&text).unwrap(), rule, "{}", text.as_str());
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_and_no_password_shown() {
        let cases = [
            "porxy = \"socks5://me:secret@host:1\"",
            "proxy = \"http://me:secret@host:1\"",
            "proxy = \"socks5://me:secret@host\"",
            "proxy = [\"socks5://me:secret@host:1\"]",
            "proxy = \"socks5://me:secret@host:1\" extra",
            "proxy = \"\"",
        ];
        for text in cases {
            let failure = read(text).unwrap_err();
            assert_eq!((failure.kind(), failure.status()), ("InvalidSettings", 2), "{text}");
            let said = format!("{failure} {failure:?}");
            assert!(said.contains("settings.toml") && !said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn the_first_proxy_is_kept_and_others_are_for_one_run() {
        let (tor, other) = (proxy("socks5://127.0.0.1:9050"), proxy("socks5://10.0.0.1:1080"));
        let through = ProxyRule::Through(tor.clone());
        assert_eq!(ProxyRule::Undecided.for_run(None), (None, false));
        assert_eq!(ProxyRule::Undecided.for_run(Some(tor.clone())), (Some(tor.clone()), true));
        assert_eq!(through.clone().for_run(None), (Some(tor), false));
        assert_eq!(through.for_run(Some(other.clone())), (Some(other.clone()), false));
        assert_eq!(ProxyRule::Off.for_run(Some(other.clone())), (Some(other), false));
        assert_eq!(ProxyRule::Off.for_run(None), (None, false));
    }

    #[test]
    fn a_login_is_not_shown() {
        let proxy = proxy("socks5://me:secret@host:1080");
        assert!(proxy.has_login());
        assert_eq!(proxy.to_string(), "socks5://host:1080");
        assert_eq!(format!("{proxy:?}"), "socks5://…@host:1080");
    }
}
