//! The account's profile and its note to self (03 section 10.1).

use std::collections::BTreeSet;
use std::time::Duration;

use ramson_codec::bt;
use ramson_types::Timestamp;
use zeroize::ZeroizeOnDrop;

use super::record::Fields;
use super::typed::typed_config;
use super::value::{MAX_NAME, Picture, Text, flag, number, numbers, text};

/// How long a refund request or a prepaid purchase counts.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A profile feature: shows the Pro badge.
pub const FEATURE_PRO_BADGE: i64 = 0;

/// A profile feature: has an animated picture.
pub const FEATURE_ANIMATED_PICTURE: i64 = 1;

typed_config! {
    /// Name, picture and settings of the account.
    ///
    /// Most setters take the time of the change, by which others know the
    /// newer of two profiles; `None` leaves it. What changes nothing does not
    /// stamp.
    UserProfile
}

/// A name that is too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name has {length} bytes; it may have {MAX_NAME}, choose a shorter one")]
pub struct NameTooLong {
    /// Its length in bytes.
    pub length: usize,
}

/// The proof that the account has Pro.
#[derive(ZeroizeOnDrop, PartialEq, Eq)]
pub struct ProCredential {
    /// When it ends, in seconds.
    pub expiry: i64,
    /// By which it can be revoked.
    pub revocation_tag: [u8; 32],
    /// The seed of the key that signs messages.
    pub rotating_seed: [u8; 32],
    /// The service's signature.
    pub signature: [u8; 64],
}

impl UserProfile {
    /// The display name.
    pub fn name(&self) -> Text {
        text(self.data(), b"n")
    }

    /// Changes the display name.
    pub fn set_name(&mut self, name: &str, now: Option<Timestamp>) -> Result<(), NameTooLong> {
        if name.len() > MAX_NAME {
            return Err(NameTooLong { length: name.len() });
        }
        self.stamped(now, |fields| fields.text(b"n", name.as_bytes()));
        Ok(())
    }

    /// Changes the display name; of a long one as much as fits.
    pub fn set_name_truncated(&mut self, name: &str, now: Option<Timestamp>) {
        let name = Text::truncated(name, MAX_NAME);
        self.stamped(now, |fields| fields.text(b"n", name.as_bytes()));
    }

    /// The picture that is shown: the one that was uploaded anew if that was
    /// later.
    pub fn picture(&self) -> Option<Picture> {
        let (chosen, again) = self.times();
        let (url, key) = if again > chosen { (b"P", b"Q") } else { (b"p", b"q") };
        Picture::read(self.data(), url, key)
    }

    /// Changes or removes the picture.
    pub fn set_picture(&mut self, picture: Option<&Picture>, now: Option<Timestamp>) {
        let mut fields = self.fields();
        let mut changed = fields.picture(b"p", b"q", picture);
        if picture.is_none() {
            changed |= fields.picture(b"P", b"Q", None);
        }
        let Some(now) = now.filter(|_| changed) else { return };
        fields.positive(b"t", whole_seconds(now));
        if picture.is_none() {
            fields.positive(b"T", whole_seconds(now));
        }
    }

    /// Says where the same picture was uploaded anew.
    pub fn set_reuploaded_picture(&mut self, picture: &Picture, now: Option<Timestamp>) {
        let mut fields = self.fields();
        let changed = fields.picture(b"P", b"Q", Some(picture));
        if let Some(now) = now.filter(|_| changed) {
            fields.positive(b"T", whole_seconds(now));
        }
    }

    /// When the profile changed last, in seconds; 0 if nobody said.
    pub fn updated(&self) -> i64 {
        let (chosen, again) = self.times();
        chosen.max(again)
    }

    /// Where the note to self stands: pinned above 0, hidden below.
    pub fn note_to_self_priority(&self) -> i64 {
        number(self.data(), b"+")
    }

    /// Pins or hides the note to self.
    pub fn set_note_to_self_priority(&mut self, priority: i64) {
        self.fields().nonzero(b"+", priority);
    }

    /// After how many seconds messages to oneself disappear; 0 for never.
    pub fn note_to_self_timer(&self) -> i64 {
        number(self.data(), b"e").max(0)
    }

    /// Sets after how many seconds messages to oneself disappear.
    pub fn set_note_to_self_timer(&mut self, seconds: i64) {
        self.fields().positive(b"e", seconds);
    }

    /// Whether message requests from communities are taken; `None` if nobody
    /// said.
    pub fn takes_blinded_requests(&self) -> Option<bool> {
        self.data().integer(b"M").map(|number| number != 0)
    }

    /// Says whether message requests from communities are taken.
    pub fn set_takes_blinded_requests(&mut self, takes: Option<bool>, now: Option<Timestamp>) {
        self.stamped(now, |fields| match takes {
            Some(takes) => fields.set(b"M", i64::from(takes)),
            None => fields.erase(b"M"),
        });
    }

    /// The profile features that others are shown.
    pub fn features(&self) -> BTreeSet<i64> {
        numbers(self.data(), b"f")
    }

