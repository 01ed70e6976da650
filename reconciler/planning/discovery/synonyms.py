"""Tables: what the fields of a person are called, in several languages and by the programs that export people.

Phrases are written as `words` gives them, with spaces. A phrase stands in one row only.
"""

from __future__ import annotations

from collections.abc import Mapping


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


CONCEPTS: Mapping[str, tuple[str, ...]] = {
    "email": (
        "email", "e mail", "mail", "email address", "e mail address", "mail address", "emailadresse", "e mail adresse",
        "mailadresse", "emailaddress", "courriel", "adresse email", "adresse mail", "adresse e mail", "correo",
        "correo electronico", "email addr", "posta elettronica", "indirizzo email", "e post", "epost", "sahkoposti",
    ),
    "first name": (
        "first name", "firstname", "first", "fname", "given name", "givenname", "forename", "vorname", "rufname",
        "prenom", "nombre", "nome", "voornaam", "fornavn", "fornamn", "etunimi", "imie", "name first", "christian name",
        "f name", "nombres",
    ),
    "last name": (
        "last name", "lastname", "last", "lname", "surname", "family name", "familyname", "nachname", "familienname",
        "zuname", "nom", "nom de famille", "apellido", "apellidos", "cognome", "achternaam", "etternavn", "efternamn",
        "sukunimi", "nazwisko", "name last", "l name", "sur name", "second name",
    ),
    "full name": (
        "full name", "fullname", "name", "display name", "displayname", "complete name", "contact name",
        "nom complet", "nombre completo", "nome completo", "vollstaendiger name", "kontaktname", "ansprechpartner",
        "contact person",
    ),
    "user name": ("user name", "username", "login", "user login", "nick", "nickname", "nicename", "benutzername"),
    "phone": (
        "phone", "phone number", "tel", "tel no", "tel nr", "telephone", "telephone number", "phone no", "telefon",
        "telefonnummer", "telefono", "telefone", "telefoon", "numero de telephone", "rufnummer", "festnetz", "landline",
        "home phone", "work phone", "daytime phone", "contact number", "phone nr", "puhelin",
    ),
    "mobile": (
        "mobile", "mobile phone", "mobile number", "mobile phone number", "mobil", "mobilnummer", "mobiltelefon",
        "handy", "handynummer", "cell", "cell phone", "cellphone", "cell number", "movil", "telefono movil", "celular",
        "portable", "telephone portable", "cellulare", "gsm", "mobiel", "mobile no", "telephone mobile", "tel mobile",
    ),
    "fax": ("fax", "fax number", "telefax", "faxnummer", "facsimile"),
    "company": (
        "company", "company name", "firm", "firma", "firmenname", "unternehmen", "organisation", "organization",
        "organisation name", "organization name", "business", "business name", "employer", "account name", "entreprise",
        "societe", "empresa", "azienda", "bedrijf", "bedrijfsnaam", "yritys", "foretag", "arbeitgeber", "company title",
    ),
    "job title": (
        "job title", "jobtitle", "job", "position", "role title", "occupation", "profession", "title", "job position",
        "beruf", "funktion", "stellung", "berufsbezeichnung", "fonction", "poste", "cargo", "puesto", "functie",
        "job role", "berufstitel",
    ),
    "department": ("department", "dept", "abteilung", "departement", "departamento", "service"),
    "street": (
        "address", "street", "street address", "address 1", "address line 1", "address line1", "address line",
        "street 1",
        "addr", "addr 1", "addr line 1", "line 1", "strasse", "str", "strasse hausnummer", "strasse und hausnummer",
        "anschrift", "adresse", "adresse 1", "rue", "direccion", "calle", "indirizzo", "via", "adres", "straat",
        "endereco", "adress", "gatuadress", "osoite", "street line 1", "address street",
    ),
    "street 2": (
        "address 2", "address line 2", "address line2", "street 2", "street address 2", "addr 2", "addr line 2",
        "line 2", "adresszusatz", "adresse 2", "complement", "complement d adresse", "address extra", "apartment",
        "street line 2", "adresszeile 2",
    ),
    "city": (
        "city", "town", "ort", "stadt", "wohnort", "ville", "commune", "ciudad", "poblacion", "citta", "comune",
        "plaats", "woonplaats", "cidade", "locality", "city town", "town city", "kaupunki", "miasto", "by", "postort",
        "address city",
    ),
    "state": (
        "state", "region", "province", "state region", "state province", "county", "bundesland", "kanton", "canton",
        "provincia", "estado", "provincie", "regione", "land kreis", "address state", "federal state", "state code",
    ),
    "postal code": (
        "postal code", "postalcode", "zip", "zip code", "zipcode", "postcode", "post code", "zip postal code",
        "postal", "plz", "postleitzahl", "code postal", "cp", "codigo postal", "cap", "codice postale", "postnummer",
        "postnr", "postinumero", "kod pocztowy", "postal zip code", "zip postcode", "address zip",
    ),
    "country": (
        "country", "country code", "country name", "nation", "land", "staat", "pays", "pais", "paese", "nazione",
        "country region", "country cd", "laenderkennzeichen", "laendercode", "code pays", "maa", "kraj",
        "address country",
    ),
    "website": (
        "website", "website url", "web site", "web page", "webpage", "homepage", "home page", "url", "web", "webseite",
        "site web", "sitio web", "sito web", "internetseite", "web address", "blog url",
    ),
    "birthday": (
        "birthday", "birth date", "birthdate", "date of birth", "dob", "born", "born on", "geburtsdatum", "geburtstag",
        "geboren", "geboren am", "date de naissance", "naissance", "fecha de nacimiento", "fecha nacimiento",
        "data di nascita", "geboortedatum", "data de nascimento", "syntymaaika", "birth day", "birth",
    ),
    "gender": ("gender", "sex", "geschlecht", "sexe", "genre", "sexo", "genero", "sesso", "geslacht", "sukupuoli"),
    "salutation": (
        "salutation", "anrede", "civilite", "tratamiento", "aanhef", "honorific", "name prefix", "greeting", "prefix",
    ),
    "language": (
        "language", "preferred language", "lang", "locale", "language code", "preferred locale", "sprache", "langue",
        "idioma", "lingua", "taal", "korrespondenzsprache", "user language", "user locale", "communication language",
    ),
    "lifecycle stage": ("lifecycle stage", "lifecyclestage", "life cycle stage", "lifecycle", "contact stage"),
    "membership level": (
        "membership level", "membership", "plan", "subscription plan", "membership plan", "tier", "membership tier",
        "level", "plan name", "mitgliedschaft", "tarif", "mitgliedsstufe", "membership type", "subscription level",
    ),
    "revenue": (
        "total revenue", "revenue", "total spent", "money spent", "total spend", "amount spent", "lifetime value",
        "ltv",
        "customer lifetime value", "clv", "turnover", "total turnover", "umsatz", "gesamtumsatz", "umsatz gesamt",
        "umsatz total", "chiffre d affaires", "total sales", "sales total", "lifetime revenue", "spent", "spend",
    ),
    "orders": (
        "number of orders", "order count", "orders", "orders count", "total orders", "num orders", "no of orders",
        "anzahl bestellungen", "bestellungen", "nombre de commandes", "purchases", "number of purchases",
        "purchase count", "numero de pedidos", "order number count",
    ),
    "newsletter": (
        "newsletter", "newsletter optin", "newsletter opt in", "newsletter subscribed", "subscribed",
        "newsletter subscription", "newsletter consent", "marketing consent", "marketing optin", "marketing opt in",
        "accepts marketing", "email optin", "email opt in", "opt in", "optin", "subscribe", "infolettre", "boletin",
        "newsletter signup", "mailing list", "marketing",
        "accepts email marketing",
    ),
    "last login": (
        "last login", "last login at", "last login date", "last seen", "last seen at", "last sign in",
        "last sign in at",
        "last active", "last active at", "last activity", "last visit", "letzter login", "letzte anmeldung",
        "derniere connexion", "ultimo acceso", "last logged in", "lastlogin", "last access",
    ),
    "signup": (
        "signup date", "sign up date", "signed up", "signed up at", "signup", "registered", "registered at",
        "registered on", "registration date", "register date", "created at", "created", "joined", "joined at",
        "joined on", "join date", "date joined", "member since", "customer since", "eintrittsdatum", "mitglied seit",
        "registriert am", "angemeldet am", "date d inscription", "fecha de registro", "user registered", "beitritt",
    ),
    "time zone": ("time zone", "timezone", "tz", "zeitzone"),
    "notes": ("notes", "note", "comment", "comments", "remarks", "notiz", "notizen", "bemerkung", "bemerkungen"),
    "bio": ("description", "bio", "about", "about me", "biography", "biographical info"),
    "tax id": ("vat", "vat id", "vat number", "tax id", "tax number", "ustid", "ust id nr", "steuernummer"),
}  # fmt: skip

