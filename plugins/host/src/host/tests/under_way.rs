//! What happens while something else is under way.

use ramson_wire::{AccountId, Event};
use tokio::time::timeout;

use super::*;
use crate::prepared::Prepared;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_slow_plugin_that_is_swapped_hears_all_that_waits_for_it() {
    let trial = Trial::new(Limits { stop: Duration::from_millis(500), ..Limits::default() });
    trial.plugin("slow", &["-DSLOW=3000"]);
    trial.host.load("slow", Allowed::AsDecided).await.unwrap();
    soon("a snapshot", || trial.has("slow", "event 1 seq 0")).await;
    let account = AccountId([5; 33]);
    let gone = Arc::new(Prepared::new(Event::AccountRemoved { account }));
    let seats = trial.host.inner.shared.seats();
    (1..=300).for_each(|seq| seats[0].tell(seq, &gone));
    trial.host.swap("slow").await.unwrap();
    let heard = trial.diary("slow").iter().filter(|line| line.starts_with("event 9 ")).count();
    assert_eq!((heard, trial.count("slow", "destroy")), (300, 1));
    trial.host.end().await;
}

#[tokio::test]
async fn a_plugin_that_cannot_take_over_leaves_the_place_to_the_old_one() {
    let trial = Trial::new(quick());
    trial.plugin("calm", &[]);
    trial.host.load("calm", Allowed::AsDecided).await.unwrap();
    soon("a snapshot", || trial.has("calm", "event 1 seq 0")).await;
    // Nobody gives snapshots any more.
    let tasks = std::mem::take(&mut *trial.host.inner.tasks.lock().unwrap());
    tasks.iter().for_each(tokio::task::AbortHandle::abort);
    let error = trial.host.swap("calm").await.unwrap_err();
    assert!(error.to_string().contains("there is no snapshot for it"), "{error}");
    assert_eq!((trial.count("calm", "create"), trial.count("calm", "destroy")), (2, 1));
    assert_eq!(trial.state("calm"), PluginState::Running);
    assert_eq!(trial.host.inner.shared.seats().len(), 1);
    trial.host.end().await;
}

#[tokio::test]
async fn the_slot_ends_with_the_host_though_another_ui_is_being_created() {
    let trial = Trial::new(Limits { stop: Duration::from_millis(300), ..Limits::default() });
    trial.plugin("ui-a", &UI);
    trial.plugin("ui-hangs", &[&UI[..], &["-DHANG_CREATE"]].concat());
    let main = lend(&trial.host);
    trial.host.use_ui("ui-a").await.unwrap();
    soon("a shows", || trial.has("ui-a", "run_ui")).await;
    let host = trial.host.clone();
    let using = tokio::spawn(async move { host.use_ui("ui-hangs").await });
    soon("the other is being created", || trial.has("ui-hangs", "create")).await;
    trial.host.end().await;
    soon("the slot ends", || main.is_finished()).await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
    using.abort();
}

#[tokio::test]
async fn what_is_created_while_the_host_ends_does_not_stay() {
    let trial = Trial::new(Limits { stop: Duration::from_millis(50), ..Limits::default() });
    trial.plugin("late", &["-DSLOW_CREATE=800000"]);
    let host = trial.host.clone();
    let loading = tokio::spawn(async move { host.load("late", Allowed::AsDecided).await });
    soon("it is being created", || trial.has("late", "create")).await;
    trial.host.end().await;
    let loaded = timeout(PATIENCE, loading).await.unwrap().unwrap();
    assert!(matches!(loaded, Err(HostError::Ended)), "{loaded:?}");
    soon("it is destroyed", || trial.has("late", "destroy")).await;
}

#[tokio::test]
async fn a_ui_that_gives_the_screen_back_too_late_shows_again() {
    let trial = Trial::new(Limits { stop: Duration::from_millis(300), ..Limits::default() });
    trial.plugin("ui-late", &[&UI[..], &["-DUI_LATE=1500000"]].concat());
    trial.plugin("ui-other", &UI);
    let main = lend(&trial.host);
    trial.host.use_ui("ui-late").await.unwrap();
    soon("it shows", || trial.has("ui-late", "run_ui")).await;
    let error = trial.host.use_ui("ui-other").await.unwrap_err();
    assert!(matches!(error, HostError::Stuck { .. }), "{error}");
    soon("it shows again", || trial.count("ui-late", "run_ui") == 2).await;
    assert_eq!(trial.host.ui().as_deref(), Some("ui-late"));
    trial.host.use_ui("ui-other").await.unwrap();
    soon("the other shows", || trial.has("ui-other", "run_ui")).await;
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
}
