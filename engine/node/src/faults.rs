//! Ways in which a node fails its clients, for tests and simulation. A node
//! has none of them unless it is told to.

use ramson_types::MessageHash;
use serde_json::{Value, json};

use crate::Node;
use crate::rpc::RpcAnswer;
use crate::{HttpResponse, Step};

/// What is wrong with a node. Where it says nothing else, the node fails
/// clients and other nodes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// How much its clock is ahead, in ms; negative when it is behind.
    pub clock_offset: i64,
    /// Its signatures do not verify.
    pub wrong_signatures: bool,
    /// It returns the messages of other accounts than the one asked for.
    pub foreign_messages: bool,
    /// It answers everything with [`OVERSIZED`] bytes of nothing. The other
    /// members of its swarm are answered as they should be.
    pub oversized_answers: bool,
    /// Wherever it names a swarm, in `get_swarm` and in 421, it names the next
    /// one, with its members; nobody, if there is only one swarm. It keeps to
    /// its true swarm all the same.
    pub lies_about_its_swarm: bool,
    /// It tells all messages again, whatever `last_hash` a client gives.
    pub forgets_last_hash: bool,
    /// It refuses `store` with this status.
    pub refuses_stores: Option<u16>,
    /// It refuses `retrieve` with this status.
    pub refuses_retrieves: Option<u16>,
    /// It signs for messages that it was given to store, and does not keep
    /// them. Those that move to it from other swarms it loses as well.
    pub loses_messages: bool,
    /// It leaves about half of its messages out of what it returns: always the
    /// same ones, and others than another node that does so.
    pub withholds_messages: bool,
    /// It says of every account that it is in another swarm (421).
    pub misdirects: bool,
    /// It says that it is not ready: 503, to relays as well. What the other
    /// members tell it to keep it keeps.
    pub not_ready: bool,
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

    /// Whether it keeps a message to itself.
    pub(crate) fn withholds(&self, hash: &MessageHash) -> bool {
        let ([of_message, ..], [of_node, ..]) = (hash.0, self.key().0);
        self.faults.withholds_messages && (of_message ^ of_node) & 1 == 1
    }
}

/// The words for a status that nothing real stands behind.
pub(crate) fn refusal(status: u16) -> RpcAnswer {
    RpcAnswer::text(status, "request failed")
}

fn oversized() -> Value {
    json!({ "filler": "a".repeat(OVERSIZED) })
}
