models-title = Modelli
models-new = Nuovo modello
models-edit = Modifica modello
models-name = Modello
models-manufacturer = Produttore
models-equipment-type = Tipo di impianto
models-equipment-type-hint = Ad esempio refrigeratore, pompa o pressa. Le regole possono valere per un tipo.
models-search = Cerca modelli
models-none = Ancora nessun modello.
models-name-taken = Questo produttore ha già un modello con questo nome.
models-metrics = Valori misurati
models-metrics-hint = Uno per riga, come lo invia la macchina: suction_pressure = Pressione di aspirazione [bar]. Nome e unità si possono omettere.
models-metrics-wrong = Scriva un valore per riga, ciascuno una volta, come suction_pressure = Pressione di aspirazione [bar].
