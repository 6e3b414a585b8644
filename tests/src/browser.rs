//! Headless Chromium, driven through its driver.

use crate::{
    product::{free_port, root},
    services, wait,
};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    wd::Capabilities,
};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);
/// What the phone does by itself after it was offline may take until its next attempt.
const SLOW_LIMIT: Duration = Duration::from_secs(40);

/// A browser of its own profile and window; ended when dropped.
pub struct Browser {
    driver: Child,
    /// Of the driver.
    port: u16,
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
        Some(Self { driver, port, _profile: profile, page, base: base.into() })
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

    /// Clicks the element at `css`, once it is there; as a person would, after scrolling it clear of fixed bars.
    pub async fn click(&self, css: &str) {
        let element = self.page.wait().at_most(LIMIT).for_element(Locator::Css(css)).await;
        let element = element.unwrap_or_else(|error| panic!("no {css}: {error}"));
        let centre =
            "document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})";
        self.page.execute(centre, vec![json!(css)]).await.expect("scripts run");
        element.click().await.unwrap_or_else(|error| panic!("cannot click {css}: {error}"));
    }

    /// Sends the form of the button at `css` and waits until the page that answers is there.
    pub async fn submit(&self, css: &str) {
        self.page.execute("window.left = true", vec![]).await.expect("scripts run");
        self.click(css).await;
        self.arrived().await;
    }

