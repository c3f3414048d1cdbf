//! What a guard sees.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_localnet::LocalnetConfig;

use crate::support::{engine, localnet, next_message};

/// The forms in which something could stand in bytes.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), hex::encode(secret).into_bytes()];
    forms.push(hex::encode_upper(secret).into_bytes());
    // Base64 of something inside a longer text depends on where it begins.
    for skip in 0..3 {
        if let Some(rest) = secret.get(skip..).filter(|rest| rest.len() >= 6) {
            let whole = rest.len() / 3 * 3;
            forms.push(STANDARD.encode(&rest[..whole]).into_bytes());
        }
    }
    forms
}

fn contains(bytes: &[u8], form: &[u8]) -> bool {
    bytes.windows(form.len()).any(|window| window == form)
}

#[tokio::test]
async fn neither_ids_nor_text_are_in_the_bytes_that_nodes_see_on_the_wire() {
    let wire: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let tap = wire.clone();
    let config = LocalnetConfig {
        tap: Some(Arc::new(move |_, request, answer| {
            let mut wire = tap.lock().unwrap();
            wire.push(request.to_vec());
            wire.push(answer.to_vec());
        })),
        ..LocalnetConfig::new([3; 32])
    };
    let net = localnet(config).await;
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path(), &net).await;
    let alice = engine.create_account(Some("Alexandrina".into())).await.unwrap();
    let bob = engine.create_account(Some("Bartholomew".into())).await.unwrap();
    let mut events = engine.subscribe();
    let text = "the owl flies at midnight";
    engine.send_text(&alice.id, bob.id, text.into()).await.unwrap();
    // Alice sees her own sync copy as known; the first message is Bob's.
    assert_eq!(next_message(&mut events).await.text.as_deref(), Some(text));
    engine.shutdown().await;

    let wire = wire.lock().unwrap();
    assert!(wire.len() > 10, "{} bodies were recorded", wire.len());
    let secrets: [&[u8]; 5] =
        [alice.id.key(), bob.id.key(), text.as_bytes(), b"Alexandrina", b"Bartholomew"];
    for secret in secrets {
        for form in forms(secret) {
            let seen = wire.iter().filter(|body| contains(body, &form)).count();
            assert_eq!(seen, 0, "{} is on the wire", String::from_utf8_lossy(&form));
        }
    }
    // The search itself works: what does stand on the wire is found.
    assert!(wire.iter().any(|body| contains(body, b"ephemeral_key")));
}
