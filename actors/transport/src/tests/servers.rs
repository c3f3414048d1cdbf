//! Small servers that count what happens to them.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ramson_messages::transport::Pin;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{HandshakeKind, ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::dial::Stream;

/// A certificate with the key that it is for.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) der: CertificateDer<'static>,
    spki: Vec<u8>,
    key: Vec<u8>,
}

impl Certificate {
    /// As service nodes show: RSA-2048, self-signed, valid for ever.
    pub(super) fn node() -> Self {
        Self::new("localhost", 2023, 2050)
    }

    /// As the mainnet seeds show: RSA-2048, self-signed, CA=true, one name.
    pub(super) fn new(name: &str, from_year: i32, to_year: i32) -> Self {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(from_year, 4, 5);
        params.not_after = date_time_ymd(to_year, 4, 5);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            spki: rcgen::PublicKeyData::subject_public_key_info(&key),
            key: key.serialize_der(),
        }
    }

    pub(super) fn key_pin(&self) -> Pin {
        Pin { spki_sha256: Sha256::digest(&self.spki).into(), certificate_sha256: None }
    }

    pub(super) fn full_pin(&self) -> Pin {
        let whole = Sha256::digest(&self.der).into();
        Pin { certificate_sha256: Some(whole), ..self.key_pin() }
    }

    /// This certificate shown by somebody who holds another key.
    pub(super) fn stolen_by(&self, thief: &Self) -> Self {
        Self { der: self.der.clone(), spki: self.spki.clone(), key: thief.key.clone() }
    }
}

#[derive(Debug)]
struct Show(Arc<CertifiedKey>);

impl ResolvesServerCert for Show {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    handshakes: AtomicUsize,
    resumptions: AtomicUsize,
    closed: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// A server that answers with what it was sent.
pub(super) struct Echo {
    tls: Option<Arc<ServerConfig>>,
    behaviour: Behaviour,
}

#[derive(Clone, Copy, Default)]
struct Behaviour {
    head_as_body: bool,
    closing: bool,
    delay: Duration,
}

/// An [`Echo`] at work.
pub(super) struct Running {
    pub(super) port: u16,
    counts: Arc<Counts>,
}

impl Echo {
    pub(super) fn plain() -> Self {
        Self { tls: None, behaviour: Behaviour::default() }
    }

    pub(super) fn tls(certificate: &Certificate) -> Self {
        Self::tls_versions(certificate, rustls::ALL_VERSIONS)
    }

    pub(super) fn tls_versions(
        certificate: &Certificate,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = PrivatePkcs8KeyDer::from(certificate.key.clone());
        let key = provider.key_provider.load_private_key(key.into()).unwrap();
        // Not `from_der`, which refuses a key that does not fit.
        let shown = CertifiedKey::new(vec![certificate.der.clone()], key);
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Show(Arc::new(shown))));
        Self { tls: Some(Arc::new(config)), behaviour: Behaviour::default() }
    }

    /// Answers with the head of the request.
    pub(super) fn head_as_body(mut self) -> Self {
        self.behaviour.head_as_body = true;
        self
    }

    /// Closes after every answer.
    pub(super) fn closing(mut self) -> Self {
        self.behaviour.closing = true;
        self
    }

    /// Takes its time.
    pub(super) fn delay(mut self, delay: Duration) -> Self {
        self.behaviour.delay = delay;
        self
    }

    pub(super) async fn start(self) -> Running {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let counts = Arc::new(Counts::default());
        let running = Running { port, counts: counts.clone() };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, counts, behaviour) = (self.tls.clone(), counts.clone(), self.behaviour);
                tokio::spawn(async move {
                    let open = counts.connections.fetch_add(1, Ordering::SeqCst) + 1
                        - counts.closed.load(Ordering::SeqCst);
                    counts.most_at_once.fetch_max(open, Ordering::SeqCst);
                    serve(stream, tls, &counts, behaviour).await;
                    counts.closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        running
    }
}

impl Running {
    pub(super) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> usize {
        self.connections() - self.counts.closed.load(Ordering::SeqCst)
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.counts.most_at_once.load(Ordering::SeqCst)
    }

    pub(super) fn handshakes(&self) -> usize {
        self.counts.handshakes.load(Ordering::SeqCst)
    }

    pub(super) fn resumptions(&self) -> usize {
        self.counts.resumptions.load(Ordering::SeqCst)
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    counts: &Counts,
    behaviour: Behaviour,
) {
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(config) => {
            let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else {
                return;
            };
            counts.handshakes.fetch_add(1, Ordering::SeqCst);
            if stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed) {
                counts.resumptions.fetch_add(1, Ordering::SeqCst);
            }
            Box::new(stream)
        }
    };
    let service = service_fn(|request| answer(request, behaviour));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    behaviour: Behaviour,
) -> Result<Response<Full<Bytes>>, Infallible> {
    tokio::time::sleep(behaviour.delay).await;
    let (head, body) = request.into_parts();
    let mut body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if behaviour.head_as_body {
        let mut text = format!("{} {} {:?}\n", head.method, head.uri, head.version);
        for (name, value) in &head.headers {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        body = text.into();
    }
    let mut response = Response::builder().header("content-type", "text/plain");
    if behaviour.closing {
        response = response.header("connection", "close");
    }
    Ok(response.body(Full::new(body)).unwrap())
}

/// A server that does whatever a test wants with its connections.
pub(super) struct RawServer {
    pub(super) port: u16,
    connections: Arc<AtomicUsize>,
}

/// One connection to a [`RawServer`].
pub(super) struct Raw(TcpStream);

impl RawServer {
    /// `handle` gets each connection and its number; the connection closes
    /// when it returns.
    pub(super) async fn start<F, R>(handle: F) -> Self
    where
        F: Fn(Raw, usize) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(handle(Raw(stream), number));
            }
        });
        Self { port, connections }
    }

    pub(super) async fn unused_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Raw {
    /// Reads what has come of a request; a small one comes in one piece.
    pub(super) async fn read_request(&mut self) {
        let _ = self.0.read(&mut [0; 4096]).await;
    }

    /// Writes; false when the peer is gone.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }
}
