use crate::{
    fleet::assets::fixture::{Fleet, of_customer},
    testing::{Answer, Client, TestApp},
};
use domain::{
    fleet::{asset::Asset, device::Device},
    id::{AssetId, CustomerId, TechnicianId},
    people::account::{Actor, Role},
    work::technician::Technician,
};
use serde_json::{Value, json};
use store::records::{
    PageRequest,
    fleet::{assets, devices},
    money::contracts,
    work::{technicians, tickets},
};
use web::testing::form_of;

const MANY: usize = 1200;

/// A customer with [`MANY`] assets more, the last of them by name called `Pump 1200`.
async fn many(app: &TestApp) -> (Fleet, AssetId) {
    let fleet = of_customer(app, app.customer, "Aguas del Sur").await;
    let tx = app.deps.records.begin().await.expect("begin");
    let mut last = fleet.asset.id;
    for n in 1..=MANY {
        last = AssetId::generate();
        let asset = Asset {
            id: last,
            name: format!("Pump {n:04}"),
            serial_number: format!("SN{:05}", 70_000 + n),
            ..fleet.asset.clone()
        };
        assets::insert(&tx, &asset).await.expect("asset");
    }
    tx.commit().await.expect("commit");
    (fleet, last)
}

async fn found(client: &Client<'_>, kind: &str, sought: &str) -> Vec<(String, String)> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", sought).finish();
    let answer = client.get(&format!("/choices/{kind}?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = |item: &Value, name: &str| item[name].as_str().expect("text").to_owned();
    let items = answer.json()["items"].as_array().expect("items").clone();
    items.iter().map(|item| (text(item, "value"), text(item, "text"))).collect()
}

async fn asset_of_only_ticket(app: &TestApp) -> AssetId {
    let (scope, filter) = (Actor::system().scope(), tickets::Filter::default());
    let all = tickets::list(app.deps.records.read(), scope, &filter, &PageRequest::default()).await;
    let all = all.expect("tickets").items;
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].asset_id
}

#[tokio::test]
async fn the_last_of_1200_assets_is_found_while_one_types_and_saved() {
    let app = TestApp::new().await;
    let (_, last) = many(&app).await;
    let desk = app.as_role(Role::Agent);
    let some = desk.get("/choices/assets?q=pump").await.json();
    assert_eq!(some["items"].as_array().map(Vec::len), Some(20));
    assert!(some["note"].as_str().is_some_and(|note| note.contains("type on")), "{some}");
    for sought in ["pump 1200", "PUMP aguas 1200", "SN71200", "71200 plant", "1200"] {
        let found = found(&desk, "assets", sought).await;
        assert_eq!(found.first().map(|(value, _)| value.clone()), Some(last.to_string()), "{sought}");
    }
    let (value, text) = found(&desk, "assets", "pump 1200").await.remove(0);
    assert_eq!(text, "Pump 1200 · Aguas del Sur · SN71200");
    let (text, value) = (text.as_str(), value.as_str());
    let form = [("asset_id", text), ("asset_id_exact", value), ("asset_id_seen", text), ("subject", "Noise")];
    let made = desk.post_form("/tickets", &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    assert_eq!(asset_of_only_ticket(&app).await, last);
}

#[tokio::test]
async fn without_a_script_what_is_typed_means_the_only_row_that_is_called_so() {
    let app = TestApp::new().await;
    let (_, last) = many(&app).await;
    let desk = app.as_role(Role::Agent);
    let page = desk.get("/tickets/new").await.text();
    assert!(form_of(&page, "/tickets").value("asset_id_seen").is_some(), "{page}");
    let form =
        [("asset_id", "pump 1200"), ("asset_id_exact", ""), ("asset_id_seen", ""), ("subject", "Noise")];
    assert_eq!(desk.post_form("/tickets", &form).await.status, 303);
    assert_eq!(asset_of_only_ticket(&app).await, last);
}

#[tokio::test]
async fn words_that_mean_several_come_back_with_those_to_pick_and_nothing_typed_is_lost() {
    let app = TestApp::new().await;
    many(&app).await;
    let desk = app.as_role(Role::Agent);
    let none = desk.post_form("/tickets", &[("asset_id", "compressor"), ("subject", "Noise")]).await;
    assert_eq!(none.status, 422);
    assert!(none.text().contains("Nothing is called so") && none.text().contains("value=\"compressor\""));
    let several = desk.post_form("/tickets", &[("asset_id", "pump 12"), ("subject", "Noise at night")]).await;
    assert_eq!(several.status, 422);
    let page = several.text();
    assert!(page.contains("Several are called so") && page.contains("Noise at night"), "{page}");
    assert!(page.contains("Pump 0012 ·") && page.contains("There are more"), "{page}");
    let offered = page.split("name=\"asset_id_pick\" value=\"").nth(2).expect("a second row to pick");
    let picked = offered.split('"').next().expect("value").to_owned();
    // As a browser sends it, with one of the buttons pressed.
    let mut form = form_of(&page, "/tickets").fields;
    assert!(form.iter().all(|(name, _)| name != "asset_id_pick"), "nothing is picked by itself");
    form.push(("asset_id_pick".into(), picked.clone()));
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let made = desk.post_form("/tickets", &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    assert_eq!(asset_of_only_ticket(&app).await.to_string(), picked);
}

#[tokio::test]
async fn two_of_one_name_are_never_guessed_and_a_whole_number_always_is() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "Own").await;
    let tx = app.deps.records.begin().await.expect("begin");
    for (name, serial) in [("CH-1", "A1"), ("CH-1", "A2"), ("CH-10", "A10")] {
        let asset = Asset {
            id: AssetId::generate(),
            name: name.into(),
            serial_number: serial.into(),
            ..fleet.asset.clone()
        };
        assets::insert(&tx, &asset).await.expect("asset");
    }
    tx.commit().await.expect("commit");
    let desk = app.as_role(Role::Agent);
    let open = async |asset: &str| {
        desk.post_form("/tickets", &[("asset_id", asset), ("subject", "Noise")]).await.status
    };
    assert_eq!(open("CH-1").await, 422, "two are called just so");
    assert_eq!(open("A1").await, 303, "one has just this number, though another begins with it");
    assert_eq!(open("ch-10").await, 303);
}

async fn saved_untouched(client: &Client<'_>, page: &str, action: &str) -> Answer {
    let shown = client.get(page).await;
    assert_eq!(shown.status, 200, "{page}: {}", shown.text());
    let form = form_of(&shown.text(), action);
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    client.post_form(action, &fields).await
}

#[tokio::test]
async fn what_was_chosen_is_shown_by_name_and_kept_when_saved_untouched() {
    let app = TestApp::new().await;
    let (fleet, last) = many(&app).await;
    let device = Device { asset_id: Some(last), ..fleet.device.clone() };
    let tx = app.deps.records.begin().await.expect("begin");
    devices::update(&tx, &device).await.expect("device");
    tx.commit().await.expect("commit");
    let manager = app.as_role(Role::ServiceManager);
    let path = format!("/devices/{}", device.id);
    assert!(manager.get(&path).await.text().contains("value=\"Pump 1200 · Aguas del Sur · SN71200\""));
    assert_eq!(saved_untouched(&manager, &path, &path).await.status, 303);
    let saved = devices::get(app.deps.records.read(), device.id).await.expect("read").expect("device");
    assert_eq!(saved.asset_id, Some(last));
    // Emptied, it stands for nothing, whatever it stood for before.
    let mut form = form_of(&manager.get(&path).await.text(), &path).fields;
    form.iter_mut().filter(|(name, _)| name == "asset_id").for_each(|(_, value)| value.clear());
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(manager.post_form(&path, &form).await.status, 303);
    let saved = devices::get(app.deps.records.read(), device.id).await.expect("read").expect("device");
    assert_eq!(saved.asset_id, None);
}

#[tokio::test]
async fn a_contract_keeps_and_takes_any_of_1200_assets() {
    let app = TestApp::new().await;
    let (fleet, last) = many(&app).await;
    let scope = Actor::system().scope();
    let own = assets::Filter { customer: Some(fleet.customer.id), ..Default::default() };
    let page = PageRequest::first(PageRequest::MAX_LIMIT);
    let first = assets::list(app.deps.records.read(), scope, &own, &page).await.expect("assets");
    let page = PageRequest { cursor: first.next_cursor.clone(), ..page };
    let second = assets::list(app.deps.records.read(), scope, &own, &page).await.expect("assets");
    let mut ids: Vec<AssetId> = first.items.iter().chain(&second.items).map(|asset| asset.id).collect();
    assert!(ids.len() == 1000 && !ids.contains(&last));
    let contract = json!({
        "customer_id": fleet.customer.id, "number": "SC-1", "tier": "premium", "asset_ids": ids,
        "starts_on": "2026-01-01", "ends_on": "2026-12-31", "labour_share": "0", "travel_share": "0",
        "parts_share": "0", "price": { "amount": "1200.00", "currency": "EUR" },
    });
    let made = app.bearer(Role::Admin).post_json("/api/v1/contracts", &contract).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/contracts/{}/edit", made.json()["id"].as_str().expect("id"));
    let billing = app.as_role(Role::Billing);
    let mut form = form_of(&billing.get(&path).await.text(), &path).fields;
    form.retain(|(name, _)| name != "asset_ids_add");
    form.push(("asset_ids_add".into(), "1200".into()));
    let post = async |form: &[(String, String)]| {
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        billing.post_form(&path, &form).await
    };
    // The button that a page without a script has: one more in the list, and nothing saved yet.
    let mut more = form.clone();
    more.push(("asset_ids_add_more".into(), "yes".into()));
    let listed = post(&more).await;
    assert_eq!(listed.status, 422);
    let listed = form_of(&listed.text(), &path).fields;
    assert_eq!(listed.iter().filter(|(name, _)| name == "asset_ids").count(), 1001);
    assert_eq!(covered(&app, &made).await.len(), 1000);
    // Saved with what is in the field as well.
    let saved = post(&form).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    ids.push(last);
    ids.sort_unstable();
    assert_eq!(covered(&app, &made).await, ids);
    // Words that mean several are asked about, and lose nothing.
    form.last_mut().expect("field").1 = "pump 12".into();
    let asked = post(&form).await;
    assert_eq!(asked.status, 422);
    assert!(asked.text().contains("Several are called so") && asked.text().contains("value=\"pump 12\""));
}

async fn covered(app: &TestApp, made: &Answer) -> Vec<AssetId> {
    let id = made.json()["id"].as_str().expect("id").parse().expect("id");
    let contract = contracts::get(app.deps.records.read(), id).await.expect("read").expect("contract");
    match contract.covers_assets {
        domain::money::contract::CoveredAssets::Listed(ids) => ids.into_iter().collect(),
        other => panic!("{other:?}"),
    }
}

/// A program bound to a customer, which may fill in the forms of assets.
#[tokio::test]
async fn a_bound_program_is_offered_its_own_rows_alone() {
    let app = TestApp::new().await;
    of_customer(&app, app.customer, "Aardvark").await;
    let other = of_customer(&app, CustomerId::generate(), "Zebra").await;
    let bound = json!({ "name": "erp", "role": "integration", "customer_id": app.customer });
    let token = app.bearer(Role::Admin).post_json("/api/v1/tokens", &bound).await.json();
    let program = app.with_bearer(token["token"].as_str().expect("token"));
    let admin = app.as_role(Role::Admin);
    for kind in ["assets", "customers", "sites", "models"] {
        for sought in ["", "zebra", "a"] {
            let own = found(&program, kind, sought).await;
            assert!(own.iter().all(|(_, text)| !text.contains("Zebra")), "{kind} {sought}: {own:?}");
        }
        assert_eq!(found(&program, kind, "aardvark").await.len(), 1, "{kind}");
        assert_eq!(found(&admin, kind, "zebra").await.len(), 1, "{kind}");
    }
    let narrowed = program.get(&format!("/choices/assets?customer_id={}", other.customer.id)).await;
    assert_eq!(narrowed.json()["items"], json!([]));
    // Nor does a form tell the name of what it is given.
    let page = program.get(&format!("/assets/new?site_id={}", other.site.id)).await.text();
    assert!(!page.contains("Zebra"), "{page}");
    for kind in ["assets", "customers", "technicians", "parts", "places", "rule-scopes"] {
        assert_eq!(
            app.as_role(Role::Technician).get(&format!("/choices/{kind}")).await.status,
            403,
            "{kind}"
        );
        assert_eq!(app.as_role(Role::Customer).get(&format!("/choices/{kind}")).await.status, 403, "{kind}");
    }
    assert_eq!(app.anonymous().get("/choices/assets").await.status, 303);
}

#[tokio::test]
async fn a_rule_can_be_made_for_any_asset() {
    let app = TestApp::new().await;
    let (_, last) = many(&app).await;
    let manager = app.as_role(Role::ServiceManager);
    let page = manager.get("/rules/new?kind=no_data").await.text();
    let mut form = form_of(&page, "/rules").fields;
    let shown = form.iter().find(|(name, _)| name == "scope").map(|(_, value)| value.clone());
    assert_eq!(shown.as_deref(), Some("All equipment"), "what it holds for is shown by name");
    for (name, value) in &mut form {
        match name.as_str() {
            "scope" => *value = "pump 1200".into(),
            "name" => *value = "Silent".into(),
            _ => {}
        }
    }
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let made = manager.post_form("/rules", &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let rule = app.bearer(Role::Admin).get(&format!("/api/v1{}", made.location())).await.json();
    assert_eq!(rule["settings"]["scope"], json!({ "kind": "asset", "value": last }), "{rule}");
    let edit = format!("{}/edit", made.location());
    assert_eq!(saved_untouched(&manager, &edit, made.location()).await.status, 303);
    let kinds = found(&manager, "rule-scopes", "chiller").await;
    assert!(kinds.iter().any(|(value, _)| value == "type:chiller"), "{kinds:?}");
}

#[tokio::test]
async fn a_filter_that_was_typed_leads_to_the_list_it_means() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "Own").await;
    of_customer(&app, CustomerId::generate(), "Other").await;
    let office = app.as_role(Role::Dispatcher);
    let typed =
        "/assets?q=&site_id=own&site_id_exact=&site_id_seen=&model_id=&model_id_exact=&model_id_seen=&state=";
    let led = office.get(typed).await;
    assert_eq!((led.status, led.location()), (303, format!("/assets?site_id={}", fleet.site.id).as_str()));
    let list = office.get(led.location()).await.text();
    assert!(list.contains("CH-204 Own") && !list.contains("CH-204 Other"), "{list}");
    assert!(list.contains("value=\"Own plant · Own\""), "the filter says what it narrows to: {list}");
    let several = office.get("/assets?site_id=plant&site_id_exact=&site_id_seen=").await;
    assert_eq!(several.status, 200);
    assert!(several.text().contains("Which one is meant?"), "{}", several.text());
}

