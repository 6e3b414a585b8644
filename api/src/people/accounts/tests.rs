use crate::testing::{Answer, TestApp};
use axum::{Router, body::Body, http::Method};
use chrono::TimeDelta;
use domain::people::account::{Account, Role};
use futures::future::join_all;
use serde_json::json;
use service::{
    command::Context,
    people::accounts::{
        commands::{NewAccount, create_account},
        secrets,
    },
};
use std::sync::Arc;
use tower::ServiceExt;
use web::{
    deps::Deps,
    proxies::{ForwardedBy, Proxies},
    session,
};

const PASSWORD: &str = "correct horse battery";

async fn person(app: &TestApp, email: &str) -> Account {
    let input = NewAccount {
        email: email.into(),
        name: "Ana <b>Ruiz</b>".into(),
        role: Role::ServiceManager,
        customer_id: None,
        technician_id: None,
        language: Some("es".into()),
        time_zone: Some("Europe/Madrid".into()),
        password: PASSWORD.into(),
    };
    create_account(&app.deps.records, &app.deps.memory.hashing, Context::system(app.now()), input)
        .await
        .expect("account")
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post_form("/sign-in", &[("email", email), ("password", password)]).await
}

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_string()
}

/// A command of the token of a program that may backdate or not, as of `at`.
async fn as_of(app: &TestApp, may_backdate: bool, at: &str) -> Answer {
    let input = json!({ "name": "Import", "role": "integration", "may_backdate": may_backdate });
    let made = app.bearer(Role::Admin).post_json("/api/v1/tokens", &input).await.json();
    let program = app.with_bearer(made["token"].as_str().expect("a secret"));
    let request = program
        .request(Method::POST, "/api/v1/customers")
        .header("content-type", "application/json")
        .header("effective-at", at)
        .body(Body::from(json!({ "name": format!("As of {at}") }).to_string()));
    app.send(request.expect("a request")).await
}

#[tokio::test]
async fn only_a_token_that_may_backdate_says_when_its_command_happened() {
    let app = TestApp::new().await;
    let earlier = (app.now() - TimeDelta::days(400)).to_rfc3339();
    let made = as_of(&app, true, &earlier).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().expect("an id").parse::<uuid::Uuid>().expect("an id");
    let kept = store::records::fleet::customers::get(app.deps.records.read(), id.into()).await;
    let created = kept.expect("read").expect("the customer").created_at;
    assert_eq!(created, app.now() - TimeDelta::days(400));
    let refused = as_of(&app, false, &earlier).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("backdating_not_allowed")));
    let later = (app.now() + TimeDelta::seconds(1)).to_rfc3339();
    let ancient = (app.now() - TimeDelta::days(21 * 366)).to_rfc3339();
    for at in [&later, &ancient, "yesterday"] {
        let refused = as_of(&app, true, at).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("invalid_effective_at")), "{at}");
    }
    let page = app.as_role(Role::Admin).get("/settings/tokens").await.text();
    assert!(page.contains("May backdate"), "the list says which tokens may");
}

#[tokio::test]
async fn signing_in_gives_a_guarded_cookie_and_signing_out_ends_it() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    let answer = sign_in(&app, "Ana@Example.com", PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let flags = answer.header("set-cookie");
    assert!(
        flags.contains("HttpOnly") && flags.contains("SameSite=Lax") && flags.contains("Path=/"),
        "{flags}"
    );
    let browser = app.with_cookie(&cookie_of(&answer));
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Mi cuenta"), "the account's language is used");
    assert!(!page.text().contains("<b>Ruiz"), "names are escaped");
    assert_eq!(browser.post_form("/sign-out", &[]).await.status, 303);
    assert_eq!(browser.get("/account").await.location(), "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn a_session_fixed_beforehand_is_worth_nothing() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    let planted = format!("{}={}", session::COOKIE, "0".repeat(64));
    let form = [("email", "ana@example.com"), ("password", PASSWORD)];
    let answer = app.with_cookie(&planted).post_form("/sign-in", &form).await;
    assert_ne!(cookie_of(&answer), planted);
    assert_eq!(app.with_cookie(&planted).get("/account").await.status, 303);
}

#[tokio::test]
async fn wrong_unknown_and_disabled_answer_alike() {
    let app = TestApp::new().await;
    let ana = person(&app, "ana@example.com").await;
    let wrong = sign_in(&app, "ana@example.com", "not the password").await;
    let unknown = sign_in(&app, "nobody@example.com", PASSWORD).await;
    let disabled = {
        let path = format!("/settings/accounts/{}/disable", ana.id);
        assert_eq!(app.as_role(Role::Admin).post_form(&path, &[]).await.status, 303);
        sign_in(&app, "ana@example.com", PASSWORD).await
    };
    for answer in [&wrong, &unknown, &disabled] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("set-cookie"), "");
        assert!(answer.text().contains("E-mail address or password is wrong."));
    }
}

