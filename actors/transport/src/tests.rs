//! Against small servers in this process, over real sockets.

mod limits;
mod servers;
mod trust;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, System};
use ramson_messages::transport::{
    Endpoint, HttpAnswer, IsolationClass, Post, Security, TransportError,
};

use self::servers::{Certificate, Echo, RawServer};
use crate::{RealDial, Transport, TransportConfig};

const LOCALHOST: &str = "127.0.0.1";

fn run<T>(test: impl Future<Output = T>) -> T {
    System::new().block_on(test)
}

fn transport(config: TransportConfig) -> Addr<Transport> {
    Transport::new(Arc::new(RealDial), config).start()
}

fn node(port: u16) -> Endpoint {
    Endpoint::Node { ip: Ipv4Addr::LOCALHOST, port }
}

fn server(host: &str, port: u16, security: Security) -> Endpoint {
    Endpoint::Server { host: host.to_owned(), port, security }
}

fn plain(port: u16) -> Endpoint {
    server(LOCALHOST, port, Security::Plain)
}

fn post(class: u64, to: Endpoint, body: &str) -> Post {
    Post {
        class: IsolationClass(class),
        to,
        path: "/storage_rpc/v1".to_owned(),
        content_type: Some("application/json"),
        body: body.as_bytes().to_vec(),
        timeout: Duration::from_secs(10),
    }
}

async fn ask(to: &Addr<Transport>, post: Post) -> Result<HttpAnswer, TransportError> {
    to.send(post).await.expect("the actor runs")
}

async fn text(to: &Addr<Transport>, post: Post) -> String {
    let answer = ask(to, post).await.expect("an answer");
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).expect("text")
}

#[test]
fn one_connection_carries_many_requests() {
    run(async {
        let echo = Echo::tls(&Certificate::node()).start().await;
        let transport = transport(TransportConfig::default());
        for number in 0..20 {
            let said = format!("request {number}");
            assert_eq!(text(&transport, post(1, node(echo.port), &said)).await, said);
        }
        assert_eq!((echo.connections(), echo.handshakes()), (1, 1));
    });
}

#[test]
fn the_request_says_what_real_servers_like() {
    run(async {
        let echo = Echo::plain().head_as_body().start().await;
        let transport = transport(TransportConfig::default());
        let answer = ask(&transport, post(1, plain(echo.port), "{}")).await.expect("an answer");
        assert_eq!(answer.content_type, "text/plain");
        let head = String::from_utf8(answer.body).expect("text");
        assert_eq!(
            head,
            format!(
                "POST /storage_rpc/v1 HTTP/1.1\nhost: 127.0.0.1:{}\nuser-agent: WhatsApp\n\
                 accept-language: en-us\ncontent-type: application/json\ncontent-length: 2\n",
                echo.port
            )
        );
    });
}

#[test]
fn large_bodies_arrive_whole_in_both_directions() {
    run(async {
        let echo = Echo::tls(&Certificate::node()).start().await;
        let transport = transport(TransportConfig::default());
        let long = "onion ".repeat(1_500_000);
        assert!(text(&transport, post(1, node(echo.port), &long)).await == long);
        assert_eq!(text(&transport, post(1, node(echo.port), "short")).await, "short");
        assert_eq!(echo.connections(), 1);
    });
}

#[test]
fn isolation_classes_share_nothing() {
    run(async {
        let echo = Echo::tls(&Certificate::node()).start().await;
        let transport = transport(TransportConfig::default());
        for class in [1, 2, 1, 2, 3] {
            text(&transport, post(class, node(echo.port), "x")).await;
        }
        assert_eq!(echo.connections(), 3);
        assert_eq!(echo.resumptions(), 0);
    });
}

#[test]
fn tickets_are_used_within_a_class_and_never_by_another() {
    run(async {
        let echo = Echo::tls(&Certificate::node()).closing().start().await;
        let transport = transport(TransportConfig::default());
        text(&transport, post(1, node(echo.port), "x")).await;
        assert_eq!((echo.handshakes(), echo.resumptions()), (1, 0));
        text(&transport, post(1, node(echo.port), "x")).await;
        assert_eq!((echo.handshakes(), echo.resumptions()), (2, 1));
        text(&transport, post(2, node(echo.port), "x")).await;
        assert_eq!((echo.handshakes(), echo.resumptions()), (3, 1));
    });
}

#[test]
fn a_dead_kept_connection_costs_one_retry() {
    run(async {
        // Answers one request a connection, and closes when the next arrives.
        let raw = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            stream.read_request().await;
        })
        .await;
        let transport = transport(TransportConfig::default());
        for connections in 1..=3 {
            assert_eq!(text(&transport, post(1, plain(raw.port), "x")).await, "ok");
            assert_eq!(raw.connections(), connections);
        }
    });
}

#[test]
fn an_answer_that_began_is_never_asked_for_again() {
    run(async {
        let raw = RawServer::start(|mut stream, connection| async move {
            stream.read_request().await;
            if connection == 0 {
                stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
                stream.read_request().await;
            }
            stream.write(b"HTTP/1.1 200").await;
        })
        .await;
        let transport = transport(TransportConfig::default());
        assert_eq!(text(&transport, post(1, plain(raw.port), "x")).await, "ok");
        let error = ask(&transport, post(1, plain(raw.port), "x")).await.unwrap_err();
        assert!(matches!(error, TransportError::Broken { .. }), "{error}");
        assert_eq!(raw.connections(), 1);
    });
}

#[test]
fn a_new_connection_that_says_nothing_is_not_tried_twice() {
    run(async {
        let raw = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
        })
        .await;
        let transport = transport(TransportConfig::default());
        let error = ask(&transport, post(1, plain(raw.port), "x")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "127.0.0.1:{} broke off: it closed the connection before the answer was complete",
                raw.port
            )
        );
        assert_eq!(raw.connections(), 1);
    });
}

#[test]
fn a_name_is_resolved_and_a_bad_one_named() {
    run(async {
        let echo = Echo::plain().start().await;
        let transport = transport(TransportConfig::default());
        let by_name = server("localhost", echo.port, Security::Plain);
        assert_eq!(text(&transport, post(1, by_name, "x")).await, "x");
        let nowhere = server("seed.invalid", 4443, Security::Plain);
        let error = ask(&transport, post(1, nowhere, "x")).await.unwrap_err();
        assert!(
            error.to_string().contains("the name seed.invalid could not be resolved"),
            "{error}"
        );
    });
}

#[test]
fn nobody_listening_is_unreachable() {
    run(async {
        let port = RawServer::unused_port().await;
        let transport = transport(TransportConfig::default());
        let error = ask(&transport, post(1, node(port), "x")).await.unwrap_err();
        assert_eq!(
            error,
            TransportError::Unreachable {
                to: format!("127.0.0.1:{port}"),
                reason: "the connection was refused".to_owned(),
            }
        );
    });
}
