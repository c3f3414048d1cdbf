//! What goes around handlers.

use super::{Cx, Handled};

/// What goes around handlers.
pub(crate) type Layer = Box<dyn Fn(&mut Cx, Chain<'_>) -> Handled + Send>;

/// What a layer stands around: the layers inside it, and the handler. A layer
/// that does not run it stops the message, which is done with then.
pub struct Chain<'a> {
    layers: &'a [Layer],
    handler: &'a dyn Fn(&mut Cx) -> Handled,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(layers: &'a [Layer], handler: &'a dyn Fn(&mut Cx) -> Handled) -> Self {
        Self { layers, handler }
    }

    /// Runs it.
    pub fn run(self, cx: &mut Cx) -> Handled {
        match self.layers.split_first() {
            Some((layer, layers)) => layer(cx, Self { layers, handler: self.handler }),
            None => (self.handler)(cx),
        }
    }
}

impl std::fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}