#[tokio::test]
async fn disabling_signs_out_at_once_and_the_last_administrator_stays() {
    let app = TestApp::new().await;
    let ana = person(&app, "ana@example.com").await;
    let browser = cookie_of(&sign_in(&app, "ana@example.com", PASSWORD).await);
    let admin = app.as_role(Role::Admin);
    assert_eq!(
        admin.post_json(&format!("/api/v1/accounts/{}/disable", ana.id), &json!({})).await.status,
        200
    );
    assert_eq!(app.with_cookie(&browser).get("/account").await.status, 303);
    let list = admin.get("/api/v1/accounts?limit=500").await.json();
    let me = list["items"].as_array().expect("items").iter().find(|a| a["role"] == "admin").expect("admin");
    let id = me["id"].as_str().expect("id");
    let refused = admin.post_json(&format!("/api/v1/accounts/{id}/disable"), &json!({})).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("last-administrator")));
}

#[tokio::test]
async fn guessing_is_stopped_for_a_quarter_of_an_hour() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    for _ in 0..10 {
        assert_eq!(sign_in(&app, "ana@example.com", "a wrong password").await.status, 401);
    }
    let refused = sign_in(&app, "ana@example.com", PASSWORD).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "900"));
    assert!(refused.text().contains("Wait a quarter of an hour"), "{}", refused.text());
    app.clock.advance(TimeDelta::minutes(15));
    assert_eq!(sign_in(&app, "ana@example.com", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_hundred_wrong_passwords_at_once_are_judged_as_often_as_the_limit_says() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    let answers = join_all((0..100).map(|_| sign_in(&app, "ana@example.com", "a wrong password"))).await;
    let judged = answers.iter().filter(|answer| answer.status == 401).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((judged, refused), (10, 90));
}

#[tokio::test]
async fn fifty_right_passwords_at_once_are_all_let_in() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    let answers = join_all((0..50).map(|_| sign_in(&app, "ana@example.com", PASSWORD))).await;
    assert!(answers.iter().all(|answer| answer.status == 303));
}

#[tokio::test]
async fn what_others_get_wrong_behind_the_same_address_locks_nobody_out() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    for n in 0..70 {
        let email = format!("somebody{}@example.com", n % 20);
        assert_eq!(sign_in(&app, &email, "a wrong password").await.status, 401);
    }
    assert_eq!(sign_in(&app, "ana@example.com", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_browser_that_was_here_before_is_let_in_whatever_strangers_try() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    let first = sign_in(&app, "ana@example.com", PASSWORD).await;
    let cookies = first.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let known = cookies.filter(|cookie| cookie.starts_with("mainstay_browser=")).collect::<String>();
    assert!(known.contains("HttpOnly"), "{known}");
    let known = known.split(';').next().expect("a cookie");
    for _ in 0..10 {
        assert_eq!(sign_in(&app, "ana@example.com", "a wrong password").await.status, 401);
    }
    assert_eq!(sign_in(&app, "ana@example.com", PASSWORD).await.status, 429, "a stranger waits");
    let form = [("email", "ana@example.com"), ("password", PASSWORD)];
    assert_eq!(app.with_cookie(known).post_form("/sign-in", &form).await.status, 303);
    let wrong = [("email", "ana@example.com"), ("password", "a wrong password")];
    for _ in 0..10 {
        assert_eq!(app.with_cookie(known).post_form("/sign-in", &wrong).await.status, 401);
    }
    assert_eq!(
        app.with_cookie(known).post_form("/sign-in", &form).await.status,
        429,
        "it may not guess either"
    );
    let invented = format!("mainstay_browser={}", "0".repeat(64));
    assert_eq!(app.with_cookie(&invented).post_form("/sign-in", &form).await.status, 429);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself_and_nobody_else_is_believed() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    let proxies = Proxies::parse(&["127.0.0.1".into()], ForwardedBy::default()).expect("an address");
    let trusting = crate::router(Deps { proxies: Arc::new(proxies), ..app.deps.clone() });
    let plain = crate::router(app.deps.clone());
    let ask = async |router: &Router, from: &str, password: &str| {
        let body = format!("_key={}&email=ana@example.com&password={password}", uuid::Uuid::now_v7());
        let request = app.anonymous().request(Method::POST, "/sign-in");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("x-forwarded-for", from).body(Body::from(body)).expect("request");
        router.clone().oneshot(request).await.expect("the router never fails").status().as_u16()
    };
    let right = PASSWORD.replace(' ', "+");
    for _ in 0..10 {
        assert_eq!(ask(&trusting, "203.0.113.1", "a+wrong+password").await, 401);
    }
    assert_eq!(ask(&trusting, "203.0.113.1", &right).await, 429);
    assert_eq!(ask(&trusting, "203.0.113.2", &right).await, 303, "another client of the proxy");
    for n in 0..10 {
        assert_eq!(ask(&plain, &format!("203.0.113.{n}"), "a+wrong+password").await, 401);
    }
    assert_eq!(ask(&plain, "203.0.113.77", &right).await, 429, "without trust the header is only words");
}

#[tokio::test]
async fn sessions_end_when_idle_and_when_old() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    for _ in 0..15 {
        app.clock.advance(TimeDelta::days(2));
        if app.now() - domain::clock::from_micros(crate::testing::START_US) < secrets::LIFETIME {
            assert_eq!(admin.get("/account").await.status, 200);
        }
    }
    assert_eq!(admin.get("/account").await.status, 303, "older than its lifetime, though used");
    let app = TestApp::new().await;
    app.clock.advance(secrets::IDLE);
    assert_eq!(app.as_role(Role::Admin).get("/account").await.status, 303, "idle for too long");
}

