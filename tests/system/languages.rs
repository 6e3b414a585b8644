//! Every page in every language, over HTTP as a browser without scripts would read them: no text is missing.

use crate::{site::Site, workshop::PASSWORD};
use reqwest::Client;
use whole_system::http::sign_in;

const LANGUAGES: [&str; 5] = ["en", "es", "it", "ro", "zh"];

/// Signs of a text that no language file has, or of a placeholder that nobody filled.
const GAPS: [&str; 3] = ["Unknown localization", "{$", "{ $"];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_every_language() {
    let site = Site::open().await;
    let mut wrong = Vec::new();
    for (email, pages) in &site.readers {
        let client = sign_in(site.product.http, email, PASSWORD).await;
        for language in LANGUAGES {
            choose(&client, &site, language).await;
            for path in pages {
                let answer =
                    client.get(format!("http://{}{path}", site.product.http)).send().await.expect("answers");
                let status = answer.status();
                let page = answer.text().await.expect("text");
                if !status.is_success() {
                    wrong.push(format!("{path} in {language}: {status}"));
                } else if !page.contains(&format!("<html lang=\"{language}\"")) {
                    wrong.push(format!("{path}: not in {language}"));
                }
                for gap in GAPS {
                    if let Some(at) = page.find(gap) {
                        let words: String = page[at..].chars().take(90).collect();
                        wrong.push(format!("{path} in {language}: {words}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn choose(client: &Client, site: &Site, language: &str) {
    let url = format!("http://{}/language", site.product.http);
    let answer = client.post(url).form(&[("code", language)]).send().await.expect("answers");
    assert!(answer.status().is_success(), "{language}: {}", answer.status());
}
