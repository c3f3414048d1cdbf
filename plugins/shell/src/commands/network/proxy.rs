//! `network proxy`: what a home is set to. No engine runs meanwhile, because
//! one that started without a proxy would go on without it.

use std::time::Duration;

use tokio::time::sleep;

use crate::cli::{Global, ProxyArgs};
use crate::console::Console;
use crate::error::Failure;
use crate::home::Home;
use crate::lock::{Claim, claim};
use crate::record::Record;
use crate::settings::{Proxy, ProxyRule};

/// A command that is just ending is waited for so long.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often the home's lock is tried meanwhile.
const EVERY: Duration = Duration::from_millis(50);

/// Sets or shows the proxy of a home.
pub(crate) async fn run(
    args: &ProxyArgs,
    global: &Global,
    console: &Console,
) -> Result<(), Failure> {
    let home = Home::choose(global.home.as_deref())?;
    let rule = match args.to.as_str() {
        "show" => home.proxy_rule()?,
        text => {
            let rule = ProxyRule::parse(text)?;
            set(&home, &rule).await?;
            rule
        }
    };
    console.record(&record(&rule)).await
}

async fn set(home: &Home, rule: &ProxyRule) -> Result<(), Failure> {
    // It may be set before there is an account.
    home.make()?;
    let mut waited = Duration::ZERO;
    loop {
        let holder = match claim(home.folder())? {
            Claim::Ours(_lock) => return home.keep_proxy_rule(rule),
            Claim::Taken(holder) => holder,
        };
        if waited >= PATIENCE {
            let way_out = "end it first: it would go on with the proxy it was started with";
            return Err(Failure::HomeInUse { home: home.folder().to_owned(), holder, way_out });
        }
        waited += EVERY;
        sleep(EVERY).await;
    }
}

fn record(rule: &ProxyRule) -> Record {
    let proxy = rule.proxy();
    Record::Proxy {
        proxy: proxy.map(Proxy::to_string),
        login: proxy.is_some_and(Proxy::has_login),
        decided: *rule != ProxyRule::Undecided,
    }
}
