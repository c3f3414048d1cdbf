//! What the endpoints answer.

use std::time::Duration;

use ramson_codec::file_server::{
    Call, EXTENDABLE_ID, FileInfo, JSON, OCTETS, Release, Uploaded, auth, failure,
    legacy_downloaded, legacy_uploaded, text_failure,
};
use ramson_codec::onion_v4::{Request, Response};
use ramson_types::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;

use super::files::{File, NotKept};
use super::{FileIds, FileServer, http_date};

/// Apps whose versions can be asked for.
const PLATFORMS: [&str; 3] = ["desktop", "android", "ios"];

impl FileServer {
    /// Carries out a request, however it came.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Response {
        let call = match Call::parse(request) {
            Ok(call) => call,
            Err(refused) => return failure(refused.status()),
        };
        let answer = match call {
            Call::Upload { content, ttl } => self.upload(&content, ttl, now, rng),
            Call::Download { id } => self.files.get(&id, now).map(download),
            Call::Info { id } => self.files.get(&id, now).map(info),
            Call::Extend { id, ttl } => self.extend(&id, ttl, now),
            Call::LegacyUpload { content } => self.legacy_upload(&content, now, rng),
            Call::LegacyDownload { id } => {
                self.files.get(&id, now).map(|file| legacy_downloaded(&file.data))
            }
            Call::Version { platform, .. } => Some(self.version(request, &platform, now)),
            _ => None,
        };
        answer.unwrap_or_else(|| failure(404))
    }

    /// When a file goes that is uploaded or extended now.
    fn expiry(&self, ttl: Option<u64>, now: Timestamp) -> Timestamp {
        let wanted = ttl.map(Duration::from_secs).zip(self.config.max_lifetime);
        let allowed = wanted.map(|(wanted, most)| wanted.min(most));
        now.plus(allowed.unwrap_or(self.config.lifetime))
    }

    fn upload(
        &mut self,
        content: &[u8],
        ttl: Option<u64>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<Response> {
        Some(match self.keep(content, self.expiry(ttl, now), now, rng) {
            Ok((id, expires)) => Uploaded { id, expires: Some(expires) }.to_response(),
            Err(status) => failure(status),
        })
    }

    /// The id is a number where ids are numbers.
    fn legacy_upload(
        &mut self,
        content: &[u8],
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<Response> {
        Some(match self.keep(content, self.expiry(None, now), now, rng) {
            Ok((id, _)) => match id.parse() {
                Ok(number) => legacy_uploaded(number),
                Err(_) => {
                    let body = json!({ "status_code": 200, "result": id });
                    Response::new(200, JSON, body.to_string().into_bytes())
                }
            },
            Err(status) => failure(status),
        })
    }

    /// The file's id and when it goes, or the status of the refusal.
    fn keep(
        &mut self,
        content: &[u8],
        expires: Timestamp,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(String, Timestamp), u16> {
        if content.is_empty() || content.len() > self.config.max_file {
            return Err(413);
        }
        let id = match self.config.ids {
            FileIds::Content => Ok(ramson_crypto::file_id::file_id(content)),
            FileIds::Random => self.files.unused_number(rng),
        };
        let kept = id.and_then(|id| {
            let expires = self.files.keep(id.clone(), content, expires, now, &self.config)?;
            Ok((id, expires))
        });
        kept.map_err(|NotKept| 507)
    }

    fn extend(&mut self, id: &str, ttl: Option<u64>, now: Timestamp) -> Option<Response> {
        let expires = self.expiry(ttl, now);
        if id.len() < EXTENDABLE_ID {
            return None;
        }
        self.files.extend(id, expires, now).map(info)
    }

    fn version(&self, request: &Request, platform: &str, now: Timestamp) -> Response {
        if !PLATFORMS.contains(&platform) {
            return failure(404);
        }
        if let Err(refused) = auth::check(request, now) {
            return text_failure(refused.status(), &refused.to_string());
        }
        match self.config.versions.get(platform) {
            Some(version) => Release { version: version.clone() }.to_response(),
            None => failure(502),
        }
    }
}

fn download(file: &File) -> Response {
    let mut response = Response::new(200, OCTETS, file.data.to_vec());
    response.headers.set("expires", http_date::format(file.expires));
    response
}

fn info(file: &File) -> Response {
    let size = u64::try_from(file.data.len()).unwrap_or(u64::MAX);
    FileInfo { size, uploaded: file.uploaded, expires: file.expires }.to_response()
}
