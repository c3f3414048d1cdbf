//! Requests to servers through onion layers, and their answers (02 sections
//! 3.7 and 3.8): what the innermost layer holds, both ways. Version 4 is a
//! bencoded list of one or two strings, a JSON head and a body:
//!
//! ```text
//! l79:{"method":"GET","endpoint":"/room/x","headers":{…}}e
//! l58:{"code":200,"headers":{…}}11:{"id": 123}e
//! ```
//!
//! Version 3 ([`V3Request`]) is one JSON object. How either is sealed and
//! relayed is [`onion_frame`](crate::onion_frame)'s business.

mod headers;
mod v3;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::bt::{self, BtError};

pub use headers::Headers;
pub use v3::{TARGET_V3, V3Request};

/// The path of servers that take version 4.
pub const TARGET: &str = "/oxen/v4/lsrpc";

/// The text of a server's 400 for a request that it cannot read.
pub const INVALID_REQUEST: &str = "Invalid v4 onion request";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Path and query; begins with a slash.
    pub endpoint: String,
    /// In the order in which they were written.
    pub headers: Headers,
    /// `None` for methods without a body; it may also be empty.
    pub body: Option<Vec<u8>>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, as in HTTP.
    pub code: u16,
    /// Names in lower case.
    pub headers: Headers,
    /// What the endpoint answered; empty if there is nothing.
    pub body: Vec<u8>,
}

/// Why bytes are not a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum V4Error {
    /// Not a list of one or two strings.
    #[error("the v4 frame is not a list of one or two strings: {0}")]
    Frame(#[from] BtError),
    /// An empty list.
    #[error("the v4 frame is an empty list; its head is missing")]
    NoHead,
    /// The head is not the JSON it should be.
    #[error("the head of the v4 frame is unusable: {reason}")]
    Head {
        /// What the parser says.
        reason: String,
    },
    /// A path that is none.
    #[error("the v4 request is for '{endpoint}', which does not begin with a slash")]
    Endpoint {
        /// The endpoint as it was given.
        endpoint: String,
    },
}

#[derive(Serialize, Deserialize)]
struct RequestHead<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    #[serde(default)]
    headers: Cow<'a, Headers>,
}

#[derive(Serialize, Deserialize)]
struct ResponseHead<'a> {
    code: u16,
    #[serde(default)]
    headers: Cow<'a, Headers>,
}

impl Request {
    /// A request without headers and body.
    pub fn get(endpoint: impl Into<String>) -> Self {
        let (method, headers) = ("GET".to_owned(), Headers::default());
        Self { method, endpoint: endpoint.into(), headers, body: None }
    }

    /// A request that brings a body. Servers assume no content type.
    pub fn post(endpoint: impl Into<String>, headers: Headers, body: Vec<u8>) -> Self {
        Self { method: "POST".to_owned(), endpoint: endpoint.into(), headers, body: Some(body) }
    }

    /// What is sealed for the server.
    pub fn encode(&self) -> Vec<u8> {
        let head = RequestHead {
            method: self.method.as_str().into(),
            endpoint: self.endpoint.as_str().into(),
            headers: Cow::Borrowed(&self.headers),
        };
        frame(&head, self.body.as_deref())
    }

    /// Reads a request, as a server. One that fails is to be answered with
    /// [`Response::invalid_request`].
    pub fn decode(bytes: &[u8]) -> Result<Self, V4Error> {
        let (head, body) = unframe(bytes)?;
        let head: RequestHead<'_> = parse_head(head)?;
        if !head.endpoint.starts_with('/') {
            return Err(V4Error::Endpoint { endpoint: head.endpoint.into_owned() });
        }
        Ok(Self {
            method: head.method.into_owned(),
            endpoint: head.endpoint.into_owned(),
            headers: head.headers.into_owned(),
            body: body.map(<[u8]>::to_vec),
        })
    }

    /// The path of the endpoint, and the query behind its `?` if it has one.
    pub fn path_and_query(&self) -> (&str, Option<&str>) {
        match self.endpoint.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&self.endpoint, None),
        }
    }
}

impl Response {
    /// An answer with a content type.
    pub fn new(code: u16, content_type: &str, body: Vec<u8>) -> Self {
        let headers = [("content-type", content_type)].into_iter().collect();
        Self { code, headers, body }
    }

    /// What a server says to a request that it can decrypt but not read.
    pub fn invalid_request() -> Self {
        Self::new(400, "text/plain; charset=utf-8", INVALID_REQUEST.into())
    }

    /// What the server seals. Writes the names of headers in lower case and
    /// leaves out the length, which the frame says.
    pub fn encode(&self) -> Vec<u8> {
        let headers = Cow::Owned(self.headers.as_answered());
        frame(&ResponseHead { code: self.code, headers }, Some(&self.body))
    }

    /// Reads an answer, as a client. An answer without a body string is taken
    /// for one with an empty body.
    pub fn decode(bytes: &[u8]) -> Result<Self, V4Error> {
        let (head, body) = unframe(bytes)?;
        let head: ResponseHead<'_> = parse_head(head)?;
        let body = body.unwrap_or_default().to_vec();
        Ok(Self { code: head.code, headers: head.headers.as_answered(), body })
    }

    /// Whether the server did what it was asked: a status from 200 to 299.
    pub const fn is_success(&self) -> bool {
        matches!(self.code, 200..=299)
    }
}

fn frame(head: &impl Serialize, body: Option<&[u8]>) -> Vec<u8> {
    // Texts and numbers under text keys always serialize.
    let head = serde_json::to_vec(head).unwrap_or_default();
    let length = head.len().saturating_add(body.map_or(0, <[u8]>::len)).saturating_add(24);
    let mut out = Vec::with_capacity(length);
    out.push(b'l');
    bt::put_bytes(&mut out, &head);
    if let Some(body) = body {
        bt::put_bytes(&mut out, body);
    }
    out.push(b'e');
    out
}

fn unframe(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), V4Error> {
    match bt::strings(bytes, 2)?.as_slice() {
        [] => Err(V4Error::NoHead),
        [head, rest @ ..] => Ok((head, rest.first().copied())),
    }
}

fn parse_head<'a, T: Deserialize<'a>>(head: &'a [u8]) -> Result<T, V4Error> {
    serde_json::from_slice(head).map_err(|why| V4Error::Head { reason: why.to_string() })
}