#[tokio::test]
async fn who_is_sent_no_more_is_not_offered_and_stays_where_they_were_sent() {
    let app = TestApp::new().await;
    let person = |id, name: &str, active| Technician {
        id,
        name: name.into(),
        email: None,
        phone: None,
        skills: Vec::new(),
        territory_id: None,
        van_id: None,
        cost_per_hour: None,
        active,
        version: 1,
    };
    let tx = app.deps.records.begin().await.expect("begin");
    for n in 0..600 {
        let id = TechnicianId::generate();
        technicians::insert(&tx, &person(id, &format!("Ana {n:03}"), true)).await.expect("technician");
    }
    let gone = TechnicianId::generate();
    technicians::insert(&tx, &person(gone, "Zoe", false)).await.expect("technician");
    tx.commit().await.expect("commit");
    let office = app.as_role(Role::Admin);
    assert_eq!(found(&office, "technicians", "ana 599").await.len(), 1);
    assert_eq!(found(&office, "technicians", "zoe").await, []);
    let gone = gone.to_string();
    let fields =
        [("name", ""), ("role", "technician"), ("technician_id", gone.as_str()), ("customer_id", "")];
    let page = office.post_form("/settings/tokens", &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(form_of(&page.text(), "/settings/tokens").value("technician_id"), Some("Zoe"));
}
