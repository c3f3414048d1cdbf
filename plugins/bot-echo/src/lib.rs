//! Answers every text with the same text.
use ramson_sdk::Manifest;
use ramson_sdk::bot::{Bot, bot};

const ECHO: Manifest = Manifest::bot("org.ramson.bot-echo", "Echo", "1.0").unloads();

bot!(ECHO, |bot: &mut Bot| {
    bot.on_text(|cx, text| cx.say(format!("echo: {text}")));
});
