//! The rules of 01 section 4.

use ramson_codec::proto::{Content, DataMessage, ExpirationType};
use ramson_types::conversation::Disappearing;

use super::*;
use crate::account::disappearing::*;
use crate::config::contacts;

fn content(kind: Option<ExpirationType>, timer: Option<u32>) -> Content {
    Content { expiration_type: kind, expiration_timer: timer, ..Content::default() }
}

#[test]
fn a_setting_is_read_as_its_conversation_allows() {
    use ExpirationType::{DeleteAfterRead, DeleteAfterSend, Unknown};
    let cases = [
        (None, None, None, None),
        (None, Some(60), None, None),
        (Some(Unknown), Some(60), None, None),
        (Some(DeleteAfterRead), None, None, None),
        (Some(DeleteAfterSend), Some(0), None, None),
        (Some(DeleteAfterRead), Some(60), Some(ExpiresFrom::Read), Some(ExpiresFrom::Sent)),
        (Some(DeleteAfterSend), Some(60), Some(ExpiresFrom::Sent), Some(ExpiresFrom::Sent)),
    ];
    for (kind, timer, with_peer, to_self) in cases {
        let content = content(kind, timer);
        let read = |to_self| setting_of(&content, to_self);
        assert_eq!(read(false), with_peer.map(|from| (from, 60)), "{kind:?} {timer:?}");
        assert_eq!(read(true), to_self.map(|from| (from, 60)), "{kind:?} {timer:?}");
    }
}

#[test]
fn what_is_written_is_read_again_and_off_is_told_in_a_change_only() {
    let written = |setting, flags| {
        let data = DataMessage { flags, ..DataMessage::default() };
        let mut content = Content { data_message: Some(data), ..Content::default() };
        write_setting(setting, &mut content);
        (content.expiration_type, content.expiration_timer)
    };
    use ExpirationType::{DeleteAfterRead, DeleteAfterSend, Unknown};
    assert_eq!(written(Disappearing::AfterSend(5), None), (Some(DeleteAfterSend), Some(5)));
    assert_eq!(written(Disappearing::AfterRead(5), Some(2)), (Some(DeleteAfterRead), Some(5)));
    assert_eq!(written(Disappearing::Off, None), (None, None));
    assert_eq!(written(Disappearing::AfterRead(0), None), (None, None));
    assert_eq!(written(Disappearing::Off, Some(2)), (Some(Unknown), Some(0)));
}

#[test]
fn a_swarm_keeps_copies_as_long_as_the_table_says() {
    let hour = Duration::from_secs(3_600);
    let cases = [
        (Disappearing::Off, 14 * DAY, 14 * DAY),
        (Disappearing::AfterSend(3_600), hour, hour),
        (Disappearing::AfterRead(3_600), 14 * DAY, hour),
        (Disappearing::AfterSend(1), Duration::from_secs(10), Duration::from_secs(10)),
        (Disappearing::AfterSend(u32::MAX), 14 * DAY, 14 * DAY),
        (Disappearing::AfterRead(u32::MAX), 14 * DAY, 14 * DAY),
    ];
    for (setting, theirs, own) in cases {
        assert_eq!(ttl(setting, Copy::Recipient), theirs, "{setting:?}");
        assert_eq!(ttl(setting, Copy::Sync), own, "{setting:?}");
    }
}

#[test]
fn the_own_time_counts_from_sending() {
    let ends = |setting| own_expiry(setting, NOW).map(|expiry| (expiry.from, expiry.ends));
    assert_eq!(ends(Disappearing::Off), None);
    let end = Some(after(60));
    assert_eq!(ends(Disappearing::AfterSend(60)), Some((ExpiresFrom::Sent, end)));
    assert_eq!(ends(Disappearing::AfterRead(60)), Some((ExpiresFrom::Read, end)));
}

#[test]
fn a_received_time_follows_the_swarm_as_far_as_it_can_be_believed() {
    use ExpiresFrom::{Read, Sent};
    let ends = |setting, server, from_self, read, now| {
        received_expiry(setting, NOW, server, from_self, read, now).and_then(|expiry| expiry.ends)
    };
    let hour = Some((Sent, 3_600));
    let far = NOW.plus(14 * DAY);
    assert_eq!(received_expiry(None, NOW, far, true, true, NOW), None);
    // After sending: at the server's time, where that fits.
    assert_eq!(ends(hour, after(3_601), false, false, after(5)), Some(after(3_601)));
    assert_eq!(ends(hour, far, false, false, after(5)), Some(after(3_600)));
    assert_eq!(ends(hour, Timestamp(0), false, false, after(5)), Some(after(3_600)));
    // One dated far ahead is not there longer than its time.
    let dated_ahead = received_expiry(hour, far, after(3_600), false, false, NOW);
    assert_eq!(dated_ahead.unwrap().ends, Some(after(3_600)));
    // After reading: not before it is read.
    let hour = Some((Read, 3_600));
    let unread = received_expiry(hour, NOW, far, false, false, after(5)).unwrap();
    assert_eq!((unread.ends, unread.seconds, unread.from), (None, 3_600, Read));
    // Read elsewhere: what that device shortened holds, else now.
    assert_eq!(ends(hour, after(4_000), false, true, after(900)), Some(after(4_000)));
    assert_eq!(ends(hour, far, false, true, after(900)), Some(after(4_500)));
    assert_eq!(ends(hour, Timestamp(0), false, true, after(900)), Some(after(3_600)));
    // Own ones count from sending.
    assert_eq!(ends(hour, far, true, true, after(900)), Some(after(3_600)));
}

#[test]
fn configs_say_the_same_with_other_numbers() {
    for setting in
        [Disappearing::Off, Disappearing::AfterSend(1), Disappearing::AfterRead(u32::MAX)]
    {
        assert_eq!(from_config(to_config(setting)), setting);
    }
    let long = contacts::Disappearing::AfterSend(i64::MAX);
    assert_eq!(from_config(long), Disappearing::AfterSend(u32::MAX));
    assert_eq!(from_config(contacts::Disappearing::AfterRead(-1)), Disappearing::Off);
    assert_eq!(to_config(Disappearing::AfterSend(0)), contacts::Disappearing::Off);
}
