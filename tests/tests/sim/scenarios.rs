//! What goes wrong in the world, and all messages arrive exactly once all the
//! same.

mod clients;
mod devices;
mod heavy;
mod members;
mod outages;
mod requests;
mod swarms;

use ramson_tests::world::Plan;

use crate::harness::Scenario;

/// Every scenario.
pub(crate) const ALL: &[Scenario] = &[
    Scenario::new("calm", |_| Plan::default().chatter(3, 5, 25)),
    Scenario::new("several_devices", clients::several_devices),
    Scenario::new("names", clients::names),
    Scenario::new("asleep_for_a_week", clients::asleep_for_a_week),
    Scenario::new("crash_at_every_commit", clients::crash_at_every_commit),
    Scenario::new("client_clock_wrong", clients::clock_wrong),
    Scenario::new("client_clock_set", clients::clock_set),
    Scenario::new("dead_guard_at_start", outages::dead_guard_at_start),
    Scenario::new("guard_dies", outages::guard_dies),
    Scenario::new("long_outage", outages::long_outage),
    Scenario::new("partition_and_repair", outages::partition_and_repair),
    Scenario::new("client_cut_off", outages::client_cut_off),
    Scenario::new("seeds_down_with_cache", outages::seeds_down_with_cache),
    Scenario::new("seeds_down_without_cache", outages::seeds_down_without_cache),
    Scenario::new("node_returns_empty", outages::node_returns_empty),
    Scenario::new("swarm_moves", swarms::moves),
    Scenario::new("swarms_split", swarms::split),
    Scenario::new("swarm_dissolved", swarms::dissolved),
    Scenario::new("storm_of_421", swarms::storm_of_421),
    Scenario::new("lying_members", members::lying),
    Scenario::new("withholding_members", members::withholding),
    Scenario::new("forgetful_members", members::forgetful),
    Scenario::new("wrong_clocks_of_nodes", members::wrong_clocks),
    Scenario::new("requests_fail", requests::fail),
    Scenario::new("answers_lost", requests::answers_lost),
    Scenario::new("garbage_answers", requests::garbage),
    Scenario { seeds: 3, ..Scenario::new("heavy", heavy::plan) },
    Scenario { seeds: 2, ..Scenario::new("three_devices", devices::three_devices) },
];
