//! The first start: what stands on the screen.

use std::{fs::File, process::Stdio, time::Duration};
use whole_system::{
    product::{free_port, program},
    wait,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_prints_one_clean_block_and_logs_below_it() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let (http, mqtt) = (free_port(), free_port());
    let mut child = std::process::Command::new(program("mainstay"))
        .args(["run", "--http-listen", &http.to_string(), "--mqtt-listen", &mqtt.to_string(), "--data-dir"])
        .arg(path("data"))
        .stdin(Stdio::null())
        .stdout(File::create(path("out")).expect("a file"))
        .stderr(File::create(path("log")).expect("a file"))
        .spawn()
        .expect("the product starts");
    let read = |name: &str| std::fs::read_to_string(path(name)).unwrap_or_default();
    wait::until("the demo to be on its way", Duration::from_secs(60), || {
        let on_its_way = read("log").contains("loading the demo").then_some(());
        async move { on_its_way }
    })
    .await;
    child.kill().expect("killed");
    child.wait().expect("reaped");
    let out = read("out");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].ends_with(&format!("http://{http}")), "{out}");
    assert!(lines[1].ends_with(&format!("mqtt://{mqtt}")), "{out}");
    assert_eq!(lines[2], "", "{out}");
    assert!(lines[4].starts_with("Sign in at") && lines[4].ends_with("(shown this once):"), "{out}");
    let sign_ins: Vec<&str> = lines[5..].to_vec();
    let emails = ["admin", "manager", "dispatcher", "technician", "customer"];
    assert_eq!(sign_ins.len(), emails.len(), "{out}");
    for (line, email) in sign_ins.iter().zip(emails) {
        assert!(line.trim_start().starts_with(&format!("{email}@demo.example")), "{out}");
    }
    assert!(!read("log").contains("@demo.example "), "no password in the log: {}", read("log"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_made_beforehand_is_closed_to_others_with_everything_in_it() {
    use std::os::unix::fs::PermissionsExt;
    use whole_system::product::{Demo, Mainstay};
    let product = Mainstay::start_in_open_folder(Demo::Off).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let data = product.data_dir();
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = std::fs::read_dir(&data).expect("readable").flatten().collect();
    assert!(files.iter().any(|file| file.file_name() == "records.db"), "{files:?}");
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{}", file.path().display());
    }
}
