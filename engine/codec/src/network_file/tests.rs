use proptest::prelude::*;

use super::*;

const FULL: &str = r#"
name = "my network"
seeds = ["http://127.0.0.1:22129/json_rpc", "https://Seed.example.org:4443"]
min_pool = 6
subnet_diversity = true
file_server = { url = "http://127.0.0.1:8000", public_key = "09324794aa9c11948189762d198c618148e9136ac9582068180661208927ef34" }
max_requests_per_second = 20
allow_stress = true

[[pins]]
host = "seed.example.org"
spki_sha256 = "mlYTXvkmIEYcpswANTpnBwlz9Cswi0py/RQKkbdQOZQ="
certificate_sha256 = "36:EA:0B:25:35:37:98:85:51:EE:85:6E:4F:D2:0D:55:01:1E:9C:8B:27:EA:A2:F3:4B:8F:32:A0:BD:F0:4F:2D"
"#;

fn refused(text: &str) -> String {
    NetworkFile::parse(text).unwrap_err().to_string()
}

#[test]
fn a_full_file_is_read() {
    let network = NetworkFile::parse(FULL).unwrap();
    assert_eq!(network.name, "my network");
    assert_eq!(network.seeds[0], ServerUrl::http("127.0.0.1", 22129, "/json_rpc"));
    assert_eq!(network.seeds[1].to_string(), "https://seed.example.org:4443/json_rpc");
    assert_eq!(network.min_pool, 6);
    assert!(network.subnet_diversity && network.allow_stress && !network.allow_http);
    assert_eq!(network.max_requests_per_second, 20);
    assert_eq!(network.file_server.as_ref().unwrap().url.port, 8000);
    let pin = &network.pins[0];
    assert_eq!(pin.spki_sha256, MAINNET_SEEDS[0].spki_sha256);
    assert_eq!(pin.certificate_sha256, Some(MAINNET_SEEDS[0].certificate_sha256));
    assert_eq!(network.proof_of(&network.seeds[0]), SeedProof::Plain);
    assert_eq!(network.proof_of(&network.seeds[1]), SeedProof::Pinned(network.pins.clone()));
    assert_eq!(NetworkFile::unknown_keys(FULL), Vec::<String>::new());
}

