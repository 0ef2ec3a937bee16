//! What AWS would have counted and charged since the start of a system.

use crate::connector::Services;
use crate::gateway::Gateway;
use crate::template::Template;
use crate::watch::{Totals, Units, Watch};

/// Adds up what the parts of a system have counted.
#[must_use]
pub fn totals(services: &Services, gateway: &Gateway, template: &Template, watch: &Watch) -> Totals {
    let meter = services.dynamodb.meter();
    let units = Units { read: meter.read_units, write: meter.write_units + meter.refused_write_units };
    let memory = template.functions.values().map(|function| (function.package.as_str(), function.memory_mb));
    watch.counts().totals(gateway.open_time(), memory, units)
}
