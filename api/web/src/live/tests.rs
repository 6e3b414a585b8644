use super::{hub::QUEUE, *};
use domain::people::account::{Actor, Scope};
use std::{collections::HashSet, sync::Arc};

fn everything() -> Scope {
    Actor::system().scope()
}

#[test]
fn topics_are_written_as_they_are_read() {
    let id = DeviceId::generate();
    for topic in [Topic::Alerts, Topic::WorkOrders, Topic::Overview, Topic::Device(id)] {
        assert_eq!(topic.to_string().parse(), Ok(topic));
    }
    assert_eq!("device:1".parse::<Topic>(), Err(UnknownTopic));
}

#[test]
fn a_slow_subscriber_is_let_go_and_its_place_is_free() {
    let hub = Arc::new(Hub::default());
    let slow = hub.subscribe(everything(), &[Topic::Alerts], &[]).expect("room");
    let data: Arc<str> = "{}".into();
    for _ in 0..=QUEUE {
        hub.tell(Topic::Alerts, &data, &HashSet::new());
    }
    assert_eq!(hub.inner.lock().queues.len(), 0);
    drop(slow);
    let next = hub.subscribe(everything(), &[Topic::Alerts], &[]).expect("room");
    assert_eq!(hub.inner.lock().by_topic.len(), 1);
    drop(next);
    assert!(hub.inner.lock().by_topic.is_empty());
    hub.close();
    assert!(hub.subscribe(everything(), &[Topic::Alerts], &[]).is_none());
}
