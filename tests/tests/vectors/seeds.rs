//! The seeds, their pins, and the first question to them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::seed_rpc::server::{
    ChainState, ListedNode, parse_seed_request, service_nodes_answer,
};
use ramson_codec::seed_rpc::{Parsed, get_service_nodes_request, parse_service_nodes};
use ramson_codec::seeds::MAINNET_SEEDS;
use ramson_tests::fields::{base64, list, number, parsed, run_sections, text};
use ramson_tests::{Cases, Folder, expect_eq};
use rand::SeedableRng as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description", "mainnet_quic", "testnet_quic"],
        &[("mainnet_https", pins), ("requests", request), ("sample_response", sample)],
    );
    for ours in MAINNET_SEEDS {
        cases.check(ours.url, || {
            let known = list(file, "mainnet_https")?.iter().any(|seed| seed["url"] == ours.url);
            expect_eq("is in the file", known, true)
        });
    }
    cases.check("our request, byte for byte", || our_bytes(file));
    for section in ["mainnet_quic", "testnet_quic"] {
        cases.skip(section, "clients need no QUIC; seeds are asked over HTTPS");
    }
}

/// The hashes that the file tells are those of its certificate. Ours are the
/// same; other seeds than ours can only be in other files than this package's.
fn pins(_: &Value, seed: &Value) -> Result<(), String> {
    let (url, host) = (text(seed, "url")?, text(seed, "host")?);
    expect_eq("URL", url, &format!("https://{host}:{}/json_rpc", number(seed, "port")?))?;
    let ours = MAINNET_SEEDS.iter().find(|ours| ours.url == url);

    let pem = text(seed, "certificate_pem")?;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).map_err(|why| why.to_string())?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|why| why.to_string())?;

    let fingerprint = Sha256::digest(&der);
    let told = text(seed, "certificate_sha256")?.replace(':', "").to_lowercase();
    expect_eq("certificate in the file", hex::encode(fingerprint), told)?;

    let spki = Sha256::digest(certificate.public_key().raw);
    expect_eq("SPKI in the file", spki.to_vec(), base64(seed, "spki_sha256_b64")?)?;

    if let Some(ours) = ours {
        expect_eq("certificate", ours.certificate_sha256, fingerprint.into())?;
        expect_eq("SPKI", ours.spki_sha256, spki.into())?;
    }

    let names = certificate.subject_alternative_name().map_err(|why| why.to_string())?;
    let names = names.map(|names| names.value.general_names.clone()).unwrap_or_default();
    expect_eq("names", names, vec![GeneralName::DNSName(host)])
}

/// A seed of ours takes it. The object form is desktop's, and ours.
fn request(_: &Value, case: &Value) -> Result<(), String> {
    let body = &case["body"];
    parse_seed_request(body.to_string().as_bytes()).map_err(|why| why.to_string())?;
    if body.pointer("/params/fields").is_some_and(Value::is_object) {
        let ours = serde_json::from_slice(&get_service_nodes_request());
        expect_eq("our request", &ours.map_err(|why| why.to_string())?, body)?;
    }
    Ok(())
}

/// Parsed JSON does not keep the order of fields, so this looks at the text.
fn our_bytes(file: &Value) -> Result<(), String> {
    list(file, "requests")?;
    let path = Folder::new("RAMSON_VECTORS", "vectors").path().join("seeds.json");
    let raw = std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
    let tight: String = raw.chars().filter(|sign| !sign.is_whitespace()).collect();
    let ours = String::from_utf8(get_service_nodes_request()).map_err(|why| why.to_string())?;
    expect_eq("the file has our very bytes", tight.contains(&ours), true)
}

/// We read every usable node of the answer, and a seed of ours, asked as
/// desktop asks, lists them the same way.
fn sample(_: &Value, case: &Value) -> Result<(), String> {
    let body = &case["body"];
    let result = &body["result"];
    let Parsed { nodes, height, rejected } =
        parse_service_nodes(body.to_string().as_bytes()).map_err(|why| why.to_string())?;
    let all = list(result, "service_node_states")?;
    let usable: Vec<&Value> = all.iter().filter(|entry| is_usable(entry)).collect();
    expect_eq("height", height, result["height"].as_u64())?;
    expect_eq("left out", rejected, all.len() - usable.len())?;
    expect_eq("taken", nodes.len(), usable.len())?;
    for (node, entry) in nodes.iter().zip(&usable) {
        expect_eq("address", node.ip, parsed(entry, "public_ip")?)?;
        expect_eq("port", u64::from(node.https_port), number(entry, "storage_port")?)?;
        expect_eq("Ed25519 key", node.ed25519, parsed(entry, "pubkey_ed25519")?)?;
        expect_eq("X25519 key", node.x25519, parsed(entry, "pubkey_x25519")?)?;
    }

    let chain = ChainState {
        height: height.unwrap_or(0),
        block_hash: [0; 32],
        hardfork: 19,
        snode_revision: 4,
    };
    let listed: Vec<ListedNode> = nodes.into_iter().map(ListedNode::new).collect();
    let asked = parse_seed_request(&get_service_nodes_request()).map_err(|why| why.to_string())?;
    let mut rng = rand::rngs::StdRng::seed_from_u64(0);
    let answer = service_nodes_answer(&listed, &chain, &asked, &mut rng);
    let answer: Value = serde_json::from_slice(&answer).map_err(|why| why.to_string())?;
    let expected = json!({
        "id": body["id"],
        "jsonrpc": body["jsonrpc"],
        "result": {
            "height": height,
            "service_node_states": usable,
            "status": result["status"],
        },
    });
    expect_eq("a seed's answer", answer, expected)
}

/// A node that never proved that it is up has no address.
fn is_usable(entry: &Value) -> bool {
    let ip = entry["public_ip"].as_str().unwrap_or_default();
    let needed = ["storage_port", "pubkey_ed25519", "pubkey_x25519"];
    !matches!(ip, "" | "0.0.0.0") && needed.iter().all(|name| !entry[*name].is_null())
}
