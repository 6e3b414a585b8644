demo-step-records = Se creează clienți, echipamente, contracte și piese
demo-step-telemetry = Dispozitivele trimit ultimele 90 de zile
demo-step-analysis = Se calculează stări, defectări și alerte
demo-step-service = Se derulează istoricul intervențiilor
error-demo-busy = Demonstrația este ocupată: așteptați să se termine încărcarea și încercați din nou.
