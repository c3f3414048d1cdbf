//! Contacts and message requests.

use super::*;

fn request(home: &mut Home, from: AccountId) {
    home.knows(Contact { approved_me: true, ..Contact::new(from) });
    home.hears(from, NOW);
}

#[test]
fn a_request_is_accepted_once_and_the_peer_is_told() {
    let (mut home, bob) = (Home::new(), account(2, "Bob").id());
    request(&mut home, bob);
    assert!(home.line(bob).is_request());
    let done = home.does(Command::Approve(bob)).unwrap();
    let [response] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(response), (Copy::Recipient, bob, FORTNIGHT, QUIET));
    let told = read(response).message_request_response.unwrap();
    assert!(told.is_approved);
    assert_eq!(told.profile.unwrap().display_name.as_deref(), Some("Alice"));
    assert_eq!(done.outcome, Outcome::Done);
    let line = home.line(bob);
    assert!(line.approved && !line.is_request());
    assert!(home.does(Command::Approve(bob)).unwrap().outgoing.is_empty());
}

#[test]
fn a_contact_is_made_approved_and_only_who_asked_is_told() {
    let (mut home, bob) = (Home::new(), account(2, "Bob").id());
    assert!(home.does(Command::AddContact(bob)).unwrap().outgoing.is_empty());
    let contact = home.contact(bob).unwrap();
    assert!(contact.approved && !contact.approved_me);
    assert_eq!(contact.created, i64::try_from(NOW.millis() / 1_000).unwrap());
    assert!(home.line(bob).approved);
    let carol = account(3, "Carol").id();
    request(&mut home, carol);
    assert_eq!(home.does(Command::AddContact(carol)).unwrap().outgoing.len(), 1);
    home.knows(Contact { priority: -1, ..home.contact(carol).unwrap() });
    home.does(Command::AddContact(carol)).unwrap();
    assert_eq!(home.contact(carol).unwrap().priority, 0, "it is shown again");
}

#[test]
fn declined_requests_go_and_nothing_is_said() {
    let mut home = Home::new();
    let who: Vec<_> = (2..7).map(|n| account(n, "x").id()).collect();
    who.iter().for_each(|from| request(&mut home, *from));
    home.knows(Contact { approved: true, ..home.contact(who[3]).unwrap() });
    home.knows(Contact { blocked: true, ..home.contact(who[4]).unwrap() });
    for account in [who[3], who[4]] {
        let refused = home.does(Command::Decline(account)).err();
        assert_eq!(refused, Some(CommandError::NotARequest { account }));
    }
    assert!(home.does(Command::Decline(who[0])).unwrap().outgoing.is_empty());
    assert!(home.contact(who[0]).is_none());
    let again = home.does(Command::Decline(who[0])).err();
    assert_eq!(again, Some(CommandError::NoSuchContact { account: who[0] }));
    assert!(home.does(Command::DeclineAll).unwrap().outgoing.is_empty());
    let left: Vec<_> = home.account.settings.contacts.contacts().map(|left| left.id).collect();
    let mut expected = vec![who[3], who[4]];
    expected.sort_unstable();
    assert_eq!(left, expected);
    let forget = |who| Work::Forget(ConversationId::Account(who));
    let due = home.account.due_work(NOW);
    assert!(who[..3].iter().any(|who| due == Some(forget(*who))), "{due:?}");
}

#[test]
fn a_removed_contact_leaves_no_entry_and_its_messages_are_due() {
    use crate::config::convo_volatile::Convo;
    let (mut home, bob) = Home::with_friend();
    home.hears(bob, NOW.minus(DAY));
    home.writes(bob);
    let read = |home: &Home| home.account.settings.volatile.read_state(&Convo::Account(bob));
    assert!(read(&home).unwrap().is_some());
    home.does(Command::RemoveContact(bob)).unwrap();
    assert!(home.contact(bob).is_none());
    assert_eq!(read(&home).unwrap(), None);
    let (mut forgotten, forget) = (false, Work::Forget(ConversationId::Account(bob)));
    while let Some(work) = home.account.due_work(NOW) {
        forgotten |= work == forget;
        home.works(work);
    }
    assert!(forgotten && home.messages(bob).is_empty());
    assert!(!home.store.lines.contains_key(&ConversationId::Account(bob)));
    let again = home.does(Command::RemoveContact(bob)).err();
    assert_eq!(again, Some(CommandError::NoSuchContact { account: bob }));
}

#[test]
fn who_is_blocked_need_not_be_known() {
    let (mut home, bob) = (Home::new(), account(2, "Bob").id());
    home.does(Command::Block { account: bob, blocked: false }).unwrap();
    assert!(home.contact(bob).is_none(), "nothing to take back");
    home.does(Command::Block { account: bob, blocked: true }).unwrap();
    assert!(home.contact(bob).unwrap().blocked && home.line(bob).blocked);
    for command in [Command::Approve(bob), Command::AddContact(bob)] {
        assert_eq!(home.does(command).err(), Some(CommandError::Blocked { account: bob }));
    }
    home.does(Command::Block { account: bob, blocked: false }).unwrap();
    assert!(!home.contact(bob).unwrap().blocked);
}

#[test]
fn a_nickname_has_a_hundred_bytes_and_can_be_taken_away() {
    let (mut home, bob) = Home::with_friend();
    let name = |nickname: Option<&str>| Command::SetNickname {
        account: bob,
        nickname: nickname.map(str::to_owned),
    };
    home.does(name(Some(" Bobby "))).unwrap();
    assert_eq!(home.line(bob).nickname.as_deref(), Some("Bobby"));
    home.does(name(Some(&"é".repeat(50)))).unwrap();
    let (long, bytes) = ("é".repeat(51), 102);
    let refused = home.does(name(Some(&long))).err();
    assert_eq!(refused, Some(CommandError::BadName { name: long, bytes }));
    let refused = home.does(name(Some("  "))).err();
    assert_eq!(refused, Some(CommandError::BadName { name: String::new(), bytes: 0 }));
    assert_eq!(home.line(bob).nickname, Some("é".repeat(50)));
    home.does(name(None)).unwrap();
    assert_eq!(home.line(bob).nickname, None);
}

#[test]
fn the_own_account_groups_and_strangers_are_no_contacts() {
    let mut home = Home::new();
    let (me, stranger) = (home.id(), account(9, "x").id());
    let group = AccountId::new(ramson_types::Prefix::Group, [1; 32]);
    let commands = |account| {
        [
            Command::AddContact(account),
            Command::Approve(account),
            Command::Decline(account),
            Command::RemoveContact(account),
            Command::Block { account, blocked: true },
            Command::SetNickname { account, nickname: Some("x".into()) },
        ]
    };
    for command in commands(me) {
        assert_eq!(home.does(command).err(), Some(CommandError::OwnAccount { account: me }));
    }
    for command in commands(group) {
        assert_eq!(home.does(command).err(), Some(CommandError::NotAnAccount { to: group }));
    }
    for command in commands(stranger)
        .into_iter()
        .filter(|command| !matches!(command, Command::AddContact(_) | Command::Block { .. }))
    {
        let expected = CommandError::NoSuchContact { account: stranger };
        assert_eq!(home.does(command).err(), Some(expected));
    }
}
