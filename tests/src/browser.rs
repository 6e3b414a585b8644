//! Headless Chromium, driven through its driver.

use crate::{product::free_port, services, wait};
use fantoccini::{Client, ClientBuilder, Locator, wd::Capabilities};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);

/// A browser of its own profile and window; ended when dropped.
pub struct Browser {
    driver: Child,
    _profile: TempDir,
    pub page: Client,
    base: String,
}

pub const DESKTOP: (u32, u32) = (1440, 900);
pub const PHONE: (u32, u32) = (390, 844);

impl Browser {
    /// `None` where Chromium is not installed (and `tests/run` is not what started us).
    pub async fn open(base: &str, window: (u32, u32)) -> Option<Self> {
        if !services::required("chromedriver") || !services::required("chromium") {
            return None;
        }
        let port = free_port().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let profile = TempDir::new().expect("a temporary folder");
        let arguments = [
            "--headless=new".into(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-quic".into(),
            "--disable-dev-shm-usage".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--hide-scrollbars".into(),
            "--lang=en".into(),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={},{}", window.0, window.1),
        ];
        let mobile = json!({"deviceMetrics": {"width": window.0, "height": window.1, "pixelRatio": 1.0, "touch": true}});
        let mut options = json!({ "args": arguments });
        if window.0 < 600 {
            options["mobileEmulation"] = mobile;
        }
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".into(), options);
        let url = format!("http://127.0.0.1:{port}");
        let page = wait::until("the browser", LIMIT, || {
            let (capabilities, url) = (capabilities.clone(), url.clone());
            async move {
                ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
                    .capabilities(capabilities)
                    .connect(&url)
                    .await
                    .ok()
            }
        })
        .await;
        Some(Self { driver, _profile: profile, page, base: base.into() })
    }

    pub async fn go(&self, path: &str) {
        self.page.goto(&format!("{}{path}", self.base)).await.expect("the page opens");
    }

    /// Types into the field called `name`, replacing what was there.
    pub async fn fill(&self, name: &str, text: &str) {
        let field =
            self.page.wait().at_most(LIMIT).for_element(Locator::Css(&format!("[name='{name}']"))).await;
        let field = field.unwrap_or_else(|error| panic!("no field {name}: {error}"));
        field.clear().await.expect("clearable");
        field.send_keys(text).await.expect("typeable");
    }

    pub async fn click(&self, css: &str) {
        let element = self.page.wait().at_most(LIMIT).for_element(Locator::Css(css)).await;
        element.unwrap_or_else(|error| panic!("no {css}: {error}")).click().await.expect("clickable");
    }

    pub async fn sign_in(&self, email: &str, password: &str) {
        self.go("/sign-in").await;
        self.fill("email", email).await;
        self.fill("password", password).await;
        self.click("main button[type=submit]").await;
        wait::until("the sign-in to be over", LIMIT, || async {
            let url = self.page.current_url().await.expect("a page");
            (!url.path().starts_with("/sign-in")).then_some(())
        })
        .await;
    }

    /// Waits until the visible text of the page contains `text`.
    pub async fn sees(&self, text: &str) {
        wait::until(&format!("the page to show {text:?}"), LIMIT, || async {
            let body = self.page.find(Locator::Css("body")).await.ok()?.text().await.ok()?;
            body.contains(text).then_some(())
        })
        .await;
    }

    /// Breaks of the rules of axe on this page, as `rule: target` lines.
    pub async fn axe(&self, axe: &Path) -> Vec<String> {
        let source = std::fs::read_to_string(axe).expect("axe is readable");
        self.page.execute(&source, vec![]).await.expect("axe loads");
        let run = "const done = arguments[arguments.length - 1]; axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','best-practice']}).then(done);";
        let answer: Value = self.page.execute_async(run, vec![]).await.expect("axe runs");
        let violations = answer["violations"].as_array().expect("a list");
        violations
            .iter()
            .flat_map(|violation| {
                let rule = violation["id"].as_str().unwrap_or("?").to_owned();
                let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
                nodes
                    .into_iter()
                    .map(move |node| format!("{rule}: {} {}", node["target"], node["failureSummary"]))
            })
            .collect()
    }

    /// Keeps a picture of the page, when `tests/run` asked for pictures.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = pictures() else { return };
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let png = self.page.screenshot().await.expect("a screenshot");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("written");
    }
}

#[expect(clippy::disallowed_methods, reason = "where to keep pictures is the caller's choice")]
fn pictures() -> Option<std::path::PathBuf> {
    std::env::var("MAINSTAY_SCREENSHOTS").ok().map(Into::into)
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