NEUTRAL = _set(
    "user users contact contacts customer customers client cust member members person people profile student attendee "
    "subscriber learner participant buyer requester lead owner account usr wp meta um acf mepr pmpro cf field custom "
    "your my main primary default dim kunde kunden mitglied nutzer utilisateur usuario cliente"
)
"""Words in front that say whose it is or where it was kept: `user_email` is the e-mail."""

PLACES: Mapping[str, str] = {
    **dict.fromkeys(
        ("billing", "bill", "invoice", "rechnung", "rechnungs", "mailing", "facturation", "facturacion"),
        "billing",
    ),
    **dict.fromkeys(
        ("shipping", "ship", "delivery", "liefer", "lieferung", "versand", "livraison", "envio"),
        "shipping",
    ),
    **dict.fromkeys(("home", "private", "personal", "privat"), "home"),
    **dict.fromkeys(("work", "business", "office", "dienstlich"), "work"),
}  # fmt: skip
"""Words in front that tell two of a kind apart: a billing city is not a shipping city, but fills a plain city."""

ROUNDABOUT = frozenset(("addr", "address", "adresse", "contact", "name", "value", "text", "code", "cd"))
"""Words around a phrase that add nothing to it where the rest is a phrase by itself: `addr_city`, `country_cd`."""

