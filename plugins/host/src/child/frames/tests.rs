use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn frame(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    out
}

fn to_child() -> impl Strategy<Value = (u8, u64, u64, u32, Vec<u8>)> {
    (1_u8..=6, any::<u64>(), any::<u64>(), any::<u32>(), vec(any::<u8>(), 0..9_000))
}

proptest! {
    #[test]
    fn whatever_bytes_come_they_are_frames_or_an_error(bytes in vec(any::<u8>(), 0..600)) {
        let _ = ToHost::parse(&bytes);
        let _ = ToChild::parse(&bytes);
        let mut from = bytes.as_slice();
        let mut frame = Vec::new();
        while let Ok(true) = next(&mut from, &mut frame, MOST_TO_HOST) {
            prop_assert!(frame.len() <= bytes.len());
            let _ = ToHost::parse(&frame);
        }
    }

    #[test]
    fn a_frame_for_the_process_is_read_as_it_was_written(
        (which, one, two, three, bytes) in to_child(),
    ) {
        let written = match which {
            1 => ToChild::Map { library: &bytes },
            2 => ToChild::Create { granted: one, config: &bytes },
            3 => ToChild::Event { seq: one, reply_to: two, kind: three, payload: &bytes },
            4 => ToChild::OnEvents,
            5 => ToChild::Destroy,
            _ => ToChild::Submitted { ticket: one, status: three.cast_signed() },
        };
        let stream = frame(|out| written.write(out));
        let (mut from, mut read) = (stream.as_slice(), Vec::new());
        prop_assert!(next(&mut from, &mut read, MOST_TO_CHILD).unwrap());
        prop_assert_eq!(ToChild::parse(&read).unwrap(), written);
        prop_assert!(!next(&mut from, &mut read, MOST_TO_CHILD).unwrap());
    }

    #[test]
    fn a_frame_for_the_host_is_read_as_it_was_written(
        (which, one, two, three, bytes) in to_child(),
    ) {
        let text = &bytes[..bytes.len().min(MOST_TEXT)];
        let status = three.cast_signed();
        let written = match which {
            1 => ToHost::Mapped,
            2 => ToHost::NotMapped { refused: one % 2 == 0, reason: text },
            3 => ToHost::Returned { status },
            4 => ToHost::Submit { ticket: one, kind: three, id: two, payload: &bytes },
            _ => ToHost::Log { level: status, text },
        };
        let stream = frame(|out| written.write(out));
        let (mut from, mut read) = (stream.as_slice(), Vec::new());
        prop_assert!(next(&mut from, &mut read, MOST_TO_HOST).unwrap());
        prop_assert_eq!(ToHost::parse(&read).unwrap(), written);
    }
}

#[test]
fn a_length_that_is_too_long_is_refused_before_anything_is_set_aside() {
    let mut frame = Vec::new();
    let error = next(&mut [0xff; 64].as_slice(), &mut frame, MOST_TO_HOST).unwrap_err();
    assert!(matches!(error, FrameError::TooLong { length: 0xffff_ffff, .. }), "{error}");
    assert_eq!(frame.capacity(), 0);
}

#[test]
fn a_request_and_a_line_may_be_as_long_as_the_contract_says_and_no_longer() {
    let payload = vec![b'x'; MAX_REQUEST];
    let longest = ToHost::Submit { ticket: 1, kind: 1, id: 1, payload: &payload };
    let stream = frame(|out| longest.write(out));
    let mut read = Vec::new();
    assert!(next(&mut stream.as_slice(), &mut read, MOST_TO_HOST).unwrap());
    assert_eq!(ToHost::parse(&read).unwrap(), longest);
    read.push(b'x');
    assert!(matches!(ToHost::parse(&read), Err(FrameError::TooLong { .. })));

    let line = [&[5, 0, 0, 0, 0], vec![b'x'; MOST_TEXT + 1].as_slice()].concat();
    assert!(matches!(ToHost::parse(&line), Err(FrameError::TooLong { .. })));
    // A line is cut by who writes it.
    let cut = frame(|out| ToHost::Log { level: 1, text: &[b'x'; MAX_LOG * 2] }.write(out));
    assert_eq!(cut.len(), 4 + 1 + 4 + MOST_TEXT);
}

#[test]
fn an_event_that_is_too_long_is_not_sent_at_all() {
    let payload = vec![0; MAX_EVENT + FIELDS];
    let mut out = Vec::new();
    let event = ToChild::Event { seq: 1, reply_to: 0, kind: 2, payload: &payload };
    assert!(event.write(&mut out).is_err() && out.is_empty());
}

#[test]
fn what_is_cut_or_goes_on_is_an_error() {
    for bytes in [&[][..], &[0], &[7], &[3, 1, 2, 3], &[1, 0], &[2, 2], &[4, 1]] {
        assert!(ToHost::parse(bytes).is_err(), "{bytes:?}");
    }
    for bytes in [&[][..], &[0], &[7], &[2, 1], &[4, 0], &[6, 1, 2]] {
        assert!(ToChild::parse(bytes).is_err(), "{bytes:?}");
    }
    let mut frame = Vec::new();
    for bytes in [&[1][..], &[3, 0, 0], &[3, 0, 0, 0, 1]] {
        assert!(next(&mut &*bytes, &mut frame, MOST_TO_HOST).is_err(), "{bytes:?}");
    }
    assert!(!next(&mut [].as_slice(), &mut frame, MOST_TO_HOST).unwrap());
}
