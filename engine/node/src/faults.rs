//! Ways in which a node fails its clients, for tests and simulation. A node
//! has none of them unless it is told to.

use serde_json::{Value, json};

use crate::Node;
use crate::rpc::RpcAnswer;
use crate::{HttpResponse, Step};

/// What is wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// How much its clock is ahead, in ms; negative when it is behind.
    pub clock_offset: i64,
    /// Its signatures do not verify.
    pub wrong_signatures: bool,
    /// It returns the messages of other accounts than the one asked for.
    pub foreign_messages: bool,
    /// It answers everything with [`OVERSIZED`] bytes of nothing.
    pub oversized_answers: bool,
}

/// Somewhat more than a whole retrieve.
pub const OVERSIZED: usize = 8 * 1024 * 1024;

impl Node {
    /// This member's signature in an answer.
    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 64] {
        let mut signature = self.keys.ed25519.sign(text);
        if self.faults.wrong_signatures {
            let [first, ..] = &mut signature;
            *first ^= 1;
        }
        signature
    }

    /// The answer to any RPC, if its faults leave no other.
    pub(crate) fn oversized_rpc(&self) -> Option<RpcAnswer> {
        self.faults.oversized_answers.then(|| RpcAnswer::json(200, oversized()))
    }

    /// The answer to any HTTP request, if its faults leave no other.
    pub(crate) fn oversized_http(&self) -> Option<Step> {
        let body = || vec![b'a'; OVERSIZED];
        let response = || HttpResponse { status: 200, headers: Vec::new(), body: body() };
        self.faults.oversized_answers.then(|| Step::Done(response()))
    }
}

fn oversized() -> Value {
    json!({ "filler": "a".repeat(OVERSIZED) })
}