#[tokio::test]
async fn a_change_asked_for_by_another_site_is_refused() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let post = |name: &'static str, value: &'static str| {
        let mut request = admin.request(Method::POST, "/account");
        let headers = request.headers_mut().expect("headers");
        headers.remove("sec-fetch-site");
        headers.insert(name, value.parse().expect("value"));
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("value"));
        app.send(request.body(Body::from("language=es&time_zone=UTC")).expect("request"))
    };
    assert_eq!(post("sec-fetch-site", "cross-site").await.status, 403);
    assert_eq!(post("sec-fetch-site", "same-site").await.status, 403);
    assert_eq!(post("origin", "https://evil.example").await.status, 403);
    assert_eq!(post("origin", "http://localhost:8080").await.status, 303);
}

#[tokio::test]
async fn forms_that_are_too_large_or_no_forms_are_refused_as_pages() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let large = "x".repeat(300 * 1024);
    let answer = admin.post_form("/settings/accounts", &[("name", &large)]).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("too large"), "{}", answer.text());
    let answer = admin.post_json("/settings/accounts", &json!({})).await;
    assert_eq!((answer.status, answer.header("content-type")), (415, "text/html; charset=utf-8"));
    let answer = admin.post_json("/api/v1/tokens", &json!({ "name": large, "role": "admin" })).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (413, Some("too_large")));
}

