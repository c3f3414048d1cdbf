//! The POST that the last node of an onion path makes to a server outside.

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Uri, client::conn::http1};
use hyper_util::rt::TokioIo;
use ramson_node::{HttpResponse, MAX_BODY, Reply, ServerRequest};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Makes the POST. Servers of a local network speak plain HTTP: the request
/// is sealed to the server's key anyway.
pub(crate) async fn post(request: ServerRequest) -> Reply {
    match try_post(request).await {
        Ok(response) => Reply::Answer(response),
        Err(error) => Reply::Failed(error.to_string()),
    }
}

async fn try_post(request: ServerRequest) -> io::Result<HttpResponse> {
    let url: Uri = request.url.parse().map_err(io::Error::other)?;
    let (Some("http"), Some(authority)) = (url.scheme_str(), url.authority()) else {
        let reason = format!("nodes of a local network ask http servers only, not {url}");
        return Err(io::Error::other(reason));
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Ends with this future.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let post = Request::post(url.path())
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, "application/octet-stream")
        .body(Full::new(Bytes::from(request.body)))
        .map_err(io::Error::other)?;
    let (head, body) = sender.send_request(post).await.map_err(io::Error::other)?.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(io::Error::other)?;
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Ok(HttpResponse {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: body.to_bytes().into(),
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
    }

    #[test]
    fn a_server_gets_the_post_and_its_answer_comes_back() {
        run(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                stream
                    .write_all(b"HTTP/1.1 202 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nyes")
                    .await
                    .unwrap();
                String::from_utf8(request[..length].to_vec()).unwrap()
            });
            let url = format!("http://127.0.0.1:{port}/oxen/v4/lsrpc");
            let reply = post(ServerRequest { url, body: b"sealed".to_vec() }).await;
            let Reply::Answer(answer) = reply else { panic!("{reply:?}") };
            assert_eq!((answer.status, answer.body.as_slice()), (202, b"yes".as_slice()));
            assert!(answer.headers.contains(&("x-a".to_owned(), "b".to_owned())));
            let request = server.await.unwrap();
            assert!(request.starts_with("POST /oxen/v4/lsrpc HTTP/1.1\r\n"), "{request}");
            assert!(request.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{request}");
            assert!(request.ends_with("\r\n\r\nsealed"), "{request}");
        });
    }

    #[test]
    fn a_server_that_cannot_be_asked_fails_with_a_reason() {
        run(async {
            for url in ["https://127.0.0.1/oxen/v4/lsrpc", "http://127.0.0.1:1/x", "no url"] {
                let reply = post(ServerRequest { url: url.to_owned(), body: Vec::new() }).await;
                assert!(matches!(&reply, Reply::Failed(reason) if !reason.is_empty()), "{reply:?}");
            }
        });
    }
}
