//! Whoever reads the demo in another language meets no English: every page that can be reached from the home page is
//! read, in each language, word by word.

use crate::testing::TestApp;
use chrono::TimeDelta;
use domain::{
    clock::from_micros,
    fleet::device::Device,
    people::account::{Account, Actor, Role},
    telemetry::{Batch, Sample},
};
use futures::future::BoxFuture;
use service::demo as inside;
use simulator::{
    demo::{self, Door, Made, Memory, Target, plan},
    fleet::Address,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use store::{
    records::{PageRequest, fleet::devices, people::accounts, work::work_orders},
    telemetry::append,
};
use tokio_util::sync::CancellationToken;
use web::{deps::Deps, i18n::Lang, testing::messages::words_of};

/// Pages of one kind differ in their rows, not in their words: three of each are read.
const OF_A_KIND: usize = 3;

/// Names that are the same in every language and happen to be spelt like English words.
const NAMES: &[&str] = &[
    "things",
    "stack",
    // Our own names, of people, companies and protocols.
    "mainstay",
    "demo",
    "northwind",
    "service",
    "main",
    "street",
    "manager",
    "administrator",
    "token",
    "example",
    "mosquitto",
    "python",
    "paho",
    "mqtt",
    "http",
    "curl",
    "json",
    "csv",
    "flow",
    "pack",
    "gantry",
];

async fn loaded() -> TestApp {
    let app = TestApp::new().await;
    load(&app).await;
    // A little data of every device, under the names that the simulated machines use.
    let mut samples = Vec::new();
    for device in all_devices(&app).await {
        let newest = app.now().timestamp_micros();
        for (metric, back) in ["vibration", "suction_pressure", "motor_current"].into_iter().zip(1..) {
            let ts_us = from_micros(newest - back * 1_000_000).timestamp_micros();
            samples.push(Sample { device: device.id, metric: metric.into(), ts_us, value: 1.5 });
        }
    }
    append(app.deps.telemetry.as_ref(), Batch { samples, ..Batch::default() }).await.expect("append");
    app.clock.advance(TimeDelta::minutes(1));
    app
}

/// The demo as it is made in the product, but for what its machines measured.
async fn load(app: &TestApp) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let http = listener.local_addr().expect("its address");
    let stop = CancellationToken::new();
    let mut served = tokio::task::JoinSet::new();
    served.spawn(crate::serve(app.deps.clone(), listener, crate::Limits::default(), stop.clone()));
    let target = Target {
        door: Door::new(http.to_string()),
        token: inside::begin(&app.deps, app.now()).await.expect("a token"),
        mqtt: Address { host: http.ip().to_string(), port: http.port() },
        memory: &Beside(&app.deps),
        judged: &|| Box::pin(async { Ok(()) }),
        tell: &|_, _| (),
    };
    demo::load_without_telemetry(&target, app.now(), "a long password").await.expect("the demo");
    inside::end(&app.deps).await.expect("an end");
    stop.cancel();
    served.join_next().await.expect("one").expect("served").expect("served");
}

struct Beside<'a>(&'a Deps);
impl Memory for Beside<'_> {
    fn remember(&self, made: Made) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move { Ok(inside::remember(self.0, made.kind, made.id.parse()?).await?) })
    }
}

async fn all_devices(app: &TestApp) -> Vec<Device> {
    let all = devices::Filter::default();
    devices::list(app.deps.records.read(), Actor::system().scope(), &all, &PageRequest::first(100))
        .await
        .expect("devices")
        .items
}

async fn speaks(app: &TestApp, lang: Lang) {
    let tx = app.deps.records.begin().await.expect("begin");
    for account in accounts::list(&tx, &PageRequest::first(50)).await.expect("accounts").items {
        let changed = Account { language: lang.code().into(), ..account };
        accounts::update(&tx, &changed).await.expect("update");
    }
    tx.commit().await.expect("commit");
}

/// The address without what names one row, and whether it is worth reading.
fn kind_of(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let segment = |part: &str| if part.len() == 36 { "*".into() } else { part.to_owned() };
    // A tab is a page of its own; which row, day or place in a list is not.
    let told = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if value.len() < 16 && !value.contains(|c: char| c.is_ascii_digit()) => {
            format!("{name}={value}")
        }
        _ => pair.split('=').next().unwrap_or("").to_owned(),
    };
    let names: BTreeSet<String> = query.split('&').map(told).collect();
    format!("{}?{names:?}", path.split('/').map(segment).collect::<Vec<_>>().join("/"))
}

/// Where a page leads. A printed paper speaks the language of whom it is for, whoever reads it.
fn addresses(page: &str) -> Vec<String> {
    let hrefs = page.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    hrefs
        .filter(|href| href.starts_with('/') && !href.starts_with("/assets/app") && !href.contains("format="))
        .filter(|href| !href.ends_with("/print"))
        .filter(|href| !href.contains('.') && !href.starts_with("/api") && !href.starts_with("/metrics"))
        .map(|href| href.replace("&amp;", "&"))
        .collect()
}

