#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ingest_fuzz::says(domain::fleet::device::DeviceProfile::AzureIotHub, data));
