//! Cut after cut, anywhere: whatever others did meanwhile, the client ends up with what was stored, and with what a
//! client heard that was never cut.
//!
//! Each run makes about 300 cuts, `PARLANCE_CUTS=1000` as many as it says; and as many again of clients with two
//! namespaces. A cut is a number of frames after which nothing reaches the client any more although the server posts
//! on; then its connection is closed, or lost without a word, or closed only after the client is back on another one.

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::ear::Transport;
use super::stage::Stage;
use super::words::{self, Words};

pub(super) const OTHERS: [&str; 3] = ["bob", "carol", "dave"];
/// Cuts that all runs together make, roughly.
const CUTS: u32 = 300;
/// Cuts of one client, on average.
const ROUNDS: usize = 12;
const TRANSPORTS: [Transport; 2] = [Transport::Polling, Transport::WebSocket];

/// Something that happens in the chat with one of the others. `mine` is done by the cut client's user on another
/// device.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Block { mine: bool },
    Delete(usize),
    DeleteChat { mine: bool },
    Hide(usize),
    Read { mine: bool },
    ReadSome(usize),
    Send { mine: bool },
    Unblock { mine: bool },
    Wait(i64),
}

/// What the client itself does while it is connected.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Move,
    Read,
    Send,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Closed,
    Lost,
    /// Closed when the client is back already.
    Late,
    /// Lost in the middle of a move to a WebSocket, if it polls.
    Moving,
}

/// From one return to the next.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) connected: Vec<(usize, ChatEvent)>,
    /// How many more frames reach the client in what follows.
    pub(super) reach: usize,
    pub(super) unheard: Vec<(usize, ChatEvent)>,
    pub(super) end: End,
    pub(super) away: Vec<(usize, Act)>,
    pub(super) back_by: bool,
    /// In which chats something is sent at the moment of the return.
    pub(super) at_once: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum ChatEvent {
    Act(Act),
    Deed(Deed),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => prop::bool::weighted(0.2).prop_map(|mine| Act::Send { mine }),
        3 => any::<bool>().prop_map(|mine| Act::Read { mine }),
        3 => (0..6_usize).prop_map(Act::ReadSome),
        3 => (0..6_usize).prop_map(Act::Delete),
        2 => (0..6_usize).prop_map(Act::Hide),
        1 => any::<bool>().prop_map(|mine| Act::Block { mine }),
        3 => any::<bool>().prop_map(|mine| Act::Unblock { mine }),
        1 => any::<bool>().prop_map(|mine| Act::DeleteChat { mine }),
        3 => (0..4_000_i64).prop_map(Act::Wait),
    ]
}

fn step() -> impl Strategy<Value = ChatEvent> {
    let deed = prop_oneof![1 => Just(Deed::Move), 2 => Just(Deed::Read), 4 => Just(Deed::Send)];
    prop_oneof![act().prop_map(ChatEvent::Act), deed.prop_map(ChatEvent::Deed)]
}

fn round() -> impl Strategy<Value = Round> {
    let chat = 0..OTHERS.len();
    let end = prop_oneof![Just(End::Closed), Just(End::Lost), Just(End::Late), Just(End::Moving)];
    let connected = prop::collection::vec((chat.clone(), step()), 0..5);
    let unheard = prop::collection::vec((chat.clone(), step()), 0..4);
    let away = prop::collection::vec((chat.clone(), act()), 0..5);
    let at_once = prop::collection::vec(chat, 0..3);
    (connected, 0..9_usize, unheard, end, away, any::<bool>(), at_once).prop_map(
        |(connected, reach, unheard, end, away, back_by, at_once)| Round {
            connected,
            reach,
            unheard,
            end,
            away,
            back_by,
            at_once,
        },
    )
}

async fn cut_again_and_again(
    (words, beside): (&'static Words, Option<&'static Words>),
    transport: Transport,
    rounds: &[Round],
) -> Result<(), String> {
    let mut stage = Stage::new(words, beside, transport).await;
    for (number, round) in rounds.iter().enumerate() {
        let sids = stage.sids();
        stage.live(&round.connected).await;
        stage.ear.reach = Some(round.reach);
        stage.live(&round.unheard).await;
        let late = stage.cut(round.end).await;
        stage.witness(&round.away).await;
        stage.come_back(round).await;
        if let Some(late) = late {
            stage.world.close(&late).await;
            stage.listen();
        }
        let found = stage.check(&sids).await;
        found.map_err(|problem| format!("{}, cut {}: {problem}\n{}", words.name, number + 1, stage.account()))?;
    }
    Ok(())
}

async fn never_cut(words: &'static Words, transport: Transport, rounds: &[Round]) -> Result<(), String> {
    let mut stage = Stage::new(words, None, transport).await;
    for round in rounds {
        stage.live(&round.connected).await;
        stage.live(&round.unheard).await;
        stage.witness(&round.away).await;
        stage.compare().await.map_err(|problem| format!("{}: {problem}\n{}", words.name, stage.account()))?;
    }
    Ok(())
}

/// Lives of so many clients, by so many rounds on average.
fn lives(clients: u32, live: impl Fn(&tokio::runtime::Runtime, &[Round]) -> Result<(), String>) {
    let config = ProptestConfig { cases: clients, failure_persistence: None, ..ProptestConfig::default() };
    let config = ProptestConfig { max_shrink_iters: 300, ..config };
    let rounds = prop::collection::vec(round(), 1..2 * ROUNDS);
    let outcome = TestRunner::new(config).run(&rounds, |rounds| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        live(&runtime, &rounds).map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Cuts clients of one dialect, which may have another one besides.
fn cut_clients_of(words: &'static Words, beside: Option<&'static Words>) {
    let cuts = std::env::var("PARLANCE_CUTS").ok().map_or(CUTS, |cuts| cuts.parse().unwrap());
    let clients = cuts.div_ceil(u32::try_from(ROUNDS * TRANSPORTS.len() * words::ALL.len()).unwrap());
    for transport in TRANSPORTS {
        lives(clients, |runtime, rounds| runtime.block_on(cut_again_and_again((words, beside), transport, rounds)));
    }
}

#[test]
fn a_client_of_two_namespaces_misses_nothing_in_either_wherever_it_is_cut() {
    for (words, beside) in words::ALL.iter().zip(words::ALL.iter().cycle().skip(1)) {
        cut_clients_of(words, Some(beside));
    }
}

#[test]
fn a_client_that_is_never_cut_shows_what_is_stored() {
    for words in words::ALL {
        for transport in TRANSPORTS {
            lives(1, |runtime, rounds| runtime.block_on(never_cut(words, transport, rounds)));
        }
    }
}

#[test]
fn a_recruiting_client_misses_nothing_wherever_it_is_cut() {
    cut_clients_of(&words::RECRUITING, None);
}

#[test]
fn a_marketplace_client_misses_nothing_wherever_it_is_cut() {
    cut_clients_of(&words::MARKETPLACE, None);
}

#[test]
fn a_messenger_client_misses_nothing_wherever_it_is_cut() {
    cut_clients_of(&words::MESSENGER, None);
}

#[test]
fn a_workspace_client_misses_nothing_wherever_it_is_cut() {
    cut_clients_of(&words::WORKSPACE, None);
}

#[test]
fn a_classroom_client_misses_nothing_wherever_it_is_cut() {
    cut_clients_of(&words::CLASSROOM, None);
}
