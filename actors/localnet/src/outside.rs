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
