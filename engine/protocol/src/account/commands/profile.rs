//! The account's name, and what others are told.

use ramson_types::Timestamp;

use super::super::settings::{READ_RECEIPTS, TYPING};
use super::super::{Account, Plan};
use super::contacts::name;
use crate::command::CommandError;

impl Account {
    pub(super) fn set_name(&mut self, text: &str, now: Timestamp) -> Result<Plan, CommandError> {
        let name = name(text)?;
        let network_now = self.clock.at(now);
        self.settings.profile.set_name_truncated(&name.to_string(), Some(network_now));
        Ok(Plan::default())
    }

    pub(super) fn set_privacy(
        &mut self,
        read_receipts: Option<bool>,
        typing: Option<bool>,
    ) -> Plan {
        let local = &mut self.settings.local;
        for (setting, on) in [(READ_RECEIPTS, read_receipts), (TYPING, typing)] {
            if let Some(on) = on {
                local.set_setting(setting, on);
            }
        }
        Plan::default()
    }
}
