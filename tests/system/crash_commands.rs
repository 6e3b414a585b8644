//! `kill -9` while people and programs work: every acknowledged command happened, every repeated one happened once.
//! Tickets, stock and invoices are counted against a ledger of what was asked and what was answered.

use crate::{job::now, workshop::Workshop};
use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinSet;
use whole_system::{
    http::{Api, id},
    product::{Demo, Mainstay},
    wait,
};

const ROUNDS: usize = 3;
const WORKERS: usize = 4;
/// Approved jobs of a round, each to be invoiced once.
const JOBS: usize = 4;
const FIRST_STOCK: i64 = 500;

#[derive(Clone, Debug)]
struct Asked {
    path: String,
    body: Value,
    /// The `id` in the answer, if one came.
    answered: Option<String>,
}

/// By idempotency key.
type Ledger = Arc<Mutex<BTreeMap<String, Asked>>>;

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_and_doubles_no_ticket_no_part_and_no_invoice() {
    let seed: u64 = rand::rng().random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut product = Mainstay::start(Demo::Off).await;
    let workshop = Arc::new(Workshop::open(&product).await);
    let place = json!({"kind": "central", "name": "Store"});
    let store = id(&workshop.api.post("/stock-locations", place).await).to_owned();
    let receipt =
        json!({"part_id": id(&workshop.part), "to": store, "quantity": FIRST_STOCK.to_string(), "note": ""});
    workshop.api.post("/stock-movements", receipt).await;

    let ledger: Ledger = Arc::default();
    let mut jobs = vec![];
    for round in 0..ROUNDS {
        let mut of_round = vec![];
        for _ in 0..JOBS {
            of_round.push(approved_job(&workshop).await);
        }
        let open = open_job(&workshop).await;
        let before = ledger.lock().expect("no panic").len();
        let mut people = JoinSet::new();
        for worker in 0..WORKERS {
            let (workshop, ledger, open, store) =
                (Arc::clone(&workshop), Arc::clone(&ledger), open.clone(), store.clone());
            let mine: Vec<String> = of_round.iter().skip(worker).step_by(WORKERS).cloned().collect();
            people.spawn(async move { work(&workshop, &ledger, round, worker, &open, &store, mine).await });
        }
        let enough = before + random.random_range(12..60);
        wait::until("enough commands", Duration::from_secs(60), || async {
            (ledger.lock().expect("no panic").len() >= enough).then_some(())
        })
        .await;
        product.kill();
        while people.join_next().await.is_some() {}
        product.start_again().await;
        repeat(&workshop.api, &ledger).await;
        jobs.append(&mut of_round);
    }
    count(&workshop, &ledger, &store, &jobs).await;
}

/// One person's day, until the answer fails to come.
async fn work(
    workshop: &Workshop,
    ledger: &Ledger,
    round: usize,
    worker: usize,
    job: &str,
    store: &str,
    mut to_invoice: Vec<String>,
) {
    for n in 0.. {
        let name = format!("{round}-{worker}-{n}");
        let ticket = json!({"asset_id": id(&workshop.asset), "subject": name});
        if !ask(&workshop.api, ledger, &format!("ticket-{name}"), "/tickets", ticket).await {
            return;
        }
        let part = json!({"kind": "part", "part_id": id(&workshop.part), "quantity": "1", "stock_location_id": store});
        let path = format!("/work-orders/{job}/lines");
        if !ask(&workshop.api, ledger, &format!("part-{name}"), &path, part).await {
            return;
        }
        let Some(job) = to_invoice.pop() else { continue };
        let invoice = json!({"work_orders": [job]});
        if !ask(&workshop.api, ledger, &format!("invoice-{job}"), "/invoices", invoice).await {
            return;
        }
    }
}

/// Notes the command before it is sent and its answer after it; false when none came.
async fn ask(api: &Api, ledger: &Ledger, key: &str, path: &str, body: Value) -> bool {
    let asked = Asked { path: path.into(), body: body.clone(), answered: None };
    ledger.lock().expect("no panic").insert(key.into(), asked);
    let Some((status, answer)) = api.try_post_once(path, body, key).await else { return false };
    assert!(status.is_success(), "{path}: {status} {answer}");
    if let Some(asked) = ledger.lock().expect("no panic").get_mut(key) {
        asked.answered = Some(id(&answer).into());
    }
    true
}

