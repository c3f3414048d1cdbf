//! Against a small SOCKS5 server in this process.

use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::RealDial;

/// How the proxy behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Takes any login.
    Login,
    /// Wants none.
    Open,
    /// Refuses every login.
    Strict,
    /// Answers every request with this code.
    Refusing(u8),
    /// Is no SOCKS5 proxy.
    Http,
}

/// One stream through the proxy: login and target.
type Seen = (Option<(String, String)>, String);

struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Proxy {
    /// A proxy that leads every stream to `target`, wherever it should go.
    async fn start(manner: Manner, target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let noted = seen.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let noted = noted.clone();
                tokio::spawn(async move { serve(stream, manner, target, &noted).await });
            }
        });
        Self { port, seen }
    }

    /// The same, over sockets that are noted.
    fn watched(&self, noted: &Watched) -> SocksDial {
        let address = format!("socks5://127.0.0.1:{}", self.port).parse().unwrap();
        SocksDial::new(address, Arc::new(noted.clone()), 1)
    }

    fn dial(&self, login: &str, tag: u128) -> SocksDial {
        let address = format!("socks5://{login}127.0.0.1:{}", self.port).parse().unwrap();
        SocksDial::new(address, Arc::new(RealDial), tag)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }
}

async fn text(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(String::from_utf8(bytes).unwrap())
}

async fn serve(
    mut stream: TcpStream,
    manner: Manner,
    target: u16,
    noted: &Mutex<Vec<Seen>>,
) -> io::Result<()> {
    if manner == Manner::Http {
        // Closing with something unread would take the answer back.
        stream.read_exact(&mut [0; 4]).await?;
        return stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    }
    assert_eq!(stream.read_u8().await?, 5);
    let mut methods = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut methods).await?;
    assert!(methods.contains(&0) && methods.contains(&2), "either kind of proxy can be used");
    let mut login = None;
    if matches!(manner, Manner::Login | Manner::Strict) {
        stream.write_all(&[5, 2]).await?;
        assert_eq!(stream.read_u8().await?, 1);
        login = Some((text(&mut stream).await?, text(&mut stream).await?));
        stream.write_all(&[1, u8::from(manner == Manner::Strict)]).await?;
    } else {
        stream.write_all(&[5, 0]).await?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = match head[3] {
        1 => Ipv4Addr::from(stream.read_u32().await?).to_string(),
        3 => format!("name {}", text(&mut stream).await?),
        4 => std::net::Ipv6Addr::from(stream.read_u128().await?).to_string(),
        kind => panic!("address of kind {kind}"),
    };
    let to = format!("{host} {}", stream.read_u16().await?);
    noted.lock().unwrap().push((login, to));
    let code = if let Manner::Refusing(code) = manner { code } else { 0 };
    stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    if code == 0 {
        let mut there = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
        copy_bidirectional(&mut stream, &mut there).await?;
    }
    Ok(())
}

/// Real sockets that note where each one leads.
#[derive(Clone, Default)]
struct Watched {
    dialled: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.dialled.lock().unwrap())
    }
}

impl Dial for Watched {
    fn dial(&self, to: &Address, class: IsolationClass) -> Dialing {
        self.dialled.lock().unwrap().push(to.to_string());
        RealDial.dial(to, class)
    }
}

/// A server that greets, and its port.
async fn greeter() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"hello").await.unwrap();
        }
    });
    port
}

fn address(host: &str, port: u16) -> Address {
    Address { host: Host::parse(host), port }
}