    /// Switches a profile feature.
    pub fn set_feature(&mut self, feature: i64, on: bool, now: Option<Timestamp>) {
        self.stamped(now, |fields| match on {
            true => fields.add(b"f", feature),
            false => fields.take(b"f", feature),
        });
    }

    /// The proof of Pro. That of the test builds of 2025, a dict, reads as
    /// none.
    pub fn pro_credential(&self) -> Option<ProCredential> {
        let credential = bt::decode_tolerant(self.data().bytes(b"s")?).ok()?;
        let field = |key: &[u8]| credential.as_dict()?.get(key);
        Some(ProCredential {
            expiry: field(b"e")?.as_i64()?,
            revocation_tag: field(b"g")?.as_bytes()?.try_into().ok()?,
            rotating_seed: field(b"r")?.as_bytes()?.try_into().ok()?,
            signature: field(b"s")?.as_bytes()?.try_into().ok()?,
        })
    }

    /// Keeps or removes the proof of Pro.
    pub fn set_pro_credential(
        &mut self,
        credential: Option<&ProCredential>,
        now: Option<Timestamp>,
    ) {
        let bytes = credential.map(|credential| {
            bt::Value::Dict(bt::Dict::from([
                (b"e".to_vec(), credential.expiry.into()),
                (b"g".to_vec(), credential.revocation_tag.as_slice().into()),
                (b"r".to_vec(), credential.rotating_seed.as_slice().into()),
                (b"s".to_vec(), credential.signature.as_slice().into()),
            ]))
            .encode()
        });
        self.stamped(now, |fields| fields.text(b"s", &bytes.unwrap_or_default()));
    }

    /// Until when Pro lasts, in seconds; 0 if nobody said.
    pub fn pro_access_expiry(&self) -> i64 {
        /// Beyond it, the time was written in milliseconds.
        const MILLIS: i64 = 1_000_000_000_000;
        match number(self.data(), b"E").max(0) {
            millis @ MILLIS.. if millis > MILLIS => millis / 1_000,
            seconds => seconds,
        }
    }

    /// Sets until when Pro lasts; 0 erases that and the grace period.
    pub fn set_pro_access_expiry(&mut self, seconds: i64) {
        let mut fields = self.fields();
        fields.positive(b"E", seconds);
        if seconds <= 0 {
            fields.erase(b"G");
        }
    }

    /// Whether Pro renews by itself.
    pub fn pro_renews(&self) -> bool {
        flag(self.data(), b"A")
    }

    /// Says whether Pro renews by itself.
    pub fn set_pro_renews(&mut self, renews: bool) {
        self.fields().flag(b"A", renews);
    }

    /// How many seconds Pro lasts beyond its end while it is renewed.
    pub fn pro_grace_period(&self) -> i64 {
        number(self.data(), b"G").max(0)
    }

    /// Sets how many seconds Pro lasts beyond its end.
    pub fn set_pro_grace_period(&mut self, seconds: i64) {
        self.fields().positive(b"G", seconds);
    }

    /// When a refund was asked for, in seconds, if that was in the last week.
    pub fn refund_requested(&self, now: Timestamp) -> Option<i64> {
        self.recent(b"R", now)
    }

    /// Says when a refund was asked for; 0 for never.
    pub fn set_refund_requested(&mut self, seconds: i64, now: Option<Timestamp>) {
        self.stamped(now, |fields| fields.positive(b"R", seconds));
    }

    /// When Pro was bought without an answer yet, in seconds, if that was in
    /// the last week.
    pub fn pro_prepaid(&self, now: Timestamp) -> Option<i64> {
        self.recent(b"I", now)
    }

    /// Says when Pro was bought; 0 once the answer is there.
    pub fn set_pro_prepaid(&mut self, seconds: i64, now: Option<Timestamp>) {
        self.stamped(now, |fields| fields.positive(b"I", seconds));
    }

    fn fields(&mut self) -> Fields<'_> {
        Fields::new(self, &[])
    }

    /// Changes something, and if that is a change says when: in the time by
    /// which the picture that is shown stays the same.
    fn stamped(&mut self, now: Option<Timestamp>, change: impl FnOnce(&mut Fields<'_>) -> bool) {
        let (chosen, again) = self.times();
        let key = if chosen >= again { b"t" } else { b"T" };
        let mut fields = self.fields();
        let changed = change(&mut fields);
        if let Some(now) = now.filter(|_| changed) {
            fields.positive(key, whole_seconds(now));
        }
    }

    /// When the profile was changed, and when a picture was uploaded anew.
    fn times(&self) -> (i64, i64) {
        (number(self.data(), b"t").max(0), number(self.data(), b"T").max(0))
    }

    fn recent(&self, key: &[u8], now: Timestamp) -> Option<i64> {
        let since = whole_seconds(now.minus(WEEK));
        self.data().integer(key).filter(|time| *time > 0 && *time >= since)
    }
}

fn whole_seconds(time: Timestamp) -> i64 {
    i64::try_from(time.millis() / 1_000).unwrap_or(i64::MAX)
}