#[test]
fn a_file_that_names_only_a_seed_is_enough() {
    let network = NetworkFile::parse(r#"seeds = ["http://127.0.0.11:22129/json_rpc"]"#).unwrap();
    let seeds = vec![ServerUrl::http("127.0.0.11", 22129, "/json_rpc")];
    assert_eq!(network, NetworkFile::with_seeds("127.0.0.11:22129", seeds));
    assert_eq!((network.min_pool, network.subnet_diversity), (4, false));
}

#[test]
fn keys_of_other_versions_are_passed_over_and_told() {
    let text = "seeds = ['https://seed.example.org']\nallow_htpp = true\n[push]\nurl = 'x'";
    assert!(!NetworkFile::parse(text).unwrap().allow_http);
    assert_eq!(NetworkFile::unknown_keys(text), ["allow_htpp", "push"]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    assert!(refused("name = \"x\"\nseeds = [").starts_with("line 2 of the network file: "));
    let error = refused("name = \"x\"\n\nseeds = \"http://127.0.0.1\"\n");
    assert!(error.starts_with("line 3 of the network file: invalid type: string"), "{error}");
    assert!(refused("").starts_with("the network file names no seed"));
    assert!(refused("seeds = []").starts_with("the network file names no seed"));
    for (url, reason) in [
        ("ftp://seed.example.org", UrlError::Scheme),
        ("seed.example.org:443", UrlError::Scheme),
        ("https://", UrlError::Host),
        ("https://user@seed.example.org", UrlError::Host),
        ("https://seed example.org", UrlError::Host),
        ("https://[::g]/", UrlError::Host),
        ("https://seed.example.org:0/", UrlError::Port),
        ("https://seed.example.org:99999/", UrlError::Port),
        ("https://seed.example.org:/", UrlError::Port),
        ("https://seed.example.org/a?b", UrlError::Path),
        ("https://seed.example.org/a b", UrlError::Path),
    ] {
        let error = NetworkFile::parse(&format!("seeds = ['{url}']")).unwrap_err();
        assert_eq!(error, NetworkFileError::BadUrl { url: url.to_owned(), reason });
    }
    assert_eq!(
        NetworkFile::parse("seeds = ['https://a.org']\nmin_pool = 3"),
        Err(NetworkFileError::SmallPool { min_pool: 3 })
    );
    // More than a file can be written with again.
    let error = refused("seeds = ['https://a.org']\nmin_pool = 18446744073709551615");
    assert!(error.starts_with("line 2 of the network file: invalid value: integer"), "{error}");
    let server =
        "seeds = ['https://a.org']\nfile_server = { url = 'http://b.org', public_key = 'ab' }";
    assert_eq!(NetworkFile::parse(server), Err(NetworkFileError::BadKey { key: "ab".to_owned() }));
}

#[test]
fn plain_http_stays_on_this_machine_unless_the_file_allows_it() {
    for host in ["127.0.0.1", "127.0.0.16", "localhost", "[::1]"] {
        let network = NetworkFile::parse(&format!("seeds = ['http://{host}:1/json_rpc']")).unwrap();
        assert!(network.seeds[0].is_loopback());
    }
    for host in ["10.0.0.1", "seed.example.org", "127.0.0.1.example.org", "[2001:db8::1]"] {
        let text = format!("seeds = ['http://{host}:1/json_rpc']");
        assert_eq!(
            NetworkFile::parse(&text),
            Err(NetworkFileError::PlainHttp { url: format!("http://{host}:1/json_rpc") })
        );
        assert!(NetworkFile::parse(&format!("{text}\nallow_http = true")).is_ok());
    }
}

#[test]
fn pins_must_be_hashes_of_a_seed_that_is_asked() {
    let seeds = "seeds = ['https://a.org', 'http://127.0.0.1:1']\n";
    let with = |host: &str, hash: &str| {
        NetworkFile::parse(&format!("{seeds}[[pins]]\nhost = '{host}'\nspki_sha256 = '{hash}'\n"))
    };
    assert!(with("A.org", &"ab".repeat(32)).is_ok());
    for host in ["b.org", "127.0.0.1"] {
        let error = NetworkFileError::PinWithoutSeed { host: host.to_owned() };
        assert_eq!(with(host, &"ab".repeat(32)), Err(error));
    }
    for hash in ["", "ab", "not a hash at all", &"ab".repeat(33)] {
        let error = NetworkFileError::BadPin { host: "a.org".to_owned(), value: hash.to_owned() };
        assert_eq!(with("a.org", hash), Err(error));
    }
}

#[test]
fn each_seed_has_its_proof() {
    let network = NetworkFile::parse(
        "seeds = ['https://a.org', 'https://127.0.0.1:1', 'http://localhost:2']",
    )
    .unwrap();
    let proofs: Vec<_> = network.seeds.iter().map(|seed| network.proof_of(seed)).collect();
    assert_eq!(proofs, [SeedProof::Ordinary, SeedProof::AnyCertificate, SeedProof::Plain]);
}

#[test]
fn the_known_networks_can_be_written_and_read() {
    let (mainnet, testnet) = (NetworkFile::mainnet(), NetworkFile::testnet());
    assert_eq!((mainnet.seeds.len(), mainnet.pins.len()), (MAINNET_SEEDS.len(), 3));
    for seed in &mainnet.seeds {
        assert!(matches!(mainnet.proof_of(seed), SeedProof::Pinned(pins) if pins.len() == 1));
    }
    assert!(mainnet.subnet_diversity && !testnet.subnet_diversity);
    for network in [mainnet, testnet, NetworkFile::parse(FULL).unwrap()] {
        assert_eq!(NetworkFile::parse(&network.to_toml()), Ok(network));
    }
}

proptest! {
    #[test]
    fn no_text_upsets_the_parser(text in ".{0,200}") {
        let _ = NetworkFile::parse(&text);
        let _ = NetworkFile::unknown_keys(&text);
        let _ = text.parse::<ServerUrl>();
    }

    #[test]
    fn a_url_is_read_as_it_is_written(
        https: bool,
        host in "[a-z][a-z0-9-]{0,9}(\\.[a-z]{2,5}){0,2}",
        port in 1u16..,
        path in "(/[a-z0-9._~-]{0,8}){1,3}",
    ) {
        let url = ServerUrl { https, host, port, path };
        prop_assert_eq!(url.to_string().parse(), Ok(url));
    }
}
