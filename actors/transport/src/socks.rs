//! A SOCKS5 proxy between this machine and everything else.
//!
//! Names are resolved by the proxy. Each isolation class logs in under a name
//! of its own, so that Tor gives each its own circuits (`IsolateSOCKSAuth`,
//! its default). Proxies without logins take "no login" and do not isolate.

mod address;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ramson_messages::transport::IsolationClass;
use tokio_socks::TargetAddr;
use tokio_socks::tcp::Socks5Stream;

pub use address::{ProxyAddress, ProxyError};

use crate::dial::{Address, BoxedStream, Dial, Dialing, Host};

/// Dials through a proxy, and never past it.
pub struct SocksDial {
    proxy: ProxyAddress,
    dial: Arc<dyn Dial>,
    /// Tells the classes of this engine from those of others at the same proxy.
    tag: u128,
    direct_loopback: bool,
}

impl SocksDial {
    /// Reaches the proxy by `dial`. `tag` is random: two engines at one proxy
    /// must not have the same, or it would put their classes together.
    pub fn new(proxy: ProxyAddress, dial: Arc<dyn Dial>, tag: u128) -> Self {
        Self { proxy, dial, tag, direct_loopback: false }
    }

    /// The same, but loopback addresses are dialled directly: for networks of
    /// this machine. Elsewhere it would let a list of nodes choose what is
    /// asked on this machine, so the proxy gets even those.
    #[must_use]
    pub fn with_direct_loopback(self) -> Self {
        Self { direct_loopback: true, ..self }
    }

    fn goes_direct(&self, host: &Host) -> bool {
        self.direct_loopback
            && match host {
                Host::Ip(ip) => ip.is_loopback(),
                Host::Name(name) => name.eq_ignore_ascii_case("localhost"),
            }
    }

    /// The proxy's own login, else one for the class.
    fn login(&self, class: IsolationClass) -> (String, String) {
        match self.proxy.login() {
            Some((user, password)) => (user.to_owned(), password.to_owned()),
            None => (format!("ramson-{:032x}", self.tag), format!("class-{}", class.0)),
        }
    }
}

impl Dial for SocksDial {
    fn dial(&self, to: &Address, class: IsolationClass) -> Dialing {
        if self.goes_direct(&to.host) {
            return self.dial.dial(to, class);
        }
        let (user, password) = self.login(class);
        let (proxy, to) = (self.proxy.clone(), to.clone());
        let dialing = self.dial.dial(proxy.address(), class);
        Box::pin(async move {
            let stream = dialing.await.map_err(|error| {
                let text = format!("the proxy {proxy} could not be reached ({error})");
                io::Error::other(text)
            })?;
            let target = match &to.host {
                Host::Ip(ip) => TargetAddr::Ip(SocketAddr::new(*ip, to.port)),
                Host::Name(name) if name.len() <= MAX_NAME => {
                    TargetAddr::Domain(name.as_str().into(), to.port)
                }
                Host::Name(name) => {
                    let text = format!("'{name}' is longer than a host name can be");
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
                }
            };
            let opened =
                Socks5Stream::connect_with_password_and_socket(stream, target, &user, &password)
                    .await
                    .map_err(|error| refused(&proxy, &error))?;
            Ok(Box::new(opened.into_inner()) as BoxedStream)
        })
    }
}

/// The longest name that a SOCKS request can hold.
const MAX_NAME: usize = 255;

/// What a proxy said, in plain words.
fn refused(proxy: &ProxyAddress, error: &tokio_socks::Error) -> io::Error {
    use tokio_socks::Error as Socks;
    io::Error::other(match error {
        Socks::PasswordAuthFailure(_) => match proxy.login() {
            Some((user, _)) => format!(
                "the proxy {proxy} does not know the user '{user}' with this password; check the \
                 proxy setting"
            ),
            None => format!(
                "the proxy {proxy} wants a login; write it into the proxy setting as \
                 socks5://user:password@host:port"
            ),
        },
        Socks::NoAcceptableAuthMethods => {
            format!("the proxy {proxy} wants a kind of login that is not known here")
        }
        Socks::InvalidResponseVersion | Socks::InvalidReservedByte | Socks::UnknownAddressType => {
            format!("the proxy {proxy} does not speak SOCKS5; check host and port of the setting")
        }
        Socks::ConnectionNotAllowedByRuleset => {
            format!("the proxy {proxy} does not allow connections there")
        }
        Socks::HostUnreachable | Socks::TtlExpired => {
            format!("the proxy {proxy} did not find the host, or no way to it")
        }
        Socks::NetworkUnreachable => format!("the proxy {proxy} found no route to the network"),
        Socks::ConnectionRefused => format!("the proxy {proxy} was refused there"),
        Socks::Io(error) => format!("the proxy {proxy} closed the connection ({error})"),
        // Said of any answer with a code that SOCKS does not have.
        Socks::UnknownAuthMethod => format!("the proxy {proxy} could not connect"),
        other => format!("the proxy {proxy} could not connect ({other})"),
    })
}
