demo-step-records = Creazione di clienti, impianti, contratti e ricambi
demo-step-telemetry = I dispositivi inviano gli ultimi 90 giorni
demo-step-analysis = Calcolo di stati, guasti e avvisi
demo-step-service = Esecuzione dello storico degli interventi
error-demo-busy = La demo è occupata: attenda la fine del caricamento e riprovi.
