//! How the user wants it to look: kept with the window, so that the next UI and
//! the next start look the same.

use ramson_view::text::Order;
use ramson_view::{Action, Model};

use crate::screen::Cx;
use crate::theme::ThemeName;

const THEME: &str = "terminal.theme";
const BIDI: &str = "terminal.bidi";

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// The theme, where the terminal has its colours.
    pub(crate) theme: ThemeName,
    /// In which order the letters of a line are drawn.
    pub(crate) order: Order,
}

impl Look {
    /// What the user chose; where they did not, as it began.
    pub(crate) fn of(model: &Model, begun: Self) -> Self {
        Self {
            theme: model.setting(THEME).and_then(ThemeName::of_name).unwrap_or(begun.theme),
            order: model.setting(BIDI).and_then(order_of).unwrap_or(begun.order),
        }
    }
}

/// The order of a name: who turns Hebrew and Arabic around.
pub(crate) fn order_of(name: &str) -> Option<Order> {
    match name {
        "terminal" => Some(Order::Logical),
        "here" => Some(Order::Visual),
        _ => None,
    }
}

/// Another theme from now on.
pub(crate) fn choose_theme(theme: ThemeName, cx: &mut Cx) {
    let (name, value) = (THEME.to_owned(), theme.name().to_owned());
    cx.act(Action::Set { name, value });
}

/// Somebody else turns Hebrew and Arabic around from now on.
pub(crate) fn choose_order(order: Order, cx: &mut Cx) {
    let value = match order {
        Order::Logical => "terminal",
        Order::Visual => "here",
    };
    cx.act(Action::Set { name: BIDI.to_owned(), value: value.to_owned() });
}
