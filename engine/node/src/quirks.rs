//! Mistakes of storage server 2.8.0 that hurt its users, each behind a switch
//! of its own.
//!
//! [`Quirks::faithful`] is the real 2.8.0, by which transcripts are compared.
//! [`Quirks::mended`] has none of them: it is as later versions are where those
//! are known to have mended something, and does what a user would expect where
//! they are not. Nodes are mended unless told otherwise, because whoever tries
//! a client or a bot on a network of their own should lose nothing to somebody
//! else's mistakes; who wants to know whether it survives the real ones too
//! switches them on, all or one by one. Nothing that works among faithful nodes
//! fails among mended ones.

/// Which mistakes a node makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// It is of version 2.8.0 and knows neither `active_nodes_bin` nor
    /// `revoked_subaccounts`. Otherwise it is of [`NEW_VERSION`](crate::NEW_VERSION).
    pub is_old: bool,
    /// Empty data comes back as `=`, which is not base64.
    pub empty_data_reads_as_equals_sign: bool,
    /// Storing to a public outbox fails if the message to be replaced is the
    /// account's only one.
    pub lone_outbox_message_cannot_be_replaced: bool,
    /// A message in a public outbox gives way to an older one as well.
    pub older_outbox_message_replaces_newer: bool,
    /// `delete_before` over all namespaces deletes, and answers 500.
    pub delete_before_in_all_namespaces_breaks: bool,
    /// A write that failed at every member is answered 200 instead of 500; the
    /// body is the same.
    pub write_that_failed_everywhere_is_200: bool,
    /// Messages that move to another swarm arrive there in namespace 0.
    pub moved_messages_lose_their_namespace: bool,
    /// Every write waits five seconds for a member that is known not to answer;
    /// otherwise that member is told later, in order, once it answers again.
    pub writes_wait_for_dead_members: bool,
    /// A member that was away for more than a minute refuses the signed stores
    /// that it missed, because their signatures are too old by then.
    pub missed_stores_grow_too_old: bool,
    /// Revoking is without effect in an account without messages, and
    /// revocations go with the account's last message.
    pub revocations_need_messages: bool,
    /// Expired messages are returned until they are swept away, up to ten
    /// seconds later.
    pub expired_messages_are_returned: bool,
    /// A `max_count` of -1 returns nothing and says that there is no more;
    /// otherwise it sets no limit, like other negative numbers.
    pub max_count_of_minus_one_returns_nothing: bool,
    /// `expire` with a list of times is refused before hard fork 19.4.
    pub expire_lists_need_hard_fork: bool,
    /// In a network without swarms `get_swarm` answers with an empty one
    /// instead of an error.
    pub missing_swarm_is_empty: bool,
    /// Nodes whose address nobody knows are named in swarms, and relays wait
    /// for them in vain.
    pub nodes_without_address_are_named: bool,
    /// Raw answers to onion requests are called `text/plain`.
    pub raw_answers_are_called_text: bool,
    /// Storage requests from IPv6 addresses are refused.
    pub ipv6_is_refused: bool,
}

impl Quirks {
    /// The real 2.8.0.
    pub const fn faithful() -> Self {
        Self {
            is_old: true,
            empty_data_reads_as_equals_sign: true,
            lone_outbox_message_cannot_be_replaced: true,
            older_outbox_message_replaces_newer: true,
            delete_before_in_all_namespaces_breaks: true,
            write_that_failed_everywhere_is_200: true,
            moved_messages_lose_their_namespace: true,
            writes_wait_for_dead_members: true,
            missed_stores_grow_too_old: true,
            revocations_need_messages: true,
            expired_messages_are_returned: true,
            max_count_of_minus_one_returns_nothing: true,
            expire_lists_need_hard_fork: true,
            missing_swarm_is_empty: true,
            nodes_without_address_are_named: true,
            raw_answers_are_called_text: true,
            ipv6_is_refused: true,
        }
    }

    /// None of them.
    pub const fn mended() -> Self {
        Self {
            is_old: false,
            empty_data_reads_as_equals_sign: false,
            lone_outbox_message_cannot_be_replaced: false,
            older_outbox_message_replaces_newer: false,
            delete_before_in_all_namespaces_breaks: false,
            write_that_failed_everywhere_is_200: false,
            moved_messages_lose_their_namespace: false,
            writes_wait_for_dead_members: false,
            missed_stores_grow_too_old: false,
            revocations_need_messages: false,
            expired_messages_are_returned: false,
            max_count_of_minus_one_returns_nothing: false,
            expire_lists_need_hard_fork: false,
            missing_swarm_is_empty: false,
            nodes_without_address_are_named: false,
            raw_answers_are_called_text: false,
            ipv6_is_refused: false,
        }
    }
}
