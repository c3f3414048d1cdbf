//! A client that takes any certificate and opens a connection per request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use ramson_codec::network_file::ServerUrl;
use ramson_types::ServiceNode;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Answer = Result<(u16, Vec<u8>), io::Error>;

/// Posts to a node; a body of over 10 MiB goes in chunks.
pub(super) async fn tls(node: &ServiceNode, path: &str, body: Vec<u8>) -> Answer {
    post(connect(node).await?, path, body).await
}

/// Posts to a seed.
pub(super) async fn plain(url: &ServerUrl, body: Vec<u8>) -> Answer {
    post(TcpStream::connect((url.host.as_str(), url.port)).await?, &url.path, body).await
}

/// Sends bytes and reads until the node closes.
pub(super) async fn raw(node: &ServiceNode, bytes: &str) -> String {
    let mut stream = connect(node).await.unwrap();
    let _ = stream.write_all(bytes.as_bytes()).await;
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(5), reading).await;
    String::from_utf8(answer).unwrap()
}

async fn connect(node: &ServiceNode) -> io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any(provider)))
        .with_no_client_auth();
    let stream = TcpStream::connect((node.ip, node.https_port)).await?;
    let name = ServerName::IpAddress(std::net::IpAddr::V4(node.ip).into());
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn post<S>(stream: S, path: &str, body: Vec<u8>) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let in_chunks = body.len() > 10 * 1024 * 1024;
    let body = Bytes::from(body);
    let body = if in_chunks {
        let frames = (0..body.len()).step_by(65536).map(move |at| {
            Ok::<_, std::convert::Infallible>(Frame::data(
                body.slice(at..(at + 65536).min(body.len())),
            ))
        });
        StreamBody::new(futures_util::stream::iter(frames)).boxed()
    } else {
        Full::new(body).boxed()
    };
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::post(path).header(header::HOST, "localhost").body(body).unwrap();
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    Ok((status, body.into()))
}

#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
