//! Answers every text with the same text.
use ramson_sdk::{Config, Delivery, Error, Host, Manifest, Plugin, plugin};
struct Echo(Host);
impl Plugin for Echo {
    const MANIFEST: Manifest = Manifest::bot("org.ramson.bot-echo", "Echo", "1.0").unloads();
    fn create(host: Host, _: Config) -> Result<Self, Error> {
        Ok(Self(host))
    }
    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        let Some((account, message, text)) = event.incoming_text() else { return Ok(()) };
        self.0.answer(account, message, format!("echo: {text}"))?;
        Ok(())
    }
}
plugin!(Echo);
