//! Peers that are slow or never end, and how much is done at once.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ramson_messages::transport::{MAX_ANSWER, Post, TransportError};

use super::servers::{Certificate, Echo, RawServer};
use super::{ask, node, plain, post, run, text, transport};
use crate::TransportConfig;

fn within(post: Post, timeout: Duration) -> Post {
    Post { timeout, ..post }
}

#[expect(clippy::disallowed_methods, reason = "a test of real time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_byte_a_second_ends_at_the_deadline() {
    run(async {
        // In the head, in the body, and before TLS has begun.
        let head = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            trickle(&mut stream, b"HTTP/1.1 200 OK\r\n").await;
        })
        .await;
        let body = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n").await;
            trickle(&mut stream, b"seventeen letters").await;
        })
        .await;
        let tls = RawServer::start(|mut stream, _| async move {
            trickle(&mut stream, &[22, 3, 3, 1, 0]).await;
        })
        .await;
        let transport = transport(TransportConfig::default());
        let started = now();
        let answers = join_all(
            [plain(head.port), plain(body.port), node(tls.port)]
                .map(|to| ask(&transport, within(post(1, to, "x"), Duration::from_millis(1500)))),
        )
        .await;
        let took = started.elapsed();
        for answer in answers {
            let error = answer.unwrap_err();
            assert!(matches!(error, TransportError::TimedOut { seconds: 2, .. }), "{error}");
        }
        assert!((1500..4000).contains(&took.as_millis()), "{took:?}");
    });
}

async fn trickle(stream: &mut super::servers::Raw, bytes: &[u8]) {
    for byte in bytes {
        if !stream.write(&[*byte]).await {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[test]
fn an_endless_body_is_cut_off() {
    run(async {
        let chunked = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            stream.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            let mut chunk = b"10000\r\n".to_vec();
            chunk.extend(vec![b'x'; 0x10000]);
            chunk.extend(b"\r\n");
            while stream.write(&chunk).await {}
        })
        .await;
        let announced = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").await;
            stream.read_request().await;
        })
        .await;
        let transport = transport(TransportConfig::default());
        for port in [chunked.port, announced.port] {
            let error = ask(&transport, post(1, plain(port), "x")).await.unwrap_err();
            let to = format!("127.0.0.1:{port}");
            assert_eq!(error, TransportError::TooLarge { to, limit: MAX_ANSWER });
        }
    });
}

#[test]
fn garbage_instead_of_http() {
    run(async {
        let raw = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            stream.write(b"\x00\x01garbage\r\n\r\n").await;
            stream.read_request().await;
        })
        .await;
        let endless_head = RawServer::start(|mut stream, _| async move {
            stream.read_request().await;
            stream.write(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write(b"X-More: yes, there is more of this to come\r\n").await {}
        })
        .await;
        let transport = transport(TransportConfig::default());
        let to = format!("127.0.0.1:{}", raw.port);
        let error = ask(&transport, post(1, plain(raw.port), "x")).await.unwrap_err();
        assert_eq!(error, TransportError::Broken { to, reason: "its answer is not HTTP".into() });
        let to = format!("127.0.0.1:{}", endless_head.port);
        let error = ask(&transport, post(1, plain(endless_head.port), "x")).await.unwrap_err();
        let reason = "the headers of its answer are too large".into();
        assert_eq!(error, TransportError::Broken { to, reason });
    });
}

#[test]
fn more_than_the_allowed_requests_are_refused() {
    run(async {
        let echo = Echo::plain().delay(Duration::from_millis(300)).start().await;
        let transport =
            transport(TransportConfig { max_in_flight: 2, ..TransportConfig::default() });
        let answers =
            join_all((0..3).map(|_| ask(&transport, post(1, plain(echo.port), "x")))).await;
        let busy = answers
            .iter()
            .filter(|answer| **answer == Err(TransportError::Busy { in_flight: 2 }))
            .count();
        assert_eq!((busy, answers.iter().filter(|answer| answer.is_ok()).count()), (1, 2));
        assert_eq!(text(&transport, post(1, plain(echo.port), "again")).await, "again");
    });
}

#[test]
fn requests_above_the_connections_of_an_endpoint_wait_their_turn() {
    run(async {
        let echo = Echo::tls(&Certificate::node()).delay(Duration::from_millis(50)).start().await;
        let transport =
            transport(TransportConfig { max_per_endpoint: 2, ..TransportConfig::default() });
        let answers =
            join_all((0..8).map(|_| ask(&transport, post(1, node(echo.port), "x")))).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(echo.connections(), 2);
    });
}

#[test]
fn waiting_for_a_turn_counts_as_time() {
    run(async {
        let echo = Echo::plain().delay(Duration::from_millis(600)).start().await;
        let transport =
            transport(TransportConfig { max_per_endpoint: 1, ..TransportConfig::default() });
        let long = ask(&transport, post(1, plain(echo.port), "x"));
        let short = within(post(1, plain(echo.port), "x"), Duration::from_millis(200));
        let (long, short) = tokio::join!(long, ask(&transport, short));
        assert!(long.is_ok());
        assert!(matches!(short, Err(TransportError::TimedOut { seconds: 1, .. })), "{short:?}");
        assert_eq!(echo.connections(), 1);
    });
}

#[test]
fn the_total_of_connections_holds() {
    run(async {
        let one = Echo::plain().delay(Duration::from_millis(100)).start().await;
        let two = Echo::plain().delay(Duration::from_millis(100)).start().await;
        let transport =
            transport(TransportConfig { max_connections: 1, ..TransportConfig::default() });
        // An idle connection makes room, and a busy one is waited for.
        for port in [one.port, two.port, one.port] {
            assert_eq!(text(&transport, post(1, plain(port), "x")).await, "x");
        }
        let both = [one.port, two.port, one.port, two.port];
        let answers = join_all(both.map(|port| ask(&transport, post(1, plain(port), "x")))).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert!(one.most_at_once() <= 1 && two.most_at_once() <= 1);
    });
}

#[test]
fn idle_connections_are_closed() {
    run(async {
        let echo = Echo::tls(&Certificate::node()).start().await;
        let idle = Duration::from_millis(200);
        let transport = transport(TransportConfig { idle, ..TransportConfig::default() });
        text(&transport, post(1, node(echo.port), "x")).await;
        assert_eq!(echo.open(), 1);
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!((echo.open(), echo.connections()), (0, 1));
        text(&transport, post(1, node(echo.port), "x")).await;
        assert_eq!(echo.connections(), 2);
    });
}

#[test]
fn a_request_that_timed_out_leaves_no_connection_behind() {
    run(async {
        let echo = Echo::plain().delay(Duration::from_millis(500)).start().await;
        let transport = transport(TransportConfig::default());
        let short = within(post(1, plain(echo.port), "x"), Duration::from_millis(100));
        assert!(ask(&transport, short).await.is_err());
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!((echo.open(), echo.connections()), (0, 1));
    });
}
