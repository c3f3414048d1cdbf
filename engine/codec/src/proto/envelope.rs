//! What a message is wrapped in on its way: Envelope (01 section 2.4) and
//! WebSocketMessage (01 section 2.5).

use super::schema::{enumeration, message};

message! {
    /// One sealed message with its time. [`crate::envelope`] knows how to
    /// fill and to judge it.
    #[derive(Debug, Clone)]
    pub struct Envelope {
        /// Present in every envelope; which of the two makes no difference.
        required kind: EnvelopeKind = 1,
        /// Not written; its value is never used.
        optional source: String = 2,
        /// Sent time in ms.
        required timestamp: u64 = 5,
        /// Written as 1.
        optional source_device: u32 = 7,
        /// For an account the sealed box, for a group the plain Content.
        optional content: Vec<u8> = 8,
        /// Not written.
        optional server_timestamp: u64 = 10,
        /// 64 bytes: a signature by the Pro rotating key over `content`, or a
        /// decoy that looks like one.
        optional pro_sig: Vec<u8> = 11,
    }

    /// The outermost wrapping of messages to an account.
    #[derive(Debug, Clone, Default)]
    pub struct WebSocketMessage {
        /// Written as a request; not looked at.
        optional kind: WebSocketKind = 1,
        /// Holds the envelope.
        optional request: WebSocketRequest = 2,
        /// Not written.
        optional response: WebSocketResponse = 3,
    }

    /// The part of a [`WebSocketMessage`] that is used.
    #[derive(Debug, Clone, Default)]
    pub struct WebSocketRequest {
        /// Written empty; old apps wrote `PUT`.
        optional verb: String = 1,
        /// Written empty; old apps wrote `/api/v1/message`.
        optional path: String = 2,
        /// The envelope.
        optional body: Vec<u8> = 3,
        /// Written as 0; old apps wrote a random number.
        optional request_id: u64 = 4,
        /// Not written.
        repeated headers: String = 5,
    }

    /// Never sent by anybody.
    #[derive(Debug, Clone, Default)]
    pub struct WebSocketResponse {
        /// The request that it answers.
        optional request_id: u64 = 1,
        /// An HTTP status.
        optional status: u32 = 2,
        /// Its words.
        optional message: String = 3,
        /// The answer.
        optional body: Vec<u8> = 4,
        /// HTTP headers.
        repeated headers: String = 5,
    }
}

enumeration! {
    /// To whom an envelope goes.
    pub enum EnvelopeKind {
        /// To an account.
        SessionMessage = 6,
        /// To a group.
        ClosedGroupMessage = 7,
    }

    /// What a [`WebSocketMessage`] is.
    pub enum WebSocketKind {
        /// Neither.
        Unknown = 0,
        /// A request: what everybody writes.
        Request = 1,
        /// A response: what nobody writes.
        Response = 2,
    }
}
