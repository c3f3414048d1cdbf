use super::*;
use crate::storage::parse_request;
use proptest::prelude::*;

/// What a node is asked when it reads our request.
fn question(request: &Request) -> Result<NameQuestion, NameQuestionError> {
    match parse_request(&request.to_bytes()).unwrap() {
        Request::OxendRequest(OxendRequest { endpoint: OxendEndpoint::OnsResolve, params }) => {
            NameQuestion::parse(&params)
        }
        other => panic!("{other:?}"),
    }
}

fn answer(record: &NameRecord) -> Vec<u8> {
    json!({ "hf": [19, 4], "result": record.to_json(), "t": 1 }).to_string().into_bytes()
}

proptest! {
    #[test]
    fn a_node_reads_whose_name_is_asked(text in "[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,62}[a-zA-Z0-9_])?") {
        let name: Name = text.parse().unwrap();
        prop_assert_eq!(name.as_str(), text.to_lowercase());
        prop_assert_eq!(name.to_string().parse(), Ok(name.clone()));
        let asked = question(&name.request()).unwrap();
        prop_assert!(asked.is_of_account());
        prop_assert_eq!(asked.name_hash, name.hash());
    }

    #[test]
    fn any_text_is_a_name_or_an_error_that_quotes_it(text: String) {
        match text.parse::<Name>() {
            Ok(name) => prop_assert_eq!(name.as_str(), text.to_lowercase()),
            Err(why) => prop_assert!(why.to_string().contains(&text)),
        }
    }

    #[test]
    fn records_are_read_as_they_were_written(value: Vec<u8>, nonce: Option<[u8; NONCE_LEN]>) {
        let record = NameRecord::Registered { encrypted_value: value, nonce };
        prop_assert_eq!(NameRecord::parse(&answer(&record)), Ok(record));
    }

    #[test]
    fn any_body_is_a_record_or_an_error(body: Vec<u8>, text: String) {
        let _ = NameRecord::parse(&body);
        prop_assert!(NameRecord::parse(text.as_bytes()).is_err());
        let wrapped = json!({ "result": { "encrypted_value": text } }).to_string();
        prop_assert_eq!(NameRecord::parse(wrapped.as_bytes()).is_ok(), hex::decode(&text).is_ok());
    }
}

#[test]
fn wrapped_twice_and_not_registered_and_refused() {
    let parse = |body: Value| NameRecord::parse(body.to_string().as_bytes());
    let record = NameRecord::Registered { encrypted_value: vec![1, 2], nonce: Some([3; 24]) };
    assert_eq!(parse(json!({ "result": { "result": record.to_json() } })), Ok(record));
    let nobody = Ok(NameRecord::NotRegistered);
    assert_eq!(parse(json!({ "result": { "status": "OK" } })), nobody);
    assert_eq!(parse(json!({ "result": {} })), nobody);
    assert_eq!(parse(json!({ "result": { "encrypted_value": null } })), nobody);
    assert_eq!(NameRecord::parse(&answer(&NameRecord::NotRegistered)), nobody);
    let busy = NameAnswerError::Status { status: "BUSY".to_owned() };
    assert_eq!(parse(json!({ "result": { "status": "BUSY" } })), Err(busy));
    for bad in [json!({}), json!([]), json!({ "result": "x" }), json!({ "result": null })] {
        assert!(matches!(parse(bad), Err(NameAnswerError::NoResult { .. })));
    }
    let short = parse(json!({ "result": { "encrypted_value": "00", "nonce": "0011" } }));
    assert!(matches!(short, Err(NameAnswerError::Field { field: "nonce", .. })));
}

#[test]
fn errors_name_the_text_and_what_does_not_fit() {
    let error = |text: &str| text.parse::<Name>().unwrap_err();
    assert_eq!(error(""), NameError::Length { text: String::new(), length: 0 });
    let long = "x".repeat(65);
    assert_eq!(error(&long), NameError::Length { text: long.clone(), length: 65 });
    for (text, found) in [("-a", '-'), ("a-", '-'), ("-", '-'), ("a.b", '.'), ("é", 'é')] {
        assert_eq!(error(text), NameError::Character { text: text.to_owned(), found });
    }
}

#[test]
fn questions_take_hex_and_base64_and_refuse_the_rest() {
    let hash = [7; 32];
    let base64 = STANDARD.encode(hash);
    for text in [base64.as_str(), base64.trim_end_matches('='), &hex::encode(hash)] {
        let asked = NameQuestion::parse(&json!({ "type": 0, "name_hash": text }));
        assert_eq!(asked, Ok(NameQuestion { kind: 0, name_hash: hash }));
    }
    for bad in [json!({ "type": 0 }), json!({ "type": 0, "name_hash": "0011" })] {
        assert!(matches!(NameQuestion::parse(&bad), Err(NameQuestionError::Hash { .. })));
    }
    for bad in [Value::Null, json!({ "type": -1 }), json!({ "type": 256, "name_hash": base64 })] {
        assert!(matches!(NameQuestion::parse(&bad), Err(NameQuestionError::Type { .. })));
    }
}
