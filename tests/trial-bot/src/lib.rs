//! Answers every text with its number and itself, and "count" with how many
//! there were. Nothing may be counted or answered twice, whatever is killed.

use ramson_sdk::Manifest;
use ramson_sdk::bot::{Bot, bot};

const MANIFEST: Manifest = Manifest::bot("org.ramson.trial-bot", "Counter", "1.0").unloads();

bot!(MANIFEST, |bot: &mut Bot| {
    bot.on_text(|cx, text| {
        let count = cx.get::<u64>("count")?.unwrap_or(0);
        if text == "count" {
            return cx.say(count.to_string());
        }
        cx.put("count", &(count + 1))?;
        cx.say(format!("{}: {text}", count + 1))
    });
});