#[tokio::test]
async fn programs_are_told_what_is_wrong() {
    let app = TestApp::new().await;
    let admin = app.bearer(Role::Admin);
    let refused = admin.post_json("/api/v1/accounts", &json!({ "email": "x", "colour": 1 })).await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["fields"]["colour"]["code"].is_string(), "{}", refused.text());
    let input = json!({ "email": "c@example.com", "name": "C", "role": "customer", "password": PASSWORD });
    let refused = admin.post_json("/api/v1/accounts", &input).await;
    assert_eq!(refused.json()["fields"]["customer_id"]["code"], "customer_required");
    assert_eq!(admin.get("/api/v1/nothing").await.json()["code"], "not_found");
    let refused = admin.delete("/api/v1/accounts").await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (405, Some("method_not_allowed")));
    assert_eq!(refused.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_token_is_shown_once_works_and_can_be_revoked() {
    let app = TestApp::new().await;
    let admin = app.bearer(Role::Admin);
    let input = json!({ "name": "erp", "role": "integration" });
    let made = admin.post_json_with_key("/api/v1/tokens", "k1", &input).await;
    assert_eq!(made.status, 201);
    let secret = made.json()["token"].as_str().expect("secret").to_string();
    let again = admin.post_json_with_key("/api/v1/tokens", "k1", &input).await;
    assert_eq!(again.json()["id"], made.json()["id"]);
    assert!(again.json()["token"].is_null(), "a repetition does not show it again");
    let other =
        admin.post_json_with_key("/api/v1/tokens", "k1", &json!({ "name": "x", "role": "admin" })).await;
    assert_eq!((other.status, other.json()["code"].as_str()), (409, Some("idempotency_key_reused")));
    let me = |secret: String| {
        let request = app.anonymous().request(Method::GET, "/api/v1/me");
        app.send(
            request.header("authorization", format!("Bearer {secret}")).body(Body::empty()).expect("request"),
        )
    };
    assert_eq!(me(secret.clone()).await.json()["role"], "integration");
    let path = format!("/api/v1/tokens/{}/revoke", made.json()["id"].as_str().expect("id"));
    assert_eq!(admin.post_json(&path, &json!({})).await.status, 204);
    assert_eq!(me(secret).await.status, 401);
    assert_eq!(me("nonsense".into()).await.status, 401);
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_account_and_a_wrong_one_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let fields = |email: &'static str, password: &'static str| {
        [
            ("_key", "form-1"),
            ("name", "Bo & Co"),
            ("email", email),
            ("password", password),
            ("role", "dispatcher"),
            ("language", "en"),
            ("time_zone", "UTC"),
        ]
    };
    let refused = admin.post_form("/settings/accounts", &fields("bo@example.com", "short")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Bo &amp; Co") && refused.text().contains("Use at least 10 characters."));
    assert!(refused.text().contains(r#"name="_key" value="form-1""#));
    for _ in 0..2 {
        assert_eq!(
            admin.post_form("/settings/accounts", &fields("bo@example.com", PASSWORD)).await.status,
            303
        );
    }
    let list = admin.get("/api/v1/accounts?limit=500").await.json();
    let made =
        list["items"].as_array().expect("items").iter().filter(|a| a["email"] == "bo@example.com").count();
    assert_eq!(made, 1);
    let mut again = fields("bo@example.com", PASSWORD);
    again[0].1 = "form-2";
    let refused = admin.post_form("/settings/accounts", &again).await;
    assert!(refused.text().contains("There is already an account with this address."));
}

#[tokio::test]
async fn a_new_password_asks_for_the_old_one_and_ends_other_sessions() {
    let app = TestApp::new().await;
    person(&app, "ana@example.com").await;
    let (here, there) = (
        cookie_of(&sign_in(&app, "ana@example.com", PASSWORD).await),
        cookie_of(&sign_in(&app, "ana@example.com", PASSWORD).await),
    );
    let change = |current: &'static str| {
        let client = app.with_cookie(&here);
        async move {
            let new = "another long password";
            let fields = [("current", current), ("password", new), ("again", new)];
            client.post_form("/account/password", &fields).await
        }
    };
    assert_eq!(change("wrong").await.status, 422);
    let changed = change(PASSWORD).await;
    assert_eq!(changed.status, 303);
    assert_eq!(app.with_cookie(&there).get("/account").await.status, 303);
    assert_eq!(app.with_cookie(&cookie_of(&changed)).get("/account").await.status, 200);
    assert_eq!(sign_in(&app, "ana@example.com", PASSWORD).await.status, 401);
}

#[tokio::test]
async fn a_language_is_remembered_before_and_after_signing_in() {
    let app = TestApp::new().await;
    let answer = app.anonymous().post_form("/language", &[("code", "zh")]).await;
    assert_eq!(answer.status, 303);
    let page = app.with_cookie(&cookie_of(&answer)).get("/sign-in").await;
    assert!(page.text().contains("登录"));
    let admin = app.as_role(Role::Admin);
    admin.post_form("/language", &[("code", "ro")]).await;
    assert!(admin.get("/account").await.text().contains("Contul meu"));
}

#[tokio::test]
async fn every_settings_page_shows() {
    let app = TestApp::new().await;
    for path in
        ["/settings", "/settings/accounts", "/settings/accounts/new", "/settings/tokens", "/account", "/menu"]
    {
        assert_eq!(app.as_role(Role::Admin).get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn nobody_is_left_without_the_scope_of_their_role() {
    let app = TestApp::new().await;
    let admin = app.bearer(Role::Admin);
    let some = uuid::Uuid::now_v7();
    for (role, customer, technician, field) in [
        ("customer", None, None, "customer_id"),
        ("technician", None, None, "technician_id"),
        ("billing", Some(some), None, "customer_id"),
        ("billing", None, Some(some), "technician_id"),
        ("customer", Some(some), None, "customer_id"),
        ("technician", None, Some(some), "technician_id"),
        ("integration", Some(some), None, "customer_id"),
    ] {
        let input =
            json!({ "name": "x", "role": role, "customer_id": customer, "technician_id": technician });
        let refused = admin.post_json("/api/v1/tokens", &input).await;
        assert!(refused.json()["fields"][field]["code"].is_string(), "{role}: {}", refused.text());
    }
}
