//! Call signalling (01 section 3.13).

use super::schema::{enumeration, message};

message! {
    /// One step of a call.
    #[derive(Debug, Clone)]
    pub struct CallMessage {
        /// Which step.
        required kind: CallKind = 1,
        /// A session description, or candidates.
        repeated sdps: String = 2,
        /// One for each candidate.
        repeated sdp_m_line_indexes: u32 = 3,
        /// One for each candidate.
        repeated sdp_mids: String = 4,
        /// Names the call; the same in all its messages.
        required uuid: String = 5,
    }
}

enumeration! {
    /// The steps of a call.
    pub enum CallKind {
        /// The caller's session description.
        Offer = 1,
        /// The callee's session description.
        Answer = 2,
        /// Never sent.
        ProvisionalAnswer = 3,
        /// Ways to reach the sender.
        IceCandidates = 4,
        /// Hung up, declined or busy.
        EndCall = 5,
        /// It rings; the offer follows.
        PreOffer = 6,
    }
}