    /// Waits until the document that `submit` or a key press left is replaced by a complete one.
    async fn arrived(&self) {
        let there = "return !window.left && document.readyState === 'complete'";
        wait::until("the next page", LIMIT, || async {
            // While one document gives way to another there is nothing to ask.
            let answer = self.page.execute(there, vec![]).await.ok()?;
            (answer == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Chooses the option of the select at `css` whose value is `text` or whose words begin with it.
    pub async fn choose(&self, css: &str, text: &str) {
        let script = "const [css, text] = arguments, select = document.querySelector(css); \
            const option = [...select.options].find(option => option.value === text || option.textContent.trim().startsWith(text)); \
            select.value = option.value; select.dispatchEvent(new Event('change', {bubbles: true})); return option.value";
        let chosen = self.page.execute(script, vec![json!(css), json!(text)]).await;
        chosen.unwrap_or_else(|error| panic!("{css} offers no {text}: {error}"));
    }

    /// Chooses as a person does in the field at `css`: types `words` and takes the first row that is offered.
    pub async fn pick(&self, css: &str, words: &str) {
        self.click(css).await;
        let field = self.page.find(Locator::Css(css)).await.expect("the field was clicked");
        field.clear().await.expect("clearable");
        field.send_keys(words).await.expect("typeable");
        let script = "const [css, words] = arguments, field = document.querySelector(css); \
            const option = document.getElementById(field.getAttribute('aria-controls')).querySelector('[role=option]'); \
            if (field.getAttribute('aria-expanded') !== 'true' || !option?.textContent.toLowerCase().includes(words.toLowerCase())) return false; \
            option.click(); return true";
        wait::until(&format!("{css} to offer {words}"), LIMIT, || async {
            let taken = self.page.execute(script, vec![json!(css), json!(words)]).await.ok()?;
            (taken == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Runs a script and answers what it returns.
    pub async fn ask(&self, script: &str) -> Value {
        self.page.execute(script, vec![]).await.expect("the script runs")
    }

    /// Waits until `script` returns true.
    pub async fn holds(&self, what: &str, script: &str) {
        wait::until(what, SLOW_LIMIT, || async {
            let answer = self.page.execute(script, vec![]).await.ok()?;
            (answer == Value::Bool(true)).then_some(())
        })
        .await;
    }

    pub async fn path(&self) -> String {
        self.page.current_url().await.expect("a page").path().to_owned()
    }

    /// Presses the tabulator until the focus is on the element at `css`; every stop on the way must be visible as
    /// such. Nothing but the keyboard is used.
    pub async fn tab_to(&self, css: &str) {
        let focused = "const on = document.activeElement; \
            const style = getComputedStyle(on); \
            const marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none'; \
            return [on.matches(arguments[0]), on === document.body || marked, on.outerHTML.slice(0, 120)]";
        for _ in 0..200 {
            self.type_keys("\u{e004}").await;
            let seen = self.page.execute(focused, vec![json!(css)]).await.expect("scripts run");
            assert!(seen[1] == true, "the focus cannot be seen on {}", seen[2]);
            if seen[0] == true {
                return;
            }
        }
        panic!("the keyboard does not reach {css}");
    }

    /// Types into whatever has the focus.
    pub async fn type_keys(&self, keys: &str) {
        let focused = self.page.active_element().await.expect("an element has the focus");
        focused.send_keys(keys).await.expect("keys are taken");
    }

    /// Presses Enter and waits for the page that answers.
    pub async fn enter(&self) {
        self.page.execute("window.left = true", vec![]).await.expect("scripts run");
        self.type_keys("\u{e007}").await;
        self.arrived().await;
    }

    /// Draws a stroke across the element at `css`, as a finger does.
    pub async fn draw_on(&self, css: &str) {
        let element = self.page.find(Locator::Css(css)).await.expect("something to draw on");
        let centre =
            "document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})";
        self.page.execute(centre, vec![json!(css)]).await.expect("scripts run");
        let finger = MouseActions::new("finger".into())
            .then(PointerAction::MoveToElement { element, duration: None, x: -60.0, y: 0.0 })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::MoveBy { duration: None, x: 60.0, y: 20.0 })
            .then(PointerAction::MoveBy { duration: None, x: 60.0, y: -30.0 })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.page.perform_actions(finger).await.expect("drawn");
    }

    /// The reader's choice of light or dark, for the page that is open.
    pub async fn theme(&self, theme: &str) {
        let script = "document.documentElement.dataset.theme = arguments[0]; localStorage.setItem('theme', arguments[0])";
        self.page.execute(script, vec![json!(theme)]).await.expect("scripts run");
    }

    pub async fn sign_in(&self, email: &str, password: &str) {
        self.go("/sign-in").await;
        self.fill("email", email).await;
        self.fill("password", password).await;
        self.submit("main button[type=submit]").await;
        assert!(!self.path().await.starts_with("/sign-in"), "{email} cannot sign in");
    }

    /// Waits until the visible text of the page contains `text`.
    pub async fn sees(&self, text: &str) {
        wait::until(&format!("the page to show {text:?}"), LIMIT, || async {
            let body = self.page.find(Locator::Css("body")).await.ok()?.text().await.ok()?;
            body.contains(text).then_some(())
        })
        .await;
    }

    /// Breaks of the rules of axe on this page, in light and in dark, as `rule: target` lines.
    pub async fn axe(&self, axe: &Path) -> Vec<String> {
        let source = std::fs::read_to_string(axe).expect("axe is readable");
        self.page.execute(&source, vec![]).await.expect("axe loads");
        let mut broken = Vec::new();
        // Only colours differ between the two.
        for (theme, rules) in [("light", Value::Null), ("dark", json!(["color-contrast"]))] {
            self.theme(theme).await;
            let run = "const [rules, done] = arguments; \
                const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']; \
                const runOnly = rules ? {type: 'rule', values: rules} : {type: 'tag', values: tags}; \
                axe.run(document, {runOnly, resultTypes: ['violations']}).then(answer => done(answer.violations))";
            let violations: Value = self.page.execute_async(run, vec![rules]).await.expect("axe runs");
            for violation in violations.as_array().expect("a list") {
                for node in violation["nodes"].as_array().expect("a list") {
                    broken.push(format!(
                        "{} ({theme}): {} {}",
                        violation["id"].as_str().unwrap_or("?"),
                        node["target"],
                        node["failureSummary"]
                    ));
                }
            }
        }
        self.theme("light").await;
        broken
    }

    /// Elements that reach beyond the window, when the page can be scrolled sideways.
    pub async fn overflow(&self) -> Vec<String> {
        let script = "const width = document.documentElement.clientWidth; \
            if (document.documentElement.scrollWidth <= width) return []; \
            return ['page ' + document.documentElement.scrollWidth, ...[...document.querySelectorAll('body, main, main *')].filter(node => node.getBoundingClientRect().right > width + 1) \
                .slice(0, 12).map(node => node.tagName + '.' + node.className + '#' + node.id)]";
        let found = self.ask(script).await;
        found.as_array().expect("a list").iter().map(ToString::to_string).collect()
    }

    /// Keeps a picture of the page, when `tests/run` asked for pictures.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = pictures() else { return };
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let png = self.page.screenshot().await.expect("a screenshot");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("written");
    }
}

/// Where pictures go, if anywhere; relative to the root of the repository.
#[expect(clippy::disallowed_methods, reason = "where to keep pictures is the caller's choice")]
pub fn pictures() -> Option<std::path::PathBuf> {
    std::env::var("MAINSTAY_SCREENSHOTS").ok().map(|folder| root().join(folder))
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind.
        let asked = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut driver| {
            driver.set_read_timeout(Some(LIMIT))?;
            driver.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
            // It answers, or closes, when its browsers are gone.
            driver.read_to_end(&mut Vec::new())
        });
        if asked.is_err() {
            let _ = self.driver.kill();
        }
        let _ = self.driver.wait();
    }
}
