//! A list to choose from offers every row there is, or none: with more rows of each kind than a page of a list holds,
//! no page shows some of them as if they were all.

use super::{
    admits,
    asks::asks,
    rows::{Pair, Rows},
};
use crate::testing::TestApp;
use domain::{
    Currency, Money,
    fleet::territory::Territory,
    id::{AssetId, CustomerId, ModelId, PartId, SiteId, StockLocationId, TechnicianId, TerritoryId},
    people::account::Role,
    work::stock::{MovementReason, Part, StockLocation, StockLocationKind, StockMovement},
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use store::records::{
    PageRequest, Tx,
    fleet::{assets, customers, models, sites, territories},
    work::{parts, stock, technicians},
};

/// More than one page of any list.
const MANY: usize = PageRequest::MAX_LIMIT as usize + 1;

/// How many rows of a kind there are at least, and which ids they have.
struct Many {
    kinds: HashMap<String, &'static str>,
}

impl Many {
    async fn of(app: &TestApp, pair: &Pair) -> Self {
        let tx = app.deps.records.begin().await.expect("begin");
        let like = Like::read(&tx, &pair.ours).await;
        let van = like.van(&tx, app).await;
        let mut many = Self { kinds: HashMap::new() };
        for n in 0..MANY {
            for (kind, id) in like.copies(&tx, app, n, van).await {
                many.kinds.insert(id, kind);
            }
        }
        tx.commit().await.expect("commit");
        many
    }

    /// The lists of `page` that offer some rows of a kind and not all.
    fn cut(&self, page: &str) -> Vec<String> {
        let mut cut = Vec::new();
        for (list, values) in offers(page) {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for value in values {
                let id = value.rsplit(':').next().unwrap_or(&value);
                if let Some(kind) = self.kinds.get(id) {
                    *counts.entry(kind).or_default() += 1;
                }
            }
            let some = counts.into_iter().filter(|(_, count)| *count < MANY);
            cut.extend(some.map(|(kind, count)| format!("{list}: {count} of {MANY} {kind}")));
        }
        cut
    }
}

/// The rows of which there will be many.
struct Like {
    customer: domain::fleet::customer::Customer,
    site: domain::fleet::site::Site,
    model: domain::fleet::model::Model,
    asset: domain::fleet::asset::Asset,
}

impl Like {
    async fn read(tx: &Tx, ours: &Rows) -> Self {
        let id = |text: &str| text.parse::<uuid::Uuid>().expect("id");
        Self {
            customer: customers::get(tx, id(&ours.customer).into()).await.expect("read").expect("customer"),
            site: sites::get(tx, id(&ours.site).into()).await.expect("read").expect("site"),
            model: models::get(tx, id(&ours.model).into()).await.expect("read").expect("model"),
            asset: assets::get(tx, id(&ours.asset).into()).await.expect("read").expect("asset"),
        }
    }

    /// The technician of the first customer's visit gets a van.
    async fn van(&self, tx: &Tx, app: &TestApp) -> StockLocationId {
        let van = place("Van", StockLocationKind::Van);
        stock::insert_location(tx, &van).await.expect("van");
        let person = technicians::get(tx, app.technician).await.expect("read").expect("technician");
        let driver = domain::work::technician::Technician { van_id: Some(van.id), ..person };
        technicians::update(tx, &driver).await.expect("technician");
        van.id
    }

    /// One more of each kind; the parts lie in `van`.
    async fn copies(
        &self,
        tx: &Tx,
        app: &TestApp,
        n: usize,
        van: StockLocationId,
    ) -> Vec<(&'static str, String)> {
        let name = format!("N{n:04}");
        let territory = Territory { id: TerritoryId::generate(), name: name.clone() };
        territories::insert(tx, &territory).await.expect("territory");
        let customer = domain::fleet::customer::Customer {
            id: CustomerId::generate(),
            name: name.clone(),
            ..self.customer.clone()
        };
        customers::insert(tx, &customer).await.expect("customer");
        let site =
            domain::fleet::site::Site { id: SiteId::generate(), name: name.clone(), ..self.site.clone() };
        sites::insert(tx, &site).await.expect("site");
        let model =
            domain::fleet::model::Model { id: ModelId::generate(), name: name.clone(), ..self.model.clone() };
        models::insert(tx, &model).await.expect("model");
        let asset = domain::fleet::asset::Asset {
            id: AssetId::generate(),
            name: name.clone(),
            serial_number: name.clone(),
            ..self.asset.clone()
        };
        assets::insert(tx, &asset).await.expect("asset");
        let likeness = technicians::get(tx, app.technician).await.expect("read").expect("technician");
        let person = domain::work::technician::Technician {
            id: TechnicianId::generate(),
            name: name.clone(),
            van_id: None,
            version: 1,
            ..likeness
        };
        technicians::insert(tx, &person).await.expect("technician");
        let place = place(&name, StockLocationKind::Local);
        stock::insert_location(tx, &place).await.expect("place");
        let part = part(&name);
        parts::insert(tx, &part).await.expect("part");
        let delivery = StockMovement {
            id: domain::id::StockMovementId::generate(),
            part_id: part.id,
            from: None,
            to: Some(van),
            quantity: Decimal::ONE,
            reason: MovementReason::Receipt,
            line_id: None,
            note: String::new(),
            at: app.now(),
        };
        stock::insert(tx, &delivery).await.expect("delivery");
        vec![
            ("territories", territory.id.to_string()),
            ("customers", customer.id.to_string()),
            ("sites", site.id.to_string()),
            ("models", model.id.to_string()),
            ("assets", asset.id.to_string()),
            ("technicians", person.id.to_string()),
            ("places", place.id.to_string()),
            ("parts", part.id.to_string()),
            ("parts", part.number),
        ]
    }
}

fn place(name: &str, kind: StockLocationKind) -> StockLocation {
    StockLocation {
        id: StockLocationId::generate(),
        kind,
        name: name.into(),
        customer_id: None,
        may_go_negative: false,
    }
}

fn part(number: &str) -> Part {
    let money = Money::new(100, Currency::EUR);
    Part {
        id: PartId::generate(),
        number: number.into(),
        name: "Bearing".into(),
        unit_price: money,
        unit_cost: money,
        reorder_point: Decimal::ZERO,
        active: true,
        version: 1,
    }
}

/// Every list of `page` from which one chooses, by its name, with the values it offers: selects, lists of suggestions,
/// and boxes and buttons of one name.
fn offers(page: &str) -> Vec<(String, Vec<String>)> {
    let mut lists = Vec::new();
    for tag in ["select", "datalist"] {
        for part in page.split(&format!("<{tag} ")).skip(1) {
            let (head, rest) = part.split_once('>').unwrap_or((part, ""));
            let body = rest.split(&format!("</{tag}>")).next().unwrap_or("");
            let name = attribute(head, "name").or_else(|| attribute(head, "id")).unwrap_or_default();
            let values = body.split("<option ").skip(1).filter_map(|option| attribute(option, "value"));
            // A suggestion is a text that begins with a number.
            let values = values.map(|value| value.split(' ').next().unwrap_or("").to_owned()).collect();
            lists.push((format!("{tag} {name}"), values));
        }
    }
    let mut boxes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for input in page.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap_or("")) {
        let ticks = input.contains("type=\"checkbox\"") || input.contains("type=\"radio\"");
        if let (true, Some(name), Some(value)) = (ticks, attribute(input, "name"), attribute(input, "value"))
        {
            boxes.entry(format!("boxes {name}")).or_default().push(value);
        }
    }
    lists.extend(boxes);
    lists
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

#[tokio::test]
async fn no_page_offers_some_of_many_rows_as_if_they_were_all() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let many = Many::of(&app, &pair).await;
    let routes = crate::routes();
    let (mut looked_at, mut whole) = (0, 0);
    for role in [Role::Admin, Role::Technician, Role::Customer] {
        let client = app.as_role(role);
        let pages = routes.endpoints().iter().filter(|endpoint| {
            let page = !endpoint.path.starts_with("/api/") && endpoint.path != "/events";
            endpoint.method == axum::http::Method::GET && page && admits(endpoint, role)
        });
        for endpoint in pages {
            for ask in asks(endpoint, &pair.ours, &pair.ours) {
                let answer = client.get(&ask.path).await;
                if !answer.header("content-type").starts_with("text/html") {
                    continue;
                }
                let page = answer.text();
                assert_eq!(many.cut(&page), Vec::<String>::new(), "{} as {role}", ask.path);
                looked_at += 1;
                whole += offers(&page).iter().filter(|(_, values)| values.len() >= MANY).count();
            }
        }
    }
    assert!(looked_at > 50, "the walk saw almost no page: {looked_at}");
    assert!(whole > 1, "territories and the parts of a van are offered whole: {whole}");
}

#[test]
fn a_list_that_ends_early_is_noticed() {
    let many = Many { kinds: HashMap::from([("1".into(), "assets"), ("2".into(), "parts")]) };
    let select = "<select id=\"f-a\" name=\"a\"><option value=\"\">-</option><option value=\"model:1\" selected>A</option></select>";
    assert_eq!(many.cut(select), [format!("select a: 1 of {MANY} assets")]);
    let suggestions = "<datalist id=\"catalogue\"><option value=\"2 · Bearing\"></option></datalist>";
    assert_eq!(many.cut(suggestions), [format!("datalist catalogue: 1 of {MANY} parts")]);
    let boxes = "<input type=\"checkbox\" name=\"ids\" value=\"1\" checked>";
    assert_eq!(many.cut(boxes), [format!("boxes ids: 1 of {MANY} assets")]);
    assert_eq!(
        many.cut("<select name=\"b\"><option value=\"low\">Low</option></select>"),
        Vec::<String>::new()
    );
}
