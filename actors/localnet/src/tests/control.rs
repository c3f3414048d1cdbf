//! The control socket, spoken to as any program would.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{Localnet, LocalnetConfig, mode, run, start};
use crate::control::{Answer, MAX_COMMAND};

fn config(folder: &Path) -> LocalnetConfig {
    LocalnetConfig {
        state: Some(folder.to_owned()),
        control: Some(socket(folder)),
        ..LocalnetConfig::new([30; 32])
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

struct Client(BufReader<UnixStream>);

impl Client {
    async fn new(folder: &Path) -> Self {
        Self(BufReader::new(UnixStream::connect(socket(folder)).await.unwrap()))
    }

    async fn ask(&mut self, line: &str) -> Answer {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).await.unwrap();
        self.answer().await
    }

    async fn answer(&mut self) -> Answer {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

fn refused(answer: Answer) -> String {
    match answer {
        Answer::Refused(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_changes_a_network_line_by_line() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let localnet = start(config(folder.path())).await;
        assert_eq!(mode(&socket(folder.path())), 0o600);
        let mut client = Client::new(folder.path()).await;
        let done = |answer| matches!(answer, Answer::Done(_));
        assert!(done(client.ask(r#"{"do":"stop-node","node":3}"#).await));
        assert!(!localnet.status().nodes[3].up);
        assert!(done(client.ask(r#"{"do":"start-node","node":3}"#).await));
        assert!(done(client.ask(r#"{"do":"new-swarm","nodes":[3,4]}"#).await));
        assert!(done(client.ask(r#"{"do":"move","node":5,"swarm":3}"#).await));
        let id = format!("05{}", "ab".repeat(32));
        assert!(done(client.ask(&format!(r#"{{"do":"name","name":"A-b","id":"{id}"}}"#)).await));
        let rule = r#"{"do":"faults","text":"[[rule]]\nfault = 'slow'\nms = 1\nnodes = 0"}"#;
        assert!(done(client.ask(rule).await));
        let Answer::Status(status) = client.ask(r#"{"do":"status"}"#).await else { panic!() };
        assert_eq!(status.swarms[3].nodes, [3, 4, 5]);
        assert_eq!((status.names[0].name.as_str(), status.names[0].id.as_str()), ("a-b", &*id));
        assert_eq!(status.nodes[0].faults, ["slow"]);

        let refusals = [
            (r#"{"do":"stop-node","node":99}"#, "no node 99"),
            (r#"{"do":"move","node":1,"swarm":9}"#, "no swarm 9"),
            (r#"{"do":"new-swarm","nodes":[]}"#, "needs nodes"),
            (r#"{"do":"name","name":"-","id":"05"}"#, "'-' is not a name"),
            (r#"{"do":"name","name":"a","id":"05"}"#, "Account ID '05'"),
            (r#"{"do":"faults","text":"x"}"#, "line 1 of the faults file"),
            ("rubbish", "no command"),
            ("", "no command"),
        ];
        for (line, said) in refusals {
            let reason = refused(client.ask(line).await);
            assert!(reason.contains(said), "{line}: {reason}");
        }
        assert!(done(client.ask(r#"{"do":"clear-faults"}"#).await));
        assert!(done(client.ask(r#"{"do":"forget-name","name":"a-b"}"#).await));
        assert!(localnet.status().names.is_empty() && localnet.status().faults.is_empty());
    });
}

#[test]
fn bad_clients_hurt_only_themselves() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let _localnet = start(config(folder.path())).await;
        let mut stalled = Vec::new();
        for _ in 0..8 {
            let mut client = Client::new(folder.path()).await;
            client.0.get_mut().write_all(b"{\"do\":").await.unwrap();
            stalled.push(client);
        }
        let mut flood = Client::new(folder.path()).await;
        let long = vec![b'x'; MAX_COMMAND + 100_000];
        // Refused before all of it is taken.
        let _closed = flood.0.get_mut().write_all(&long).await;
        assert!(refused(flood.answer().await).contains("longer than"));
        let mut client = Client::new(folder.path()).await;
        let asked = client.ask(r#"{"do":"status"}"#);
        let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.unwrap();
        assert!(matches!(answer, Answer::Status(_)));
    });
}

async fn end(localnet: Localnet) {
    localnet.stop_asked().await;
    localnet.stop().await.unwrap();
}

#[test]
fn a_network_ends_when_it_is_asked_to_and_takes_its_socket_along() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let localnet = start(config(folder.path())).await;
        let ending = tokio::spawn(end(localnet));
        let mut client = Client::new(folder.path()).await;
        assert!(matches!(client.ask(r#"{"do":"stop"}"#).await, Answer::Done(_)));
        let mut rest = String::new();
        client.0.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
        ending.await.unwrap();
        assert!(!socket(folder.path()).exists());

        // One that a killed process left behind is replaced.
        let left = tokio::net::UnixListener::bind(socket(folder.path())).unwrap();
        drop(left);
        assert!(UnixStream::connect(socket(folder.path())).await.is_err());
        let _localnet = start(config(folder.path())).await;
        let mut client = Client::new(folder.path()).await;
        assert!(matches!(client.ask(r#"{"do":"status"}"#).await, Answer::Status(_)));
    });
}