/// Pages that hold what the home page leads to only through many others: jobs that are done, with their lines.
async fn done_jobs(app: &TestApp) -> Vec<String> {
    let filter = work_orders::Filter { open: Some(false), ..work_orders::Filter::default() };
    let (db, scope) = (app.deps.records.read(), Actor::system().scope());
    let found = work_orders::list(db, scope, &filter, &PageRequest::first(3)).await.expect("jobs");
    found.items.iter().map(|work| format!("/work-orders/{}", work.id)).collect()
}

/// What a person reads: texts between tags, and the attributes that are read aloud or shown.
fn texts(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let body = page.split_once("<body").map_or(page, |(_, body)| body);
    let mut skip = None;
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let name = tag.split([' ', '/']).next().unwrap_or("");
        match skip {
            Some(ended) if tag.starts_with(ended) => skip = None,
            Some(_) => continue,
            None if name == "script" => skip = Some("/script"),
            None if name == "style" => skip = Some("/style"),
            // What machines read is the same in every language.
            None if name == "code" => skip = Some("/code"),
            None if name == "textarea" && tag.contains("spellcheck=\"false\"") => skip = Some("/textarea"),
            None => {}
        }
        for attribute in [" title=\"", " aria-label=\"", " placeholder=\"", " alt=\""] {
            found.extend(
                tag.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).map(String::from),
            );
        }
        if name == "input" && !tag.contains("type=\"hidden\"") && tag.contains("type=\"text\"") {
            found.extend(
                tag.split(" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(String::from),
            );
        }
        if !text.trim().is_empty() && skip.is_none() {
            found.push(text.to_owned());
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 3).map(str::to_lowercase)
}

/// What names something instead of saying something: zones, accounts of the test, addresses, keys of machines.
fn is_a_name(text: &str) -> bool {
    let text = text.trim();
    text.replace(' ', "_").parse::<chrono_tz::Tz>().is_ok()
        || text.contains('@')
        || Role::ALL.iter().any(|role| text.contains(&format!("he {role}")))
        || plan::PARTS.iter().any(|part| part.number == text)
        || text.contains('\n')
            && text.lines().all(|line| {
                line.split(' ').next().is_some_and(|key| key.contains('_') || line.ends_with(']'))
            })
}

/// Names of the demo's people, places and companies.
fn proper_names() -> BTreeSet<String> {
    let customers = plan::CUSTOMERS
        .iter()
        .flat_map(|c| [c.name, c.site, c.city, c.email, c.zone].into_iter().chain(c.address));
    let people = plan::TECHNICIANS.iter().map(|technician| technician.name);
    let makers = plan::MODELS.iter().map(|model| model.manufacturer);
    let signed_in = plan::SIGN_INS.iter().flat_map(|(email, name, _)| [*email, *name]);
    let all = customers.chain(people).chain(makers).chain(signed_in).chain(plan::TERRITORIES);
    all.flat_map(words).chain(NAMES.iter().map(|name| (*name).to_owned())).collect()
}

#[tokio::test]
async fn no_english_is_left_on_any_page_of_the_demo() {
    let app = loaded().await;
    let names = proper_names();
    let english = words_of(Lang::En);
    let mut left = BTreeMap::<String, BTreeSet<String>>::new();
    let mut read = 0;
    for lang in [Lang::Es, Lang::It, Lang::Ro, Lang::Zh] {
        speaks(&app, lang).await;
        let own = words_of(lang);
        let foreign = |word: &String| english.contains(word) && !own.contains(word) && !names.contains(word);
        for role in [Role::Admin, Role::Technician, Role::Customer] {
            let reader = app.as_role(role);
            let mut queue: VecDeque<String> =
                ["/".to_owned(), "/settings".into(), "/quarantine".into(), "/invoices?status=all".into()]
                    .into();
            queue.extend(done_jobs(&app).await);
            let (mut seen, mut kinds) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
            while let Some(address) = queue.pop_front() {
                let count = kinds.entry(kind_of(&address)).or_default();
                if *count == OF_A_KIND || !seen.insert(address.clone()) {
                    continue;
                }
                *count += 1;
                let answer = reader.get(&address).await;
                if answer.status == 303 {
                    queue.push_back(answer.location().to_owned());
                }
                if answer.status != 200 || !answer.header("content-type").starts_with("text/html") {
                    continue;
                }
                read += 1;
                let page = answer.text();
                for text in texts(&page).into_iter().filter(|text| !is_a_name(text)) {
                    let found: Vec<String> = words(&text).filter(foreign).collect();
                    if !found.is_empty() {
                        let place = format!("{} {}", lang.code(), kind_of(&address));
                        left.entry(text.trim().chars().take(80).collect()).or_default().insert(place);
                    }
                }
                queue.extend(addresses(&page));
            }
        }
    }
    assert!(read > 200, "only {read} pages were reached");
    assert!(left.is_empty(), "{} texts in English on {read} pages: {left:#?}", left.len());
}
