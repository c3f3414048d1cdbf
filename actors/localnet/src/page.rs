//! The status page: plain HTTP on 127.0.0.1, for the eyes of whoever runs the
//! network. It shows and changes nothing, so all it has to guard against is
//! being read by a page of somebody else (DNS rebinding, frames) and showing
//! text that others chose as anything but text.

mod html;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use ramson_node::{HttpRequest, HttpResponse};
use rand::Rng as _;

use crate::mischief::{Pace, Sent};
use crate::net::Net;
use crate::server::Answer;
use crate::status::Status;

/// Answers of the page that listens at `address`.
pub(crate) fn answers(net: Arc<Net>, address: SocketAddr) -> Answer {
    // What else stands on the page cannot know it, and does not run.
    let mut nonce = [0; 16];
    net.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut nonce);
    let nonce = hex::encode(nonce);
    Arc::new(move |request| {
        let response = answer(&request, address, &nonce, || net.status());
        Box::pin(std::future::ready(Sent::Answer(response, Pace::Whole)))
    })
}

fn answer(
    request: &HttpRequest,
    address: SocketAddr,
    nonce: &str,
    status: impl FnOnce() -> Status,
) -> HttpResponse {
    let mut hosts = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    let (Some((_, host)), None) = (hosts.next(), hosts.next()) else {
        return plain(400, "a request says once whom it is for");
    };
    if !is_ours(host, address.port()) {
        // A name that leads here is somebody's trick.
        return plain(403, "this page is asked by its address, http://127.0.0.1 and its port");
    }
    if request.method != "GET" {
        let mut refused = plain(405, "this page can only be read");
        refused.headers.push(("Allow".to_owned(), "GET".to_owned()));
        return refused;
    }
    match request.path.split('?').next().unwrap_or_default() {
        "/" => {
            let policy = format!(
                "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
                 connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            );
            let body = html::page(&status(), nonce).into_bytes();
            let mut page = response(200, "text/html; charset=utf-8", body);
            page.headers.push(("Content-Security-Policy".to_owned(), policy));
            page
        }
        "/status.json" => match serde_json::to_vec_pretty(&status()) {
            Ok(body) => response(200, "application/json", body),
            Err(error) => plain(500, &error.to_string()),
        },
        _ => plain(404, "there are / and /status.json"),
    }
}

fn is_ours(host: &str, port: u16) -> bool {
    let Some((name, told)) = host.rsplit_once(':') else { return false };
    told.parse() == Ok(port)
        && ["127.0.0.1", "[::1]", "localhost"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn plain(status: u16, text: &str) -> HttpResponse {
    response(status, "text/plain; charset=utf-8", format!("{text}\n").into_bytes())
}

fn response(status: u16, content_type: &str, body: Vec<u8>) -> HttpResponse {
    let headers = [
        ("Content-Type", content_type),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    HttpResponse { status, headers, body }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::status::{NameStatus, NodeStatus, RuleStatus, SwarmStatus, Trouble};

    const EVIL: &str = "<script>alert('&\"')</script>";

    fn status() -> Status {
        let node = |node| NodeStatus {
            node,
            key: "ab".repeat(32),
            address: "127.0.0.1:1".to_owned(),
            swarm: (node < 2).then_some(0),
            up: node != 1,
            stopped: node == 1,
            messages: 3,
            requests: 4,
            calls: 5,
            misdirected: 6,
            errors: 7,
            faults: vec![EVIL.to_owned()],
        };
        Status {
            network: EVIL.to_owned(),
            seed: "http://127.0.0.1:1/json_rpc".to_owned(),
            page: None,
            time: 1_000_000,
            up_seconds: 3725,
            requests_per_second: 1.25,
            last_minute: vec![0, 3, 1],
            nodes: vec![node(0), node(1), node(2)],
            swarms: vec![SwarmStatus { swarm: 0, id: "0".to_owned(), nodes: vec![0, 1] }],
            names: vec![NameStatus { name: EVIL.to_owned(), id: "05ab".to_owned() }],
            file_server: None,
            faults: vec![RuleStatus {
                fault: "late".to_owned(),
                name: Some(EVIL.to_owned()),
                about: EVIL.to_owned(),
                on: true,
                struck: 2,
            }],
            recent: vec![Trouble {
                at: 940_000,
                who: EVIL.to_owned(),
                what: EVIL.to_owned(),
                times: 2,
            }],
        }
    }

    fn ask(method: &str, path: &str, hosts: &[&str]) -> HttpResponse {
        let headers = hosts.iter().map(|host| ("Host".to_owned(), (*host).to_owned())).collect();
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (method, path) = (method.to_owned(), path.to_owned());
        let request = HttpRequest { method, path, headers, body: Vec::new(), peer };
        answer(&request, "127.0.0.1:8080".parse().unwrap(), "n0nce", status)
    }

    #[test]
    fn it_is_read_by_its_own_address_only() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"] {
            assert_eq!(ask("GET", "/", &[host]).status, 200, "{host}");
        }
        for host in ["127.0.0.1", "evil.example:8080", "127.0.0.1:80", "127.0.0.1.evil:8080", ""] {
            assert_eq!(ask("GET", "/status.json", &[host]).status, 403, "{host}");
        }
        assert_eq!(ask("GET", "/", &[]).status, 400);
        assert_eq!(ask("GET", "/", &["localhost:8080", "localhost:8080"]).status, 400);
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"] {
            assert_eq!(ask(method, "/", &["localhost:8080"]).status, 405, "{method}");
        }
        assert_eq!(ask("GET", "/../etc", &["localhost:8080"]).status, 404);
    }

    #[test]
    fn text_of_others_stays_text() {
        let page = ask("GET", "/?a", &["localhost:8080"]);
        let policy = page.headers.iter().find(|(name, _)| name == "Content-Security-Policy");
        assert!(policy.unwrap().1.contains("script-src 'nonce-n0nce'"));
        let body = String::from_utf8(page.body).unwrap();
        assert!(!body.contains("<script>"), "{body}");
        assert_eq!(body.matches("<script nonce=\"n0nce\">").count(), 1);
        assert_eq!(body.matches("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)").count(), 10);
        assert!(!body.contains("http-equiv=\"Content") && !body.contains("src="), "{body}");
    }

    #[test]
    fn the_json_is_the_status() {
        let json = ask("GET", "/status.json", &["localhost:8080"]);
        assert_eq!(serde_json::from_slice::<Status>(&json.body).unwrap(), status());
    }
}