STANDARD: tuple[tuple[str, str, str], ...] = (
    ("email", "E-mail", "email"),
    ("first_name", "First name", "text"),
    ("last_name", "Last name", "text"),
    ("phone", "Phone", "phone"),
    ("mobile_phone", "Mobile phone", "phone"),
    ("company", "Company", "text"),
    ("job_title", "Job title", "text"),
    ("address", "Street address", "text"),
    ("address_2", "Address line 2", "text"),
    ("city", "City", "text"),
    ("state", "State", "text"),
    ("postal_code", "Postal code", "text"),
    ("country", "Country", "country"),
    ("website", "Website", "url"),
    ("birthday", "Birthday", "date"),
    ("language", "Language", "text"),
)
"""Key, label and type of what most CRMs have: what is proposed when no CRM is asked."""

PASSWORDS = _set("pass password passwd passwort pwd passphrase contrasena motdepasse kennwort")
SECRETS = _set(
    "token tokens secret secrets hash salt nonce session sessions cookie csrf otp totp jwt signature apikey "
    "iban bic cvv "
    "cvc ssn sha md5 bcrypt"
)
SECRET_PHRASES = (
    "api key", "access key", "private key", "activation key", "auth key", "secret key", "recovery code", "backup codes",
    "credit card", "card number", "two factor", "login key", "verification code", "encryption key", "password reset",
    "mot de passe", "bank account", "social security",
)  # fmt: skip
INTERNAL_PHRASES = (
    "rich editing", "syntax highlighting", "comment shortcuts", "admin color", "use ssl", "show admin bar",
    "capabilities", "user level", "dismissed wp pointers", "metaboxhidden", "closedpostboxes", "meta box order",
    "screen layout", "edit lock", "edit last", "dashboard quick press", "user settings", "wp user settings",
    "persistent cart", "nav menu recently edited", "show welcome panel", "community events location", "user agent",
    "ip", "ip address", "etl", "row id", "row version", "internal",
)  # fmt: skip
"""How a column is called that holds what must not leave, or what means nothing outside the program that keeps it."""

DATE_WORDS = _set(
    "date datum day dt birth birthday born dob geburtsdatum geburtstag created updated modified registered "
    "registration "
    "login seen visit active expires expiry since until joined at on time timestamp ts start end naissance nacimiento "
    "nascita fecha letzter letzte last anniversary activity"
)
PHONE_WORDS = _set(
    "phone tel telephone telefon telefonnummer telefono telefone telefoon mobile mobil mobilnummer handy "
    "handynummer cell "
    "cellphone fax telefax whatsapp gsm portable movil celular cellulare rufnummer sms msisdn"
)
COUNTRY_WORDS = _set("country nation land laendercode staat pays pais paese kraj maa")
STATE_WORDS = _set("state province provincia provincie bundesland kanton canton county estado region regione")
CODE_WORDS = _set("language lang locale sprache langue idioma lingua taal currency state province")
SWITCH_WORDS = _set(
    "is has optin opt newsletter subscribed subscribe consent active verified confirmed enabled allowed accepts accept "
    "agreed member admin vip unsubscribed unsub marketing"
)
ID_WORDS = _set("id uid uuid guid key nr no number nummer num sk pk")
"""Words of a name that decide between types where the values alone do not."""