/// What every client does that heard no answer, or is not sure: sends all of it again under the same keys. Who had an
/// answer hears the same one.
async fn repeat(api: &Api, ledger: &Ledger) {
    let asked = ledger.lock().expect("no panic").clone();
    for (key, asked) in asked {
        let (status, answer) = api.post_once(&asked.path, asked.body, &key).await;
        assert!(status.is_success(), "{key}: {status} {answer}");
        let same = id(&answer).to_owned();
        if let Some(before) = asked.answered {
            assert_eq!(before, same, "{key} was answered, and is another thing now");
        }
        if let Some(kept) = ledger.lock().expect("no panic").get_mut(&key) {
            kept.answered = Some(same);
        }
    }
}

async fn count(workshop: &Workshop, ledger: &Ledger, store: &str, jobs: &[String]) {
    let api = &workshop.api;
    let asked = ledger.lock().expect("no panic").clone();
    let of = |kind: &str| asked.keys().filter(|key| key.starts_with(kind)).count();

    let tickets = api.all("/tickets?limit=500").await;
    let subjects: BTreeSet<&str> = tickets.iter().filter_map(|ticket| ticket["subject"].as_str()).collect();
    assert_eq!((tickets.len(), subjects.len()), (of("ticket-"), of("ticket-")), "each ticket once");

    let part = api.get(&format!("/parts/{}", id(&workshop.part))).await;
    let levels = part["stock"].as_array().expect("levels");
    let level = levels.iter().find(|level| level["location_id"] == store).expect("something is left");
    let left: f64 = level["quantity"].as_str().and_then(|text| text.parse().ok()).expect("a number");
    assert_eq!(left as i64, FIRST_STOCK - of("part-") as i64, "each part left the store once");

    let mut numbers = vec![];
    for job in jobs.iter().filter(|job| asked.contains_key(&format!("invoice-{job}"))) {
        let invoice = asked[&format!("invoice-{job}")].answered.clone().expect("repeated until answered");
        let issued = api.post(&format!("/invoices/{invoice}/issue"), json!({})).await;
        numbers.push(issued["number"].as_str().expect("a number").to_owned());
    }
    let distinct: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(
        (distinct.len(), numbers.len()),
        (of("invoice-"), of("invoice-")),
        "one invoice a job: {numbers:?}"
    );
    let last = |number: &String| number.rsplit('-').next().and_then(|digits| digits.parse::<i64>().ok());
    let mut counted: Vec<i64> = numbers.iter().filter_map(last).collect();
    counted.sort_unstable();
    assert!(counted.windows(2).all(|pair| pair[1] == pair[0] + 1), "numbers without a gap: {numbers:?}");
}

async fn open_job(workshop: &Workshop) -> String {
    let plan = json!({"requires_signature": false, "checklist": [], "estimated_minutes": 60});
    let job = json!({"asset_id": id(&workshop.asset), "kind": "preventive", "subject": "Round", "priority": "low", "plan": plan});
    id(&workshop.api.post("/work-orders", job).await).into()
}

/// A job with a part, done and approved.
async fn approved_job(workshop: &Workshop) -> String {
    let (api, job) = (&workshop.api, open_job(workshop).await);
    let part = json!({"kind": "expense", "description": "Filter", "quantity": "1",
        "unit_price": {"amount": "10.00", "currency": "EUR"}, "unit_cost": {"amount": "5.00", "currency": "EUR"}});
    api.post(&format!("/work-orders/{job}/lines"), part).await;
    let began = now();
    let booking = json!({"technician_id": workshop.technician_id, "start": began, "minutes": 60, "allow_overlap": true});
    let visit = id(&api.post(&format!("/work-orders/{job}/visits"), booking).await).to_owned();
    api.post(&format!("/visits/{visit}/arrive"), json!({"at": began - TimeDelta::hours(1)})).await;
    api.post(&format!("/visits/{visit}/finish"), json!({"outcome": "fixed", "at": began})).await;
    api.post(&format!("/work-orders/{job}/approve"), json!({})).await;
    job
}