async fn greeting(dial: &SocksDial, to: Address, class: u64) -> io::Result<String> {
    let mut stream = dial.dial(&to, IsolationClass(class)).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

#[tokio::test]
async fn streams_go_through_the_proxy_which_resolves_the_names() {
    let proxy = Proxy::start(Manner::Login, greeter().await).await;
    let dial = proxy.dial("", 1);
    for host in ["seed.example", "203.0.113.7", "[2001:db8::1]", "localhost", "127.0.0.1"] {
        assert_eq!(greeting(&dial, address(host, 443), 0).await.unwrap(), "hello");
    }
    let targets: Vec<_> = proxy.seen().iter().map(|(_, to)| to.clone()).collect();
    let names = ["name seed.example 443", "203.0.113.7 443", "2001:db8::1 443"];
    assert_eq!(targets[..3], names);
    assert_eq!(targets[3..], ["name localhost 443", "127.0.0.1 443"], "nothing goes around it");
}

#[tokio::test]
async fn only_the_proxy_is_ever_dialled() {
    let hosts = ["seed.example", "203.0.113.7", "[2001:db8::1]", "localhost", "127.0.0.1", "[::1]"];
    let manners = [Manner::Login, Manner::Open, Manner::Strict, Manner::Refusing(5), Manner::Http];
    for manner in manners {
        let proxy = Proxy::start(manner, greeter().await).await;
        let noted = Watched::default();
        let dial = proxy.watched(&noted);
        let opens = matches!(manner, Manner::Login | Manner::Open);
        for host in hosts {
            let greeted = greeting(&dial, address(host, 443), 0).await;
            assert_eq!(greeted.is_ok(), opens, "{host}");
            // Once for each stream, and no second try without it.
            assert_eq!(noted.take(), [format!("127.0.0.1:{}", proxy.port)], "{host}");
        }
    }
    // A proxy that is gone is no reason to go without it.
    let noted = Watched::default();
    let dial = SocksDial::new("socks5://127.0.0.1:1".parse().unwrap(), Arc::new(noted.clone()), 1);
    greeting(&dial, address("seed.example", 443), 0).await.unwrap_err();
    assert_eq!(noted.take(), ["127.0.0.1:1"]);
    // Only loopback may be let past it.
    let proxy = Proxy::start(Manner::Open, greeter().await).await;
    let dial = proxy.watched(&noted).with_direct_loopback();
    for host in ["localhost.example", "192.168.0.1", "10.0.0.1", "[fe80::1]", "0.0.0.0"] {
        greeting(&dial, address(host, 443), 0).await.unwrap();
        assert_eq!(noted.take(), [format!("127.0.0.1:{}", proxy.port)], "{host}");
    }
}

#[tokio::test]
async fn classes_and_engines_have_logins_of_their_own() {
    let target = greeter().await;
    let proxy = Proxy::start(Manner::Login, target).await;
    let (one, other) = (proxy.dial("", 1), proxy.dial("", 2));
    for (dial, class) in [(&one, 1), (&one, 1), (&one, 2), (&other, 1)] {
        greeting(dial, address("198.51.100.1", 22021), class).await.unwrap();
    }
    let mut logins: Vec<_> = proxy.seen().iter().map(|(login, _)| login.clone().unwrap()).collect();
    assert_eq!(logins[0], logins[1], "a class keeps its own");
    logins.sort();
    logins.dedup();
    assert_eq!(logins.len(), 3);

    let own = Proxy::start(Manner::Login, target).await;
    greeting(&own.dial("me:secret@", 1), address("198.51.100.1", 1), 1).await.unwrap();
    assert_eq!(own.seen()[0].0, Some(("me".into(), "secret".into())));
    let open = Proxy::start(Manner::Open, target).await;
    assert_eq!(greeting(&open.dial("", 1), address("a", 1), 1).await.unwrap(), "hello");
    assert_eq!(open.seen()[0].0, None);
}

#[tokio::test]
async fn a_network_of_this_machine_is_dialled_directly_and_nothing_else_is() {
    let target = greeter().await;
    let proxy = Proxy::start(Manner::Login, target).await;
    let dial = proxy.dial("", 1).with_direct_loopback();
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(greeting(&dial, address(host, target), 0).await.unwrap(), "hello");
    }
    assert!(proxy.seen().is_empty());
    greeting(&dial, address("localhost.example", target), 0).await.unwrap();
    greeting(&dial, address("192.168.0.1", target), 0).await.unwrap();
    assert_eq!(proxy.seen().len(), 2);
}

#[tokio::test]
async fn what_a_proxy_refuses_is_said_in_plain_words() {
    let target = greeter().await;
    let cases = [
        (Manner::Strict, "", "wants a login"),
        (Manner::Strict, "me:secret@", "does not know the user 'me'"),
        (Manner::Refusing(1), "", "could not connect"),
        (Manner::Refusing(2), "", "does not allow"),
        (Manner::Refusing(3), "", "no route to the network"),
        (Manner::Refusing(4), "", "did not find the host"),
        (Manner::Refusing(5), "", "was refused there"),
        (Manner::Refusing(99), "", "could not connect"),
        (Manner::Http, "", "does not speak SOCKS5"),
    ];
    for (manner, login, words) in cases {
        let proxy = Proxy::start(manner, target).await;
        let error = greeting(&proxy.dial(login, 1), address("a.example", 1), 1).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("secret"), "{text}");
    }
    let gone = "socks5://127.0.0.1:1".parse().unwrap();
    let dial = SocksDial::new(gone, Arc::new(RealDial), 1);
    let error = greeting(&dial, address("a.example", 1), 1).await.unwrap_err();
    assert!(error.to_string().starts_with("the proxy 127.0.0.1:1 could not be reached"));
    let long = Address { host: Host::Name("x".repeat(256)), port: 1 };
    let proxy = Proxy::start(Manner::Login, target).await;
    let error = greeting(&proxy.dial("", 1), long, 1).await.unwrap_err();
    assert!(error.to_string().contains("longer than a host name"));
}
