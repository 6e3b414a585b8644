//! The same readings, in whatever order and however often they come, with a `kill -9` or an edited rule in the middle,
//! tell the real binary the same: the same alerts and the same tickets.

mod fleet;
mod stream;

use crate::order::{
    fleet::{Fleet, Told},
    stream::{Message, day},
};
use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// How the messages of a device are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    InOrder,
    NewestFirstWithinDays,
    ShuffledWithinDays,
    Twice,
    ShuffledTwiceWithAKillAndAnEdit,
}

impl Sent {
    const ALL: [Self; 5] = [
        Self::InOrder,
        Self::NewestFirstWithinDays,
        Self::ShuffledWithinDays,
        Self::Twice,
        Self::ShuffledTwiceWithAKillAndAnEdit,
    ];

    fn arrange(self, messages: &[Message], random: &mut StdRng) -> Vec<Message> {
        let times = if matches!(self, Self::Twice | Self::ShuffledTwiceWithAKillAndAnEdit) { 2 } else { 1 };
        let mut sent: Vec<Message> =
            messages.iter().flat_map(|message| vec![message.clone(); times]).collect();
        for day in sent.chunk_by_mut(|a, b| day(a) == day(b)) {
            match self {
                Self::InOrder | Self::Twice => {}
                Self::NewestFirstWithinDays => day.reverse(),
                Self::ShuffledWithinDays | Self::ShuffledTwiceWithAKillAndAnEdit => day.shuffle(random),
            }
        }
        sent
    }

    async fn tell(self, streams: &[Vec<Message>], seed: u64) -> Told {
        let mut random = StdRng::seed_from_u64(seed);
        let sent: Vec<Vec<Message>> =
            streams.iter().map(|messages| self.arrange(messages, &mut random)).collect();
        let mut fleet = Fleet::open(sent.len()).await;
        if self == Self::ShuffledTwiceWithAKillAndAnEdit {
            let halves: Vec<_> = sent.iter().map(|messages| messages.split_at(messages.len() / 2)).collect();
            fleet.send(halves.iter().map(|(first, _)| *first)).await;
            fleet.kill_and_start_again().await;
            fleet.edit_a_rule().await;
            fleet.send(halves.iter().map(|(_, second)| *second)).await;
        } else {
            fleet.send(sent.iter().map(Vec::as_slice)).await;
        }
        fleet.settle().await;
        fleet.told().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_any_repetition_and_a_kill_give_the_same_alerts_and_tickets() {
    let seed: u64 = rand::rng().random();
    eprintln!("seed {seed}");
    let streams = crate::order::stream::of_fleet(&mut StdRng::seed_from_u64(seed));
    let mut told = join_all(Sent::ALL.map(|sent| sent.tell(&streams, seed))).await.into_iter();
    let in_order = told.next().expect("the first");
    assert!(in_order.alerts.len() > 8 && in_order.tickets.len() > 3, "too little to tell of: {in_order:#?}");
    assert!(
        in_order.tickets.iter().any(|ticket| ticket.open),
        "what lasts has an open ticket: {in_order:#?}"
    );
    for (sent, told) in Sent::ALL.into_iter().skip(1).zip(told) {
        assert_eq!(told, in_order, "seed {seed}, {sent:?}");
    }
}
