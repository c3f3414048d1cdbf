//! An HTTP server of hyper and rustls and nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Bytes of an answer to `/echo`.
const ANSWER: usize = 2048;

/// What a storage server says to a path that it does not know.
const NOT_FOUND: &str = "Not found";

/// Binds a port and gives it with the server, which counts TLS handshakes.
pub(super) async fn bind(
    handshakes: Arc<AtomicU64>,
) -> anyhow::Result<(u16, impl Future<Output = anyhow::Result<()>>)> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let certificate = CertificateParams::default().self_signed(&key)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate.der().to_vec())],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let server = async move {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (acceptor, handshakes) = (acceptor.clone(), handshakes.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                handshakes.fetch_add(1, Ordering::SeqCst);
                let service = service_fn(answer);
                let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A client that goes is no failure.
                let _gone = serving.await;
            });
        }
    };
    Ok((port, server))
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    // Read whole, like any server that means to use it.
    let _body = request.into_body().collect().await;
    let (status, body) = match path.as_str() {
        "/echo" => (200, Bytes::from_static(&[b'a'; ANSWER])),
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(1)).await;
            (200, Bytes::from_static(b"late"))
        }
        _ => (404, Bytes::from_static(NOT_FOUND.as_bytes())),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}
