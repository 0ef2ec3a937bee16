//! Runs the whiteboard in one process. The arguments are the port, which is 3000 without one, and the password of the
//! Admin UI, without which there is none.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use local::admin;
use local::cloud::{Options, PocketCloud};
use local::code::of_relay;
use local::gateway::server::{self, Port};
use local::inspector::{self, Hosts};
use local::run::{run, say};
use local::template::Template;
use relay::clock::Clock;
use whiteboard::Whiteboard;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(3000), |port| port.parse())?;
    let listener = server::listen((Ipv4Addr::LOCALHOST, port).into())?;
    let origin = format!("http://{}", listener.local_addr()?);
    let password = std::env::args().nth(2).map(|password| ("AdminPassword".to_owned(), password));
    let template = Template::read(include_str!("../../template.yaml"), &password.into_iter().collect())?;
    let options = Options::<Whiteboard>::in_memory(origin.clone(), Clock::system(), of_relay);
    let options = Options { adapt: admin::live, ..options };
    let cloud = Arc::new(PocketCloud::boot_from(template, options).await?);
    let rest = inspector::router(&cloud, Hosts::default(), &[]).merge(cloud.http.clone());
    let port = Port { listener, stage_variables: BTreeMap::new(), rest };
    say(&format!("The whiteboard is at {origin}"));
    say(&format!("{origin}/_local shows what happens."));
    run(&cloud, vec![port], Clock::system(), || say("closing")).await;
    Ok(())
}
