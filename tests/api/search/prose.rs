//! News of an invented town, and what somebody would type to find each piece again.
//! Written by hand, without looking at what the analyser does.

/// A piece, and queries that mean it.
pub struct Prose {
    pub slug: &'static str,
    pub section: &'static str,
    pub topic: &'static str,
    pub headline: &'static str,
    pub teaser: &'static str,
    pub text: &'static str,
    /// Words as they stand there.
    pub exact: &'static [&'static str],
    /// Other forms of words that stand there.
    pub inflected: &'static [&'static str],
    /// With ae, oe, ue and ss.
    pub spelt: &'static [&'static str],
}

macro_rules! prose {
    ($($slug:literal $section:literal $topic:literal $headline:literal $teaser:literal $text:literal
        $exact:expr, $inflected:expr, $spelt:expr;)+) => {
        pub const PROSE: &[Prose] = &[$(Prose {
            slug: $slug, section: $section, topic: $topic, headline: $headline, teaser: $teaser, text: $text,
            exact: &$exact, inflected: &$inflected, spelt: &$spelt,
        }),+];
    };
}

prose! {
    "faehre-mole" "politik" "verkehr" "Fähre zur Mole fährt wieder"
    "Nach drei Wochen Pause hat die kleine Fähre ihren Dienst aufgenommen."
    "Der neue Dieselmotor kam aus einer Werft in Rendsburg. Kapitänin Wiebke Thormählen steuerte am Morgen die erste Überfahrt, an Bord waren Schulkinder und zwei Hühner im Käfig. Die Reederei rechnet mit vierhundert Fahrgästen am Tag."
    ["Fähre zur Mole", "Kapitänin Thormählen", "Dieselmotor Rendsburg"],
    ["Fähren Molen", "Reedereien Fahrgast", "neuer Dieselmotoren Werften"],
    ["Faehre Mole", "Kapitaenin Thormaehlen", "Huehner Kaefig"];

    "bruecke-rost" "politik" "verkehr" "Rost an der Löwenbrücke: Sperrung für Lastwagen"
    "Gutachter fanden Risse in zwei Trägern der Löwenbrücke."
    "Ab Montag dürfen nur noch Fahrzeuge bis dreieinhalb Tonnen über den Fluss. Die Spedition Quandt muss ihre Sattelschlepper über den Umweg bei Gut Ahlhorn schicken. Das Tiefbauamt hofft auf Schweißarbeiten im Sommer."
    ["Löwenbrücke Sperrung", "Rost Lastwagen", "Spedition Quandt Sattelschlepper"],
    ["Löwenbrücken gesperrt Träger", "Gutachten Riss Lastwagen", "Schweißarbeit Tiefbauamtes"],
    ["Loewenbruecke", "Traeger Loewenbruecke", "Schweissarbeiten"];

    "imkerin-stadtdach" "kultur" "klima" "Bienenvölker auf dem Dach der Sparkasse"
    "Eine Imkerin hält mitten in der Stadt zwölf Völker."
    "Gesine Haberkorn schleudert den Honig im Keller zwischen Tresor und Heizung. Lindenblüten und Rosskastanien geben die Tracht. Die Gläser verkauft sie am Schalter, der Erlös geht an den Schulgarten."
    ["Bienenvölker Dach Sparkasse", "Imkerin Haberkorn", "Honig Tresor"],
    ["Bienenvolk Dächer", "Imkerinnen Honige Keller", "Rosskastanie Lindenblüte"],
    ["Bienenvoelker", "Lindenblueten Glaeser", "Erloes Schulgarten"];

    "orgel-pfeifen" "kultur" "haushalt" "Die Orgel von Sankt Veit hat ihre Stimme zurück"
    "Zweitausend Pfeifen wurden gereinigt, eine Maus zog aus."
    "Orgelbauer Balthasar Prüß nahm das Werk vier Monate lang auseinander. Im Prospekt fand er einen Zettel von 1874. Am Sonntag spielt Kantorin Ylva Strandberg Buxtehude, der Eintritt ist frei."
    ["Orgel Sankt Veit", "Orgelbauer Prüß", "Kantorin Buxtehude"],
    ["Orgeln Pfeife gereinigt", "Orgelbauers Prospekte", "Mäuse Pfeifen"],
    ["zurueck Orgel Stimme", "Pruess Orgelbauer", "Maeuse Pfeifen"];

    "freibad-pumpe" "politik" "haushalt" "Freibad öffnet später, die Umwälzpumpe ist defekt"
    "Der Saisonbeginn verschiebt sich um mindestens zehn Tage."
    "Schwimmmeister Detlef Ohm zeigte den gebrochenen Läufer der Pumpe. Ersatz kommt aus Südtirol. Dauerkarten gelten zum Ausgleich bis Mitte September, die Rutsche wird währenddessen neu gestrichen."
    ["Freibad Umwälzpumpe", "Schwimmmeister Ohm", "Dauerkarten Rutsche September"],
    ["Freibades öffnen Pumpen", "Schwimmmeisters Pumpe", "Dauerkarte Rutschen"],
    ["Freibad oeffnet spaeter", "Umwaelzpumpe", "Suedtirol Laeufer"];

    "wolf-schafe" "politik" "klima" "Wolf reißt Schafe am Heidekamp"
    "Vier Muttertiere sind tot, der Schäfer fordert höhere Zäune."
    "Die Spuren im Sand waren eindeutig, sagt Rissgutachterin Imke Dallmann. Schäfer Enno Petersen will jetzt Herdenschutzhunde anschaffen. Das Land zahlt achtzig Prozent der Kosten für den Elektrozaun."
    ["Wolf Schafe Heidekamp", "Schäfer Petersen", "Herdenschutzhunde"],
    ["Wölfe Schaf", "Schäfers Zaun", "Herdenschutzhund Elektrozäune"],
    ["Schaefer Zaeune", "Woelfe Schafe", "hoehere Zaeune Schaefer"];

    "theater-hamlet" "kultur" "haushalt" "Hamlet im Parkhaus: Premiere auf Deck vier"
    "Das Stadttheater spielt Shakespeare zwischen Kleinwagen und Neonröhren."
    "Regisseurin Nuria Castell lässt Ophelia durch eine Waschanlage gehen. Das Publikum sitzt auf Klappstühlen und in zwei Limousinen. Nach der Pause fiel der Strom aus, gespielt wurde im Licht der Scheinwerfer."
    ["Hamlet Parkhaus", "Regisseurin Castell Ophelia", "Waschanlage Limousinen"],
    ["Premieren Parkhäuser", "Regisseurinnen Klappstuhl", "Neonröhre Kleinwagens"],
    ["Neonroehren", "Klappstuehlen", "Parkhaeuser Hamlet"];

    "handball-aufstieg" "sport" "verkehr" "Handballerinnen steigen auf"
    "Mit 31:24 gegen Wieselburg gelingt der Sprung in die dritte Liga."
    "Torhüterin Jelena Brkić hielt vier Siebenmeter. Trainer Momme Jessen verlor eine Wette und rasierte sich den Bart. Die Mannschaft feierte bis zum Morgen im Vereinsheim am Güterbahnhof."
    ["Handballerinnen Wieselburg", "Torhüterin Brkić Siebenmeter", "Trainer Jessen Bart"],
    ["Handballerin Aufstieg Ligen", "Torhüterinnen Wetten", "Mannschaften feiern Vereinsheime"],
    ["Torhueterin Brkic", "Gueterbahnhof Handballerinnen", "Torhueterinnen"];

    "deich-schafe" "politik" "klima" "Deich am Süderkoog wird um einen Meter erhöht"
    "Der Küstenschutz rechnet mit steigenden Sturmfluten."
    "Kleiboden kommt aus der Grube bei Hohenwarft. Während der Bauzeit weiden keine Tiere auf der Krone. Oberdeichgraf Ocke Broders spricht vom größten Vorhaben seit der Flut von 1962."
    ["Deich Süderkoog", "Oberdeichgraf Broders", "Kleiboden Hohenwarft"],
    ["Deiche erhöhen", "Sturmflut Küstenschutzes", "Oberdeichgrafen Vorhaben"],
    ["Suederkoog", "Kuestenschutz Sturmfluten", "groessten Vorhaben Deich"];

    "mieten-suedstadt" "politik" "haushalt" "Mieten in der Südstadt steigen auf vierzehn Euro"
    "Der neue Mietspiegel zeigt die Unterschiede zwischen den Vierteln."
    "Besonders teuer sind möblierte Zimmer nahe der Hochschule. Der Mieterverein berät an drei Abenden in der Woche. Vermieterin Adele Grützmacher hat dagegen die Kaltmiete seit neun Jahren nicht angehoben."
    ["Mieten Südstadt", "Vermieterin Grützmacher", "Mieterverein möblierte Zimmer"],
    ["Miete gestiegen Viertel", "Vermieterinnen Kaltmieten", "Mietervereins beraten Abend"],
    ["Suedstadt Mieten", "Gruetzmacher", "moeblierte Zimmer"];

    "apfel-presse" "kultur" "klima" "Mostpresse auf Rädern kommt in die Dörfer"
    "Wer Äpfel bringt, nimmt Saft mit nach Hause."
    "Der umgebaute Anhänger von Familie Kuhlmann presst dreihundert Liter in der Stunde. Boskop und Finkenwerder werden getrennt gepresst. Ein Fünfliterkarton kostet sechs Euro, wer eigene Flaschen hat, zahlt die Hälfte."
    ["Mostpresse Dörfer", "Boskop Finkenwerder", "Anhänger Familie Kuhlmann"],
    ["Mostpressen Dorf", "Apfel Säfte", "gepresster Boskop Flasche"],
    ["Mostpresse Raedern Doerfer", "Aepfel Saft", "Fuenfliterkarton Haelfte"];

    "kita-streik" "politik" "haushalt" "Erzieherinnen legen die Arbeit nieder"
    "Am Donnerstag bleiben einunddreißig Kindertagesstätten geschlossen."
    "Die Gewerkschaft verlangt zwei zusätzliche Regenerationstage. Väter organisierten eine Notgruppe in der Turnhalle am Lerchenweg. Kämmerer Hasso Wolters hält die Forderung für unbezahlbar."
    ["Erzieherinnen Arbeit", "Regenerationstage Gewerkschaft", "Kämmerer Wolters"],
    ["Erzieherin Kindertagesstätte", "Gewerkschaften Regenerationstag", "Notgruppen Turnhallen"],
    ["Kindertagesstaetten geschlossen", "Vaeter Notgruppe", "Kaemmerer Wolters"];

    "rettung-segler" "sport" "verkehr" "Seenotretter bergen zwei Segler vor Knechtsand"
    "Die Jolle war bei Windstärke acht gekentert."
    "Der Rettungskreuzer Anneliese Voß brauchte elf Minuten. Beide Männer trugen Westen und klammerten sich an den Kiel. Vormann Tjark Heeren mahnt, den Seewetterbericht ernst zu nehmen."
    ["Seenotretter Knechtsand", "Rettungskreuzer Anneliese Voß", "Vormann Heeren"],
    ["Seenotrettern Jollen", "gekenterte Segler", "Rettungskreuzers Minute Westen"],
    ["Windstaerke acht", "Anneliese Voss", "Maenner Kiel Jolle"];

    "gruene-dose" "kultur" "klima" "Schülerin erfindet Brotdose aus Pilzgeflecht"
    "Für das Myzel in Quaderform gibt es den Landespreis von Jugend forscht."
    "Greta Achterberg züchtete den Austernseitling auf Kaffeesatz. Nach dem Trocknen ist das Material leicht wie Kork. Ein Hersteller aus Nürnberg will die Dose in Serie fertigen."
    ["Brotdose Pilzgeflecht", "Greta Achterberg Austernseitling", "Myzel Kaffeesatz"],
    ["Brotdosen Schülerinnen", "Pilzgeflechte Preise", "Austernseitlinge gezüchtet"],
    ["Schuelerin Brotdose", "zuechtete Austernseitling", "Nuernberg Brotdose"];

    "bahnhof-uhr" "politik" "verkehr" "Bahnhofsuhr geht seit Pfingsten sieben Minuten nach"
    "Reisende verpassen Anschlüsse, die Bahn sucht ein Ersatzteil."
    "Uhrmachermeister Ludolf Engelke bot an, das Werk kostenlos zu reparieren. Zuständig ist aber eine Firma in Göttingen. Bis dahin klebt ein Zettel auf dem Zifferblatt."
    ["Bahnhofsuhr Pfingsten", "Uhrmachermeister Engelke", "Zifferblatt Zettel"],
    ["Bahnhofsuhren Anschluss", "Uhrmachermeisters Zifferblätter", "Ersatzteile Reisender"],
    ["Anschluesse Bahnhofsuhr", "Zustaendig Goettingen", "Zifferblaetter"];

    "bibliothek-nacht" "kultur" "haushalt" "Bibliothek bleibt nachts geöffnet"
    "Mit dem Ausweis kommt man bis zwei Uhr hinein."
    "Ein Versuch über sechs Monate soll zeigen, wer Bücher lieber im Dunkeln ausleiht. Wachmann Cem Aydoğan liest selbst am liebsten Krimis. Die Rückgabe läuft über einen Automaten mit Förderband."
    ["Bibliothek nachts", "Wachmann Aydoğan Krimis", "Automaten Förderband"],
    ["Bibliotheken Nacht", "Ausweise Buch", "Automat Förderbänder"],
    ["Bibliothek nachts geoeffnet", "Buecher Dunkeln", "Rueckgabe Foerderband"];

    "kaese-preis" "kultur" "klima" "Ziegenkäse vom Mühlenhof gewinnt Gold"
    "Die Jury lobte den nussigen Geschmack."
    "Senner Korbinian Aßmann kam als Aussteiger aus München. Sechzig Ziegen grasen am Hang, gereift wird im alten Eiskeller. Auf dem Wochenmarkt war der Laib nach zwanzig Minuten verkauft."
    ["Ziegenkäse Mühlenhof", "Senner Aßmann", "Eiskeller Laib"],
    ["Ziegenkäses gewonnen Geschmäcker", "Ziege Hänge Eiskellers", "Aussteigers Wochenmärkte"],
    ["Ziegenkaese Muehlenhof", "Assmann Senner", "Ziegenkaese Muenchen"];

    "eis-see" "sport" "klima" "Wöhrsee zugefroren: Betreten verboten"
    "Das Eis ist erst fünf Zentimeter dick."
    "Feuerwehrtaucher übten den Ernstfall mit einer Puppe. Schlittschuhläufer müssen sich gedulden. Der Kiosk am Ufer verkauft trotzdem Glühwein und Bratäpfel."
    ["Wöhrsee zugefroren", "Feuerwehrtaucher Puppe", "Glühwein Kiosk"],
    ["Feuerwehrtauchern geübt", "Schlittschuhläufern Eises", "Kioske Bratapfel"],
    ["Woehrsee", "Schlittschuhlaeufer", "Gluehwein Brataepfel"];

    "funk-loch" "politik" "verkehr" "Funkloch im Ölbachtal: Mast kommt erst in zwei Jahren"
    "Die Bewohner telefonieren vom Hochsitz aus."
    "Jagdpächter Roderich von Uslar hat dafür eine Leiter gestiftet. Einen Notruf gibt es nur über das Festnetz im Gasthof Zur Post. Der Netzbetreiber nennt fehlende Stromleitungen als Grund."
    ["Funkloch Ölbachtal", "Jagdpächter Uslar Leiter", "Notruf Gasthof"],
    ["Funklöcher Masten", "Bewohnern Hochsitze", "Netzbetreibern Stromleitung"],
    ["Oelbachtal Funkloch", "Jagdpaechter", "Funkloecher Mast"];

    "marathon-igel" "sport" "klima" "Igel legt Marathon lahm"
    "Zweitausend Läufer warteten, bis das Tier die Straße überquert hatte."
    "Streckenposten Ansgar Lüdemann sperrte die Kurve am Zollamt mit seiner Jacke. Die spätere Siegerin Abebech Tolossa verlor vierzig Sekunden. Das Igelhaus benannte den Patienten nach ihr."
    ["Igel Marathon", "Streckenposten Lüdemann", "Siegerin Tolossa"],
    ["Igeln Marathons Straßen", "Streckenpostens Jacken", "Siegerinnen Sekunde Läufern"],
    ["Laeufer Strasse Igel", "Luedemann Streckenposten", "spaetere Siegerin Igel"];

    "weihnacht-kraene" "kultur" "haushalt" "Hafenkräne leuchten im Advent"
    "Achttausend Lampen hängen an drei Auslegern."
    "Kranführerin Zdenka Malý schaltet jeden Abend um fünf das Licht ein. Die Stadtwerke spenden den Strom. Wer mag, kann für einen Euro die Farben ändern, das Geld bekommt die Bahnhofsmission."
    ["Hafenkräne Advent", "Kranführerin Malý", "Bahnhofsmission Farben"],
    ["Hafenkran leuchtet Lampe", "Kranführerinnen Ausleger", "Stadtwerken Strom spenden Farbe"],
    ["Hafenkraene", "Kranfuehrerin", "Hafenkraene Auslegern"];

    "wahl-bad" "politik" "haushalt" "Bürgerentscheid: Mehrheit will das Hallenbad behalten"
    "Einundsechzig Prozent stimmten gegen den Abriss."
    "Die Wahlbeteiligung lag bei achtundvierzig Prozent. Initiatorin Dörte Siemsen weinte vor Freude. Nun muss der Rat neun Millionen für Lüftung und Fliesen finden."
    ["Bürgerentscheid Hallenbad", "Initiatorin Siemsen", "Lüftung Fliesen Abriss"],
    ["Bürgerentscheide Hallenbäder", "Mehrheiten Abrisses", "Wahlbeteiligungen Initiatorinnen"],
    ["Buergerentscheid", "Doerte Siemsen", "Lueftung Fliesen"];

    "schloss-geist" "kultur" "haushalt" "Das Schlossgespenst war ein Waschbär"
    "Nachtwächter hörten wochenlang Schritte im Rittersaal."
    "Eine Wildkamera brachte die Auflösung. Kastellanin Ottilie von Rhaden lockte das Tier mit Pflaumenkuchen in die Falle. Freigelassen wurde es im Forst bei Grünhorst."
    ["Schlossgespenst Waschbär", "Kastellanin Rhaden", "Wildkamera Pflaumenkuchen"],
    ["Schlossgespenster Waschbären", "Nachtwächtern Rittersäle", "Wildkameras Fallen"],
    ["Waschbaer Schlossgespenst", "Nachtwaechter Rittersaal", "Gruenhorst Aufloesung"];

    "bus-fahrerin" "politik" "verkehr" "Busfahrerin geht nach vierzig Jahren in Rente"
    "Auf der Linie sechs kannte sie jeden Fahrgast mit Namen."
    "Hannelore Piepenbrink hat anderthalb Millionen Kilometer zurückgelegt. Zum Abschied schmückten Stammgäste den Gelenkbus mit Girlanden. Ihr Nachfolger spielt Akkordeon an der Endhaltestelle."
    ["Busfahrerin Rente", "Hannelore Piepenbrink", "Gelenkbus Girlanden"],
    ["Busfahrerinnen Renten", "Stammgast Gelenkbusse", "Akkordeons Endhaltestellen"],
    ["zurueckgelegt Piepenbrink", "schmueckten Girlanden", "Stammgaeste"];

    "radweg-wurzel" "politik" "verkehr" "Platanenwurzeln heben den Radweg"
    "Am Ulmenring stürzten in diesem Jahr neun Menschen."
    "Das Gartenamt will die Bäume nicht fällen. Stattdessen kommt eine Wurzelbrücke aus Lochblech. Radverkehrsbeauftragte Svea Nißen hat das Verfahren in Malmö gesehen."
    ["Platanenwurzeln Radweg", "Wurzelbrücke Lochblech", "Radverkehrsbeauftragte Nißen"],
    ["Platanenwurzel Radwege", "Gartenamtes Baum", "Wurzelbrücken Verfahrens"],
    ["Platanenwurzeln stuerzten", "Wurzelbruecke", "Nissen Malmoe"];

    "chor-hof" "kultur" "haushalt" "Chor singt im Gefängnishof"
    "Achtzig Häftlinge stimmten in den Kanon ein."
    "Chorleiter Bartholomäus Zwingli hatte drei Jahre auf die Genehmigung gewartet. Zum Schluss gab es Streuselkuchen aus der Anstaltsküche. Im Herbst soll eine Aufnahme erscheinen."
    ["Chor Gefängnishof", "Chorleiter Zwingli", "Streuselkuchen Anstaltsküche"],
    ["Chöre Gefängnishöfe", "Häftling Kanons", "Chorleiters Genehmigungen"],
    ["Gefaengnishof Chor", "Haeftlinge Kanon", "Bartholomaeus Anstaltskueche"];

    "stein-acker" "kultur" "klima" "Bauer pflügt Urnen aus der Bronzezeit frei"
    "Auf dem Acker bei Vierlinden lagen elf Gefäße."
    "Archäologin Thekla Overbeck datiert den Fund auf 900 vor Christus. Landwirt Jürgen Hinrichsen bestellte das Feld von Hand zu Ende. Die Scherben sind ab Mai im Heimatmuseum zu sehen."
    ["Urnen Bronzezeit", "Archäologin Overbeck", "Landwirt Hinrichsen Scherben"],
    ["Urne Äcker Gefäß", "Archäologinnen Funde", "Landwirte Scherbe Heimatmuseen"],
    ["pfluegt Urnen", "Gefaesse Vierlinden", "Archaeologin Overbeck"];

    "solar-kirche" "politik" "klima" "Solarzellen auf dem Kirchendach erlaubt"
    "Der Denkmalschutz gibt nach fünf Jahren Streit nach."
    "Die Module sind rot wie die Ziegel. Küsterin Marlies Däubler rechnet mit vierzehntausend Kilowattstunden im Jahr. Damit wird künftig auch der Gemeindebus geladen."
    ["Solarzellen Kirchendach", "Küsterin Däubler", "Module Ziegel Gemeindebus"],
    ["Solarzelle Kirchendächer", "Küsterinnen Kilowattstunde", "Gemeindebusse geladen Modul"],
    ["Kuesterin Daeubler", "kuenftig Gemeindebus", "Kirchendaecher Solarzellen"];

    "schach-oma" "sport" "haushalt" "Neunzigjährige besiegt Großmeister im Blitzschach"
    "Irmgard Köppen brauchte vierundzwanzig Züge."
    "Gelernt hat sie das Spiel im Luftschutzkeller von ihrem Onkel. Großmeister Davit Margiani gratulierte mit Handkuss. Die Partie wurde auf der Leinwand am Marktplatz übertragen."
    ["Neunzigjährige Blitzschach", "Irmgard Köppen", "Großmeister Margiani Handkuss"],
    ["Neunzigjähriger Großmeisters", "Partien Leinwände Marktplätze", "Zug Onkels Luftschutzkellers"],
    ["Neunzigjaehrige Grossmeister", "Koeppen Blitzschach", "Grossmeister uebertragen"];

    "strom-kabel" "politik" "klima" "Marder legt das Umspannwerk lahm"
    "Sechstausend Haushalte waren drei Stunden ohne Strom."
    "Das Tier hatte sich durch eine Kabeldurchführung gezwängt. Aufzüge blieben stecken, im Krankenhaus sprangen die Notstromdiesel an. Netzmeister Gundolf Thießen lässt nun Stahlbürsten einbauen."
    ["Marder Umspannwerk", "Netzmeister Thießen", "Stahlbürsten Kabeldurchführung"],
    ["Mardern Umspannwerke", "Haushalten Stunde Aufzug", "Kabeldurchführungen Krankenhäuser"],
    ["Kabeldurchfuehrung", "Thiessen Stahlbuersten", "Aufzuege Umspannwerk"];
}
