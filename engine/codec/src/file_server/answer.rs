//! What a file server answers in JSON (02 section 6.2). Its times are seconds
//! with a fraction; here they are [`Timestamp`]s as everywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_types::Timestamp;
use serde_json::{Map, Value, json};

use super::JSON;
use crate::onion_v4::Response;

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileAnswerError {
    /// The server refuses.
    #[error("the file server answers with status {code}{}", hint(*code))]
    Status {
        /// Its status.
        code: u16,
    },
    /// Not the JSON it should be.
    #[error("the file server's answer is no JSON object; it begins with '{start}'")]
    NotJson {
        /// Its first characters.
        start: String,
    },
    /// A field that is missing or of the wrong type.
    #[error("the file server's answer has no usable '{field}'")]
    Field {
        /// Which.
        field: &'static str,
    },
}

const fn hint(code: u16) -> &'static str {
    match code {
        404 => ": it does not have the file, which may have expired",
        413 => ": the file is empty or too large",
        425 => ": the time of the call is too far off; set the clock",
        507 => ": it has no room",
        _ => "",
    }
}

/// The answer to an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The file's id.
    pub id: String,
    /// Until when it is kept; older servers do not say.
    pub expires: Option<Timestamp>,
}

impl Uploaded {
    /// Reads the answer. An id may come as a number.
    pub fn parse(response: &Response) -> Result<Self, FileAnswerError> {
        let answer = object(response)?;
        let id = match answer.get("id") {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            Some(Value::Number(id)) if id.is_u64() => id.to_string(),
            _ => return Err(FileAnswerError::Field { field: "id" }),
        };
        Ok(Self { id, expires: answer.get("expires").and_then(time) })
    }

    /// The answer as the server writes it.
    pub fn to_response(&self) -> Response {
        let mut body = json!({ "id": self.id });
        if let (Some(object), Some(expires)) = (body.as_object_mut(), self.expires) {
            object.insert("expires".to_owned(), seconds(expires));
        }
        json_response(200, &body)
    }
}

/// What the server knows of a file: the answer to `info` and `extend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileInfo {
    /// Its size in bytes.
    pub size: u64,
    /// When it was uploaded last.
    pub uploaded: Timestamp,
    /// Until when it is kept.
    pub expires: Timestamp,
}

impl FileInfo {
    /// Reads the answer.
    pub fn parse(response: &Response) -> Result<Self, FileAnswerError> {
        let answer = object(response)?;
        let at = |field: &'static str| {
            answer.get(field).and_then(time).ok_or(FileAnswerError::Field { field })
        };
        let size = answer.get("size").and_then(Value::as_u64);
        Ok(Self {
            size: size.ok_or(FileAnswerError::Field { field: "size" })?,
            uploaded: at("uploaded")?,
            expires: at("expires")?,
        })
    }

    /// The answer as the server writes it.
    pub fn to_response(&self) -> Response {
        let (uploaded, expires) = (seconds(self.uploaded), seconds(self.expires));
        let body = json!({ "size": self.size, "uploaded": uploaded, "expires": expires });
        json_response(200, &body)
    }
}

/// The newest version of a client: the answer to `session_version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its version, for instance `v1.2.3`.
    pub version: String,
}

impl Release {
    /// Reads the answer; only the version is looked at.
    pub fn parse(response: &Response) -> Result<Self, FileAnswerError> {
        let answer = object(response)?;
        let version = answer.get("result").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { version: version.ok_or(FileAnswerError::Field { field: "result" })? })
    }

    /// The answer as the server writes it.
    pub fn to_response(&self) -> Response {
        json_response(200, &json!({ "status_code": 200, "result": self.version }))
    }
}

/// A refusal: its status, which the body repeats.
pub fn failure(code: u16) -> Response {
    json_response(code, &json!({ "status_code": code }))
}

/// A refusal of a signature, which is plain text.
pub fn text_failure(code: u16, text: &str) -> Response {
    Response::new(code, "text/plain; charset=utf-8", text.into())
}

/// The answer to an upload by an old client, whose ids are numbers.
pub fn legacy_uploaded(id: u64) -> Response {
    json_response(200, &json!({ "status_code": 200, "result": id }))
}

/// The answer to a download by an old client.
pub fn legacy_downloaded(content: &[u8]) -> Response {
    json_response(200, &json!({ "status_code": 200, "result": STANDARD.encode(content) }))
}

fn json_response(code: u16, body: &Value) -> Response {
    Response::new(code, JSON, body.to_string().into_bytes())
}

/// The object of a success.
fn object(response: &Response) -> Result<Map<String, Value>, FileAnswerError> {
    if !response.is_success() {
        return Err(FileAnswerError::Status { code: response.code });
    }
    match serde_json::from_slice(&response.body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => {
            let start = String::from_utf8_lossy(&response.body).chars().take(40).collect();
            Err(FileAnswerError::NotJson { start })
        }
    }
}

/// Seconds with a fraction, to the nearest millisecond.
fn time(value: &Value) -> Option<Timestamp> {
    let millis = (value.as_f64()? * 1000.0).round();
    // Beyond 2^53 a float has no milliseconds; nothing is kept that long.
    (0.0..=9_007_199_254_740_992.0).contains(&millis).then_some(Timestamp(millis as u64))
}

fn seconds(time: Timestamp) -> Value {
    (time.millis() as f64 / 1000.0).into()
}
