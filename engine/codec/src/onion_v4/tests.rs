use super::*;
use proptest::prelude::*;

fn headers() -> impl Strategy<Value = Headers> {
    prop::collection::vec(("[A-Za-z][A-Za-z-]{0,10}", any::<String>()), 0..5)
        .prop_map(|headers| headers.into_iter().collect())
}

proptest! {
    #[test]
    fn requests_are_read_as_they_were_written(
        method in "[A-Z]{3,6}", path: String, headers in headers(), body: Option<Vec<u8>>,
    ) {
        let request = Request { method, endpoint: format!("/{path}"), headers, body };
        prop_assert_eq!(Request::decode(&request.encode()), Ok(request));
    }

    #[test]
    fn answers_are_read_as_they_were_written(code: u16, headers in headers(), body: Vec<u8>) {
        let response = Response { code, headers: headers.as_answered(), body };
        prop_assert_eq!(Response::decode(&response.encode()), Ok(response));
    }

    #[test]
    fn requests_of_version_3_too(endpoint: String, headers in headers(), body: Option<String>) {
        let request = V3Request { method: "GET".to_owned(), endpoint, body, headers };
        prop_assert_eq!(V3Request::decode(&request.encode()), Ok(request));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, head: String, body: Vec<u8>) {
        let mut framed = b"l".to_vec();
        bt::put_bytes(&mut framed, head.as_bytes());
        bt::put_bytes(&mut framed, &body);
        framed.push(b'e');
        for bytes in [&bytes, &framed] {
            let _ = (Request::decode(bytes), Response::decode(bytes), V3Request::decode(bytes));
        }
    }
}

#[test]
fn answers_have_names_in_lower_case_and_no_length() {
    let headers = [("Content-Type", "x"), ("CONTENT-LENGTH", "7")].into_iter().collect();
    let response = Response { code: 200, headers, body: b"b".to_vec() };
    let expected = br#"l43:{"code":200,"headers":{"content-type":"x"}}1:be"#;
    assert_eq!(response.encode(), expected);
    assert_eq!(response.headers.get("content-TYPE"), Some("x"));
}

#[test]
fn numbers_count_as_text_and_anything_else_as_an_error() {
    let decode = |head: &str| {
        let mut framed = b"l".to_vec();
        bt::put_bytes(&mut framed, head.as_bytes());
        framed.push(b'e');
        Response::decode(&framed)
    };
    let response = decode(r#"{"code":200,"headers":{"a":7,"A":8}}"#).unwrap();
    assert_eq!(response.headers.iter().collect::<Vec<_>>(), [("a", "8")]);
    assert!(decode(r#"{"code":200}"#).is_ok_and(|it| it.headers.is_empty() && it.body.is_empty()));
    for bad in [r#"{"code":200,"headers":{"a":[]}}"#, r#"{"code":70000}"#, "{}", "[]", ""] {
        assert!(matches!(decode(bad), Err(V4Error::Head { .. })), "{bad}");
    }
}

#[test]
fn an_endpoint_is_a_path_and_perhaps_a_query() {
    assert_eq!(Request::get("/a?b=c?d").path_and_query(), ("/a", Some("b=c?d")));
    assert_eq!(Request::get("/a").path_and_query(), ("/a", None));
    let endpoint = "a".to_owned();
    let refused = Request::decode(&Request::get("a").encode());
    assert_eq!(refused, Err(V4Error::Endpoint { endpoint }));
}
