//! Why a request has no result: a code, a name for programs, a sentence for
//! people.

use ramson_abi as abi;
use ramson_wire::Refusal;
use serde::Serialize;

/// The result of a method, or why there is none.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// What was wrong with a request; the numbers are those of JSON-RPC 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// It is no JSON.
    Parse = -32_700,
    /// It is no request.
    Request = -32_600,
    /// There is no such method.
    Method = -32_601,
    /// The parameters are not those of the method.
    Params = -32_602,
    /// The program failed.
    Internal = -32_603,
    /// It was understood, and refused.
    Refused = -32_000,
}

/// The `error` of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    code: i32,
    message: String,
    data: Data,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Data {
    kind: String,
    hint: String,
}

impl Failure {
    pub(crate) fn new(code: Code, kind: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        // The sentence's last part is the way out.
        let hint = message.rsplit_once("; ").map_or_else(String::new, |(_, out)| out.to_owned());
        Self { code: code as i32, message, data: Data { kind: kind.to_owned(), hint } }
    }

    /// It was understood, and refused.
    pub(crate) fn refused(kind: &str, message: impl Into<String>) -> Self {
        Self::new(Code::Refused, kind, message)
    }

    /// The parameters are not those of the method.
    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(Code::Params, "InvalidParams", message)
    }

    /// The program failed.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, "Internal", message)
    }

    /// More bytes than are taken.
    pub(crate) fn too_large(limit: usize) -> Self {
        let text = format!("a request has at most {limit} bytes; send less at once");
        Self::new(Code::Request, "TooLarge", text)
    }

    /// The client is not one that is subscribed.
    pub(crate) fn not_subscribed() -> Self {
        let text = "only a client that is subscribed does that; call 'subscribe' first, or over \
                    HTTP open /api/v1/events and name the client in X-Ramson-Client";
        Self::refused("NotSubscribed", text)
    }

    /// Nobody is there any more who would answer.
    pub(crate) fn ended() -> Self {
        Self::refused("Ended", "the program ends, or the client is served no more; connect again")
    }

    /// What the host said when it took a request.
    pub(crate) fn of_status(status: abi::Status) -> Self {
        match status {
            abi::DENIED => Self::refused(
                "NotGranted",
                "this client may not do that, or not for this account or conversation; --grant \
                 and --account of 'ramson rpc' decide that",
            ),
            abi::AGAIN => Self::refused("Busy", "too much is asked at once; try again in a moment"),
            abi::TOO_LARGE => Self::too_large(abi::MAX_REQUEST),
            abi::CLOSED => Self::ended(),
            _ => Self::internal(format!("the host did not take a request: status {status}")),
        }
    }

    /// The name for programs.
    pub(crate) fn kind(&self) -> &str {
        &self.data.kind
    }

    /// The sentence.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::refused(&refusal.kind, refusal.text)
    }
}
