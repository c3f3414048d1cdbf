//! Which certificates are good enough for whom.

use ramson_messages::transport::{Pin, Security, TransportError};
use rustls::version::{TLS12, TLS13};

use super::servers::{Certificate, Echo, RawServer};
use super::{ask, node, post, run, server, text, transport};
use crate::TransportConfig;

const NAME: &str = "localhost";

fn pinned(port: u16, pin: Pin) -> ramson_messages::transport::Endpoint {
    server(NAME, port, Security::Pinned(vec![pin]))
}

/// The reason why `certificate` is refused where `pin` is expected.
async fn refusal(certificate: &Certificate, pin: Pin) -> String {
    let echo = Echo::tls(certificate).start().await;
    let transport = transport(TransportConfig::default());
    match ask(&transport, post(1, pinned(echo.port, pin), "secret")).await {
        Err(TransportError::NotTrusted { to, reason }) => {
            assert_eq!(to, format!("{NAME}:{}", echo.port));
            assert_eq!(echo.handshakes(), 0, "the handshake must not complete");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_pinned_certificate_is_taken() {
    run(async {
        let certificate = Certificate::new(NAME, 2023, 2050);
        let transport = transport(TransportConfig::default());
        for versions in [&[&TLS12], &[&TLS13]] {
            let echo = Echo::tls_versions(&certificate, versions).start().await;
            for pin in [certificate.key_pin(), certificate.full_pin()] {
                assert_eq!(text(&transport, post(1, pinned(echo.port, pin), "x")).await, "x");
            }
        }
    });
}

#[test]
fn one_of_several_pins_is_enough() {
    run(async {
        let (old, new) = (Certificate::new(NAME, 2023, 2050), Certificate::new(NAME, 2023, 2050));
        let pins = vec![old.full_pin(), new.full_pin()];
        let transport = transport(TransportConfig::default());
        for certificate in [old, new] {
            let echo = Echo::tls(&certificate).start().await;
            let to = server(NAME, echo.port, Security::Pinned(pins.clone()));
            assert_eq!(text(&transport, post(1, to, "x")).await, "x");
        }
    });
}

#[test]
fn every_fault_of_a_pinned_certificate_is_named() {
    run(async {
        let certificate = Certificate::new(NAME, 2023, 2050);
        let other = Certificate::new(NAME, 2023, 2050);
        assert_eq!(
            refusal(&certificate, other.key_pin()).await,
            "its certificate is not the pinned one"
        );
        let mixed = Pin { certificate_sha256: Some([7; 32]), ..certificate.key_pin() };
        assert_eq!(
            refusal(&certificate, mixed).await,
            "its key is pinned, but not in this certificate"
        );
        let expired = Certificate::new(NAME, 2020, 2023);
        assert_eq!(refusal(&expired, expired.full_pin()).await, "its certificate has expired");
        let early = Certificate::new(NAME, 2080, 2090);
        assert_eq!(refusal(&early, early.full_pin()).await, "its certificate is not valid yet");
        let elsewhere = Certificate::new("seed1.example.org", 2023, 2050);
        assert_eq!(
            refusal(&elsewhere, elsewhere.full_pin()).await,
            "its certificate is for seed1.example.org, not for localhost"
        );
    });
}

#[test]
fn a_certificate_without_its_key_proves_nothing() {
    run(async {
        let certificate = Certificate::new(NAME, 2023, 2050);
        let shown = certificate.stolen_by(&Certificate::new(NAME, 2023, 2050));
        for versions in [&[&TLS12], &[&TLS13]] {
            let echo = Echo::tls_versions(&shown, versions).start().await;
            let transport = transport(TransportConfig::default());
            let endpoints = [
                pinned(echo.port, certificate.full_pin()),
                node(echo.port),
                server(NAME, echo.port, Security::AnyCertificate),
            ];
            for to in endpoints {
                let error = ask(&transport, post(1, to, "secret")).await.unwrap_err();
                let TransportError::NotTrusted { reason, .. } = error else { panic!("{error}") };
                assert_eq!(reason, "it does not hold the key of its certificate");
            }
            assert_eq!(echo.handshakes(), 0);
        }
    });
}

#[test]
fn any_certificate_is_enough_for_nodes() {
    run(async {
        let transport = transport(TransportConfig::default());
        for versions in [&[&TLS12], &[&TLS13]] {
            let certificate = Certificate::new("somebody.example.org", 2020, 2023);
            let echo = Echo::tls_versions(&certificate, versions).start().await;
            assert_eq!(text(&transport, post(1, node(echo.port), "x")).await, "x");
            let any = server(NAME, echo.port, Security::AnyCertificate);
            assert_eq!(text(&transport, post(1, any, "x")).await, "x");
        }
    });
}

#[test]
fn the_ordinary_rule_refuses_a_self_signed_certificate() {
    run(async {
        let echo = Echo::tls(&Certificate::node()).start().await;
        let transport = transport(TransportConfig::default());
        let to = server(NAME, echo.port, Security::WebPki);
        let error = ask(&transport, post(1, to, "x")).await.unwrap_err();
        assert!(matches!(error, TransportError::NotTrusted { .. }), "{error}");
        assert_eq!(echo.handshakes(), 0);
    });
}

#[test]
fn garbage_instead_of_tls() {
    run(async {
        let raw = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            stream.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").await;
            stream.read_request().await;
        })
        .await;
        let transport = transport(TransportConfig::default());
        let error = ask(&transport, post(1, node(raw.port), "x")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "127.0.0.1:{} did not prove to be the right server: it does not speak TLS",
                raw.port
            )
        );
    });
}

#[test]
fn a_connection_that_ends_in_the_handshake_is_broken() {
    run(async {
        let raw = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
        })
        .await;
        let transport = transport(TransportConfig::default());
        let error = ask(&transport, post(1, node(raw.port), "x")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "127.0.0.1:{} broke off: in the TLS handshake the connection was closed",
                raw.port
            )
        );
    });
}
