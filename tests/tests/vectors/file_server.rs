//! File servers: ids, signed calls, keys and URLs.

use ramson_codec::file_server::{Call, DownloadUrl, auth};
use ramson_codec::network_file::NetworkFile;
use ramson_codec::onion_v4::Request;
use ramson_crypto::{AccountKeys, Seed, ed25519_to_x25519, file_id};
use ramson_tests::fields::{flag, hex, hex_array, list, number, parsed, run_sections, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{Ed25519PublicKey, Timestamp};
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description", "version_check"],
        &[("file_ids", id), ("server_keys", server_key), ("download_urls", download_url)],
    );
    cases.skip("file_ids[].quic_keyed_id", "uploads over QUIC are not built");
    let check = &file["version_check"];
    cases.check("version_check", || version_check_key(check));
    for (number, case) in check["signatures"].as_array().into_iter().flatten().enumerate() {
        cases.check(format!("version_check.signatures[{number}]"), || signature(check, case));
    }
}

fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|why| why.to_string())
}

fn id(_: &Value, case: &Value) -> Result<(), String> {
    let content = hex(case, "data_hex")?;
    expect_eq("digest", file_id::digest(&content).to_vec(), hex(case, "http_digest_hex")?)?;
    expect_eq("id", file_id::file_id(&content).as_str(), text(case, "http_id")?)
}

fn account(check: &Value) -> Result<AccountKeys, String> {
    Ok(AccountKeys::new(&Seed::from_bytes32(hex_array(check, "account_ed25519_seed_hex")?)))
}

fn version_check_key(check: &Value) -> Result<(), String> {
    let account = account(check)?;
    let label = text(check, "hash_key_text")?;
    expect_eq("label", label, "VersionCheckKey_sig")?;
    let seed =
        ramson_crypto::blake2b::keyed32(b"VersionCheckKey_sig", &[account.seed().as_bytes()]);
    expect_eq("seed", seed, hex_array(check, "blinded_seed_hex")?)?;
    let id = account.version_check_key().id();
    expect_eq("key", *id.key(), hex_array(check, "blinded_pubkey_hex")?)?;
    expect_eq("header", id.to_string().as_str(), text(check, "x_fs_pubkey")?)
}

/// We sign as the file does, and a server of ours believes it.
fn signature(check: &Value, case: &Value) -> Result<(), String> {
    let seconds: u64 = parsed(case, "timestamp")?;
    let signed = text(case, "signed_text")?;
    let endpoint = signed
        .strip_prefix(&format!("{seconds}GET"))
        .ok_or_else(|| format!("'{signed}' is not of a GET"))?;
    expect_eq("text", auth::signed_text(seconds, "GET", endpoint), signed.into())?;
    let key = account(check)?.version_check_key();
    let mut request = Request::get(endpoint);
    let now = Timestamp(seconds.saturating_mul(1000));
    auth::sign(&mut request, &key, now);
    let header = |name: &str| request.headers.get(name).unwrap_or_default();
    expect_eq("X-FS-Pubkey", header("X-FS-Pubkey"), text(check, "x_fs_pubkey")?)?;
    expect_eq("X-FS-Timestamp", header("X-FS-Timestamp"), text(case, "timestamp")?)?;
    expect_eq("X-FS-Signature", header("X-FS-Signature"), text(case, "x_fs_signature_b64")?)?;
    let bytes = key.sign(signed.as_bytes()).to_vec();
    expect_eq("signature", bytes, hex(case, "signature_hex")?)?;
    expect_eq("signed by", told(auth::check(&request, now))?, Some(key.id()))?;
    let call = told(Call::parse(&request))?;
    expect_eq("the same call", call.to_request().endpoint.as_str(), endpoint)
}

fn server_key(_: &Value, case: &Value) -> Result<(), String> {
    let key: Ed25519PublicKey = parsed(case, "ed25519")?;
    expect_eq("X25519 key", ed25519_to_x25519(&key), Some(parsed(case, "x25519")?))
}

fn download_url(file: &Value, case: &Value) -> Result<(), String> {
    let url: DownloadUrl = parsed(case, "url")?;
    expect_eq("host", url.base.host.as_str(), text(case, "host")?)?;
    let port = if case.get("port").is_some() { number(case, "port")? } else { 80 };
    expect_eq("port", u64::from(url.base.port), port)?;
    expect_eq("id", url.id.as_str(), text(case, "file_id")?)?;
    expect_eq("deterministic", url.deterministic, flag(case, "deterministic")?)?;
    let server = match case["server_ed25519"].as_str() {
        Some(_) => Some(parsed(case, "server_ed25519")?),
        None => None,
    };
    expect_eq("server", url.server, server)?;
    expect_eq("read again", url.to_string().parse(), Ok(url.clone()))?;
    if !case["note"].as_str().unwrap_or_default().contains("order") {
        expect_eq("written", url.to_string().as_str(), text(case, "url")?)?;
    }

    let own = NetworkFile::mainnet().file_server.ok_or("mainnet has no file server")?;
    let expected = match url.server {
        // The file tells the keys of all servers in it.
        Some(server) => list(file, "server_keys")?
            .iter()
            .find(|entry| entry["ed25519"] == server.to_string())
            .ok_or("a server that the file does not tell the key of")
            .map(|entry| parsed(entry, "x25519"))??,
        None => own.public_key,
    };
    expect_eq("sealed to", told(url.onion_key(&own))?, expected)
}
