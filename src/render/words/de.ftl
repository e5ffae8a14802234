### Die deutschen Texte von natter. Die Schlüssel und Argumente sind die von `en.ftl`; ein Test vergleicht sie.

## Every page

app-description = Team-Chat: Nachrichten erscheinen sofort; keine geht verloren, keine kommt doppelt.
app-new-message = Neue Nachricht
title = { $page } · natter
nav-log-out = Abmelden
back-to-chat = Zurück zum Chat
cancel = Abbrechen
try-again = Noch einmal senden
discard = Verwerfen
skip-to-content = Zum Inhalt springen
nav-menu = Räume und Leute

## Die Seitenleiste

sidebar = Räume und Leute
sidebar-rooms = Räume
sidebar-direct = Direkt
switcher = Raum oder Person
sidebar-draft = Entwurf
rooms-all = Alle Räume
room-new = Neuer Raum
people = Leute

## Account fields

user-id = Benutzername
user-id-hint = 3 bis 32 Buchstaben (ohne Umlaute), Ziffern, _ . -
user-id-log-in-hint = 3 bis 32 Buchstaben (ohne Umlaute), Ziffern, _ . -; damit meldest du dich an.
name = Name
name-hint = Steht neben deinen Nachrichten.
email = E-Mail
phone = Telefon
phone-optional = Telefon (optional)
password = Passwort
password-hint = Mindestens 8 Zeichen.
role = Rolle
role-member = Mitglied
role-bot = Bot
role-admin = Admin

## Logging in and signing up

log-in = Anmelden
log-in-description = Melde dich beim Team-Chat auf diesem Server an.
log-in-first-start = Hier hat noch niemand ein Konto. <a href="{ $url }">Registriere dich</a>: Wer sich zuerst registriert, wird Admin.
log-in-no-account = Neu hier? <a href="{ $url }">Registrieren</a>
log-in-forgotten = Passwort vergessen? Ein Admin kann dir einen Anmeldelink geben.
link-heading = Als { $name } anmelden
link-text = Dieser Link meldet dich einmal als <b>{ $id }</b> an. Danach wählst du ein neues Passwort.
link-signed-in = Du bist als <b>{ $current }</b> angemeldet und wirst dann abgemeldet.
link-void = Dieser Link gilt nicht
link-void-text = Er wurde benutzt, ist abgelaufen, oder es gibt einen neueren. Bitte einen Admin um einen anderen.
link-password = Neues Passwort wählen
link-password-text = Du bist angemeldet. Lege ein Passwort fest, mit dem du dich ab jetzt anmeldest.
link-password-save = Speichern und zum Chat
sign-up = Registrieren
sign-up-description = Lege ein Konto für den Team-Chat auf diesem Server an.
sign-up-first = Du bist hier zuerst: Wer sich zuerst registriert, wird Admin. Andere registrieren sich auf demselben Weg.
sign-up-closed = Die Registrierung ist hier geschlossen. Bitte einen Admin um ein Konto.
sign-up-have-account = Du hast ein Konto? <a href="{ $url }">Anmelden</a>

## Opening a link with somebody else's token

switch-account = Konto wechseln?
switch-account-text = Du bist als <b>{ $current }</b> angemeldet. Dieser Link ist für <b>{ $other }</b>: Wenn du ihm folgst, erscheinen deine Nachrichten unter diesem Namen.
switch-account-submit = { $current } abmelden und als { $other } fortfahren
switch-account-stay = Als { $current } angemeldet bleiben
continue-as = Als { $other } fortfahren?
continue-as-text = Dieser Link ist für <b>{ $other }</b>: Wenn du ihm folgst, erscheinen deine Nachrichten unter diesem Namen.
continue-as-submit = Als { $other } fortfahren

## The account page

account = Konto
account-profile = Profil
account-about = Über dich
account-about-hint = Höchstens 200 Zeichen. Alle hier sehen es.
account-shows-last-seen = Zeigen, wann ich zuletzt online war
account-save-profile = Profil speichern
account-profile-saved = Dein Profil ist gespeichert.
avatar = Bild
avatar-hint = Alle hier sehen es neben deinen Nachrichten. Das Quadrat in der Mitte wird genommen, ohne den Ort und die anderen Angaben in der Datei.
avatar-choose = PNG, JPEG, GIF oder WebP, bis 10 MB
avatar-save = Bild speichern
avatar-remove = Bild entfernen
avatar-saved = Dein Bild ist gespeichert.
avatar-removed = Dein Bild ist entfernt.
avatar-missing = Wähle zuerst ein Bild.
avatar-too-large = Das Bild ist größer als { $max } MB. Wähle ein kleineres.
avatar-unreadable = Diese Datei lässt sich nicht als Bild lesen. Wähle ein PNG, JPEG, GIF oder WebP mit höchstens 12.000 Pixeln je Seite.
account-settings = Einstellungen
account-save-settings = Einstellungen speichern
account-settings-saved = Deine Einstellungen sind gespeichert.
settings-auto = Automatisch
settings-auto-hint = „Automatisch“ richtet sich nach deinem Gerät und deinem Browser.
settings-theme = Farben
settings-theme-light = Hell
settings-theme-dark = Dunkel
settings-language = Sprache
settings-time = Uhrzeit
settings-time-12 = 1:30 PM
settings-time-24 = 13:30
settings-enter = Enter sendet die Nachricht
settings-enter-hint = Sonst beginnt Enter eine neue Zeile. Strg+Enter und ⌘+Enter senden immer.
account-notifications = Benachrichtigungen einrichten
notifications = Benachrichtigungen
notifications-text = natter kann dir neue Nachrichten melden, solange eine seiner Seiten offen ist, aber nicht die eines Raums, den du vor dir hast. Welche, steht in den Einstellungen jedes Raums. Was du hier wählst, gilt für diesen Browser.
notifications-no-script = Benachrichtigungen brauchen JavaScript.
notifications-desktop = Benachrichtigungen auf dem Bildschirm
notifications-sound = Ein leiser Ton
notifications-denied = Dieser Browser blockiert Benachrichtigungen von natter. Erlaube sie in den Einstellungen des Browsers für diese Website: Du findest sie neben der Adresse.
notifications-none = Dieser Browser kann hier keine Benachrichtigungen zeigen. Sie brauchen den Browser eines Computers und eine Adresse, die mit https beginnt.
language-en = English
language-de = Deutsch
sessions = Wo du angemeldet bist
session-device = { $browser } · { $system }
session-unknown = Unbekanntes Gerät
session-current = diese Sitzung
session-same-login = gleiche Anmeldung: endet, wenn du dich abmeldest
session-end = Beenden
session-end-device = Beenden: { $device }
sessions-end-others = Alle anderen beenden
session-ended = Die Sitzung ist beendet.
sessions-ended = Alle anderen Sitzungen sind beendet.
seen-now = gerade aktiv
seen-minutes = { $count ->
    [one] zuletzt aktiv vor { $count } Minute
   *[other] zuletzt aktiv vor { $count } Minuten
}
seen-hours = { $count ->
    [one] zuletzt aktiv vor { $count } Stunde
   *[other] zuletzt aktiv vor { $count } Stunden
}
seen-days = { $count ->
    [one] zuletzt aktiv vor { $count } Tag
   *[other] zuletzt aktiv vor { $count } Tagen
}
account-current-password = Aktuelles Passwort
account-new-password = Neues Passwort
account-new-password-hint = Mindestens 8 Zeichen. Meldet dich überall sonst ab.
account-change-password = Passwort ändern
account-password-changed = Dein Passwort ist geändert. Deine anderen Browser und Tokens sind abgemeldet.
account-delete = Konto löschen
account-delete-text = Das lässt sich nicht rückgängig machen. Deine Nachrichten bleiben unter „gelöschtes Konto“ stehen, wenn du sie nicht auch löschst.
account-delete-messages = Auch meine Nachrichten löschen
account-delete-submit = Mein Konto löschen

## The users page of admins

users = Benutzer
users-search = Suchen
users-search-label = Benutzer suchen
users-search-hint = Nach Benutzername, Name, E-Mail oder Telefon
users-count = { $count ->
    [one] { $count } Benutzer
   *[other] { $count } Benutzer
}
users-found = { $count ->
    [one] { $count } Benutzer gefunden
   *[other] { $count } Benutzer gefunden
}
users-none = Keine Benutzer gefunden
users-new = Neuer Benutzer
users-add = Benutzer anlegen
users-since = Angelegt
users-actions = Aktionen
users-you = (du)
users-edit = Bearbeiten
users-save = Speichern
users-password-hint = Leer: es bleibt, wie es ist. Ein neues meldet den Benutzer überall ab.
users-delete = Löschen
users-delete-text = <b>{ $id }</b> ({ $name }) löschen? Das lässt sich nicht rückgängig machen.
users-delete-messages = Auch die Nachrichten löschen
users-delete-submit = { $id } löschen
users-page = Seite { $page } von { $pages }
users-previous = Zurück
users-next = Weiter
users-last-seen = Zuletzt online
users-messages = Nachrichten
users-more = Mehr
users-less = Weniger
users-tag-disabled = gesperrt
users-link = Anmeldelink
users-link-text = Für alle, die ihr Passwort vergessen haben: gilt einmal, 24 Stunden lang. Ein früherer Link gilt nicht mehr.
users-link-make = Link erzeugen
users-link-for = Anmeldelink für { $id }
users-link-until = Er gilt einmal, bis { $day }, { $time } UTC. Schick ihn niemand anderem. Er steht nur hier.
users-log-out = Überall abmelden
users-log-out-text = Beendet alle Sitzungen und Tokens; ein offener Anmeldelink wird ungültig. Das Passwort bleibt.
users-log-out-submit = Abmelden
users-logged-out = { $id } ist überall abgemeldet.
users-disable = Konto sperren
users-disable-text = Niemand kann sich anmelden, bis es entsperrt wird. Alle Sitzungen enden. Die Nachrichten bleiben.
users-disable-submit = Sperren
users-disabled = { $id } ist gesperrt und überall abgemeldet.
users-enable = Konto entsperren
users-enable-text = Der Benutzer kann sich wieder anmelden.
users-enable-submit = Entsperren
users-enabled = { $id } ist entsperrt.
users-delete-heading = Konto löschen
users-delete-hint = Das lässt sich nicht rückgängig machen. Du wirst vorher gefragt.
# Ein Tag; die Argumente sind Ziffern, mit führenden Nullen.
date = { $day }.{ $month }.{ $year }

## The other pages of admins

admin = Verwaltung
admin-rooms = Offene Räume
admin-rooms-hint = Geschlossene und direkte Räume sind Sache ihrer Mitglieder und stehen nicht hier.
admin-rooms-members = Mitglieder
admin-rooms-latest = Zuletzt aktiv
admin-rooms-settings = Einstellungen
admin-rooms-none = Keine Räume gefunden
audit = Protokoll
audit-hint = Was Admins mit Konten und offenen Räumen getan haben, ein Jahr lang.
audit-time = Zeit
audit-admin = Wer
audit-act = Aktion
audit-none = Keine Einträge.
audit-older = Ältere
audit-latest = Zurück zu den neuesten
audit-user-created = Hat das Konto <b>{ $id }</b> angelegt
audit-user-edited = Hat das Profil von <b>{ $id }</b> geändert
audit-role-changed = Hat die Rolle von <b>{ $id }</b> auf { $role } geändert
audit-password-set = Hat für <b>{ $id }</b> ein neues Passwort gesetzt
audit-user-disabled = Hat <b>{ $id }</b> gesperrt
audit-user-enabled = Hat <b>{ $id }</b> entsperrt
audit-user-logged-out = Hat <b>{ $id }</b> überall abgemeldet
audit-login-link-made = Hat einen Anmeldelink für <b>{ $id }</b> erzeugt
audit-login-link-used = Hat den Anmeldelink für <b>{ $id }</b> benutzt
audit-user-deleted = Hat das Konto <b>{ $id }</b> gelöscht
audit-user-deleted-messages = Hat das Konto <b>{ $id }</b> und seine Nachrichten gelöscht
audit-room-archived = Hat den Raum <b>{ $room }</b> archiviert
audit-room-unarchived = Hat den Raum <b>{ $room }</b> aus dem Archiv geholt
audit-room-deleted = Hat den Raum <b>{ $room }</b> gelöscht
audit-room-role-changed = Hat die Rolle von <b>{ $id }</b> im Raum <b>{ $room }</b> auf { $role } geändert
audit-room-member-removed = Hat <b>{ $id }</b> aus dem Raum <b>{ $room }</b> entfernt
audit-room-renamed = Hat den Raum <b>{ $room }</b> in <b>{ $name }</b> umbenannt
audit-room-topic-changed = Hat das Thema des Raums <b>{ $room }</b> geändert
audit-room-opened = Hat den Raum <b>{ $room }</b> geöffnet
audit-room-closed = Hat den Raum <b>{ $room }</b> geschlossen
audit-room-everyone = Hat alle zu Mitgliedern des Raums <b>{ $room }</b> gemacht
audit-room-not-everyone = Hat beendet, dass alle Mitglieder des Raums <b>{ $room }</b> sind
audit-message-deleted = Hat die fremde Nachricht { $seq } im Raum <b>{ $room }</b> gelöscht
audit-unknown = Etwas, das diese Version nicht kennt, mit <b>{ $id }</b>

## The chat page

chat-messages = Nachrichten
chat-earlier = Frühere Nachrichten
chat-later = Spätere Nachrichten
chat-latest = Neueste Nachrichten
chat-new = Neue Nachrichten
chat-roster = Wer ist da
chat-message = Nachricht
chat-message-to = An { $room } schreiben
chat-send = Senden
chat-new-line = Neu
room-empty = Hier ist noch nichts. Schreib die erste Nachricht.
room-members = Mitglieder
room-settings-open = Einstellungen des Raums
room-read-only = Dieser Raum ist archiviert. Du kannst ihn lesen, aber niemand schreibt hier mehr.
room-not-joined = Du bist kein Mitglied. Deine erste Nachricht macht dich dazu.
room-mark-read = Als gelesen markieren
room-mark-unread = Ab hier als ungelesen markieren
room-mark-page-unread = Diese Seite als ungelesen markieren
chat-no-script = Ohne JavaScript erscheinen neue Nachrichten, wenn du die Seite <a href="{ $url }">neu lädst</a>.
# Der Absender der eigenen Nachrichten.
you = Du
deleted-user = gelöschtes Konto
roster-count = { $count } online
roster-more = und { $count } weitere
# { $names } ist ein Name, oder mehrere mit Kommas dazwischen.
notice-entered-one = { $names } hat den Chat betreten
notice-entered-several = { $names } und { $last } haben den Chat betreten
notice-entered-others = { $names } und { $others } weitere haben den Chat betreten
notice-left-one = { $names } hat den Chat verlassen
notice-left-several = { $names } und { $last } haben den Chat verlassen
notice-left-others = { $names } und { $others } weitere haben den Chat verlassen
# Hinweise im Verlauf eines Raums. { $by } und { $of } sind Namen.
log-joined = { $by } ist beigetreten
log-added = { $by } hat { $of } hinzugefügt
log-removed = { $by } hat { $of } entfernt
log-removed-owner = { $by } hat { $of } entfernt. Der Raum gehört jetzt dem Mitglied, das am längsten dabei ist
log-left = { $by } hat den Raum verlassen
log-left-owner = { $by } hat den Raum verlassen. Er gehört jetzt { $of }
log-owner = { $by } hat { $of } zum Eigentümer gemacht
log-member = { $by } hat { $of } zum Mitglied gemacht
log-renamed = { $by } hat den Raum in „{ $value }“ umbenannt
log-topic = { $by } hat das Thema auf „{ $value }“ gesetzt
log-topic-removed = { $by } hat das Thema entfernt
log-opened = { $by } hat den Raum für alle geöffnet
log-closed = { $by } hat den Raum geschlossen: Nur Mitglieder sehen ihn
log-archived = { $by } hat den Raum archiviert
log-unarchived = { $by } hat den Raum aus dem Archiv geholt
log-everyone = { $by } hat alle zu Mitgliedern gemacht
log-not-everyone = { $by } hat beendet, dass alle Mitglieder sind
# Was eine Antwort von einer Nachricht zeigt, die nicht geladen ist, und von einer gelöschten.
quote-earlier = ↩ frühere Nachricht
quote-deleted = ↩ gelöschte Nachricht
# Neben der Zeit einer bearbeiteten Nachricht.
message-edited = bearbeitet
message-pinned = angeheftet
message-saved = gemerkt
# Was man mit einer Nachricht tun kann, auf ihrer eigenen Seite.
message-edit = Nachricht bearbeiten
message-present = Aktueller Text
message-reply = Antworten
message-pin = Im Raum anheften
message-unpin = Nicht mehr anheften
message-save = Für später merken
message-unsave = Nicht mehr merken
message-delete = Nachricht löschen
message-delete-text = Der Text wird für alle gelöscht. Das lässt sich nicht rückgängig machen.
message-tools = Was du mit dieser Nachricht tun kannst
message-more = Mehr
message-copy-text = Text kopieren
message-copy-link = Link kopieren
message-open = Auf eigener Seite öffnen
message-replying = Antwort auf „{ $name }: { $text }“
message-editing = Eine Nachricht wird bearbeitet
message-back = Zurück zur Nachricht
message-gone = Diese Nachricht ist gelöscht, oder hier war nie eine.
message-around = Nachrichten in der Nähe zeigen
reactions = Reaktionen
reaction-other = Ein anderes Emoji, oder sein :Name:
reaction-give = Reagieren
thread-open = Thread öffnen
thread-in = Thread in { $room }
thread-write = Im Thread antworten
thread-earlier = Frühere Antworten
thread-latest = Neueste Antworten
files = Dateien
files-of = Dateien in { $room }
files-all = Alle
files-pictures = Bilder
files-others = Andere
files-none = Hier sind keine Dateien.
files-add = Dateien hinzufügen
file-alt = Was ist zu sehen?
file-remove = { $name } entfernen
file-remove-any = {"{name}"} entfernen
file-previous = Voriges Bild
file-next = Nächstes Bild
file-download = Herunterladen
files-waiting = Deine Nachricht wird gesendet, sobald ihre Dateien da sind.
pins = Angeheftete Nachrichten
pins-of = Angeheftet in { $room }
pins-none = Hier ist nichts angeheftet. Im Menü „…“ einer Nachricht kannst du sie anheften.
mentions = Erwähnungen
mentions-none = Dich hat noch niemand erwähnt. Nachrichten mit deinem @Namen erscheinen hier.
mentions-confirm = Trotzdem senden
saved = Gemerkte Nachrichten
saved-none = Du hast dir noch nichts gemerkt. Im Menü „…“ einer Nachricht kannst du sie dir merken.
# Unter einer Nachricht: ein Link zu ihrem Thread.
message-replies = { $count ->
    [one] { $count } Antwort
   *[other] { $count } Antworten
}
# Texte des Skripts der Seite.
not-done = Nichts wurde geändert: Es gibt keine Verbindung. Versuche es später noch einmal.
copied = Kopiert
chat-connection-lost = Verbindung verloren. Wird wiederhergestellt …
chat-offline = Du bist offline. Was du schreibst, wird gesendet, sobald du wieder online bist.
chat-signed-out = Du bist abgemeldet. Was du geschrieben hast, bleibt erhalten.
logged-out = Du bist abgemeldet
logged-out-text = Deine Nachricht wurde nicht gesendet. Melde dich in einem anderen Tab an, komm hierher zurück und sende sie.
chat-log-in-again = Neu anmelden
chat-too-many-tabs = Du hast zu viele Tabs mit dem Chat offen. Schließe einen; dieser verbindet sich dann von selbst.
chat-gone = Diesen Raum gibt es nicht mehr, oder nicht für dich.
chat-sending = wird gesendet …
chat-typing-one = { $name } schreibt …
chat-typing-two = { $name } und { $other } schreiben …
chat-typing-several = Mehrere schreiben …

## Vervollständigung im Nachrichtenfeld, die Emoji zur Auswahl, die Tasten

complete = Vorschläge
complete-room = alle Mitglieder dieses Raums
complete-here = alle; wer online ist, erfährt es sofort
slash-me = Sagen, was du tust
slash-shrug = ¯\_(ツ)_/¯ anhängen
slash-topic = Das Thema ändern
slash-invite = Leute hinzufügen
slash-leave = Diesen Raum verlassen
slash-msg = Jemandem direkt schreiben
emoji = Emoji
emoji-search = Emoji suchen (auf Englisch)
emoji-none = Kein Emoji gefunden
emoji-smileys = Smileys und Gefühle
emoji-people = Menschen
emoji-nature = Tiere und Natur
emoji-food = Essen und Trinken
emoji-travel = Reisen und Orte
emoji-activities = Aktivitäten
emoji-objects = Gegenstände
emoji-symbols = Symbole
emoji-flags = Flaggen
chat-left = { $count } übrig
keys = Tastenkürzel
close = Schließen
keys-ctrl = Strg
keys-shift = Umschalt
keys-writing = Im Nachrichtenfeld
keys-send = die Nachricht senden
keys-send-always = immer senden
keys-break = eine neue Zeile beginnen
keys-complete = Namen, Emoji und, am Anfang, Befehle
keys-take = einen Vorschlag übernehmen
keys-last = im leeren Feld: deine letzte Nachricht bearbeiten
keys-leave = Vorschläge schließen, oder Antworten oder Bearbeiten abbrechen
keys-reading = Bei einer Nachricht
keys-move = zur vorigen oder nächsten Nachricht
keys-to-messages = aus dem leeren Feld zur letzten Nachricht
keys-tools = zu dem, was du mit ihr tun kannst
keys-reply = antworten
keys-edit = die eigene Nachricht bearbeiten
keys-unread = ab hier als ungelesen markieren
keys-back = zurück zum Nachrichtenfeld
keys-everywhere = Überall
keys-switcher = zu einem Raum oder einer Person
keys-next = zum nächsten ungelesenen Raum
keys-search = suchen
keys-read-all = alle Räume als gelesen markieren
keys-this = diese Liste zeigen

## Seiten von Räumen

rooms-search = Räume suchen
rooms-own = Deine Räume
rooms-open = Weitere offene Räume
rooms-none = Keine Räume gefunden
rooms-none-other = Du bist in allen offenen Räumen
rooms-read-all = Alles als gelesen markieren
rooms-read-all-ask = Alle Nachrichten in allen Räumen als gelesen markieren?
rooms-unread = { $count ->
    [one] { $count } ungelesen
   *[other] { $count } ungelesen
}
list-more = Mehr
room-name-hint = 1 bis 80 Zeichen.
room-topic = Thema
room-topic-hint = Worum es im Raum geht; darf leer sein.
room-kind = Wer ihn sieht
room-kind-open = Offen: alle dürfen ihn lesen und treten mit der ersten Nachricht bei
room-kind-closed = Geschlossen: nur Mitglieder, die ein Eigentümer hinzufügt
room-members-first = Erste Mitglieder (optional)
room-members-hint = Benutzernamen, durch Leerzeichen oder Kommas getrennt.
room-create = Raum anlegen
room-save = Speichern
room-saved = Gespeichert.
room-rest-saved = Das Übrige ist gespeichert.
room-settings = Der Raum
room-settings-of = Einstellungen von { $room }
room-own = Für dich
room-level = Benachrichtige mich bei
level-everything = jeder Nachricht
level-mentions = Erwähnungen
level-nothing = nichts
level-hidden = nichts, und verbirg den Raum in meiner Liste
room-star = Mit Stern markieren
room-unstar = Stern entfernen
room-mute = Stummschalten
room-unmute = Nicht mehr stummschalten
room-unhide = In der Liste zeigen
room-join = Beitreten
room-leave = Raum verlassen
room-back = Zurück zu { $room }
room-is-archived = archiviert
room-is-hidden = verborgen
room-archive = Raum archivieren
room-archive-heading = Archivieren
room-archive-text = Einen archivierten Raum kann man lesen und verlassen, aber nicht mehr darin schreiben.
room-unarchive = Archivierung aufheben
room-everyone-off = Du kannst alle zu Mitgliedern machen, auch alle, die sich später anmelden. Sie können den Raum verbergen, aber nicht verlassen.
room-everyone-heading = Alle
room-everyone-on = Alle sind Mitglied dieses Raums, auch alle, die sich später anmelden.
room-everyone-set = Alle zu Mitgliedern machen
room-everyone-end = Verlassen erlauben
room-delete = Raum löschen
room-delete-heading = Löschen
room-delete-hint = Löscht den Raum mit allen Nachrichten, für alle Mitglieder. Du wirst vorher gefragt.
room-delete-of = { $room } löschen?
room-delete-text = <b>{ $room }</b> mit allen Nachrichten und für alle Mitglieder löschen? Das lässt sich nicht rückgängig machen.
room-members-of = Mitglieder von { $room }
room-members-count = { $count ->
    [one] { $count } Mitglied
   *[other] { $count } Mitglieder
}
room-members-many = { $count } oder mehr Mitglieder
room-members-add = Mitglieder hinzufügen
room-members-submit = Hinzufügen
member-acts = Was du mit { $name } tun kannst
member-owner = Eigentümer
member-make-owner = Zum Eigentümer machen
member-make-member = Zum Mitglied machen
member-remove = Entfernen
direct-empty = Hier hat noch niemand geschrieben. Das Gespräch beginnt mit deiner ersten Nachricht.

## Personen

presence-online = online
presence-idle = abwesend
presence-offline = offline
presence-last-seen = zuletzt online am { $day }
people-search = Leute suchen
people-none = Niemanden gefunden
people-message = Nachricht schreiben
people-you = Das bist du.
people-disabled = Dieses Konto ist gesperrt.
people-account = Dein Profil ändern

## The API's page

api = API
api-description = Die JSON-API von natter: Benutzer, Tokens und Nachrichten.
api-intro = Für Programme: <a href="/api/openapi.json">openapi.json</a>. Fehler sind <code>{ "{" }"message": …, "fields": { "{" }…{ "}" }{ "}" }</code>. Ein Aufruf, der ein Token braucht, nimmt es als <code>Authorization: Bearer TOKEN</code>; <code>POST /api/login</code> gibt eines zurück.
api-needs-token = Braucht ein Token.
api-input = Eingabe
api-in = In
api-meaning = Bedeutung

## Error pages

error-400 = Fehlerhafte Anfrage
error-401 = Nicht angemeldet
error-403 = Nicht erlaubt
error-404 = Nicht gefunden
error-405 = Methode nicht erlaubt
error-admins = Nur für Admins
error-409 = Konflikt
error-413 = Zu groß
error-415 = Nicht unterstütztes Format
error-422 = Ungültige Eingabe
error-429 = Zu viele Anfragen
error-500 = Serverfehler
error-503 = Nicht verfügbar
error-other = Fehler
error-token-text = Der Link ist falsch oder älter als eine Stunde. <a href="{ $url }">Melde dich an</a>, um einen neuen zu bekommen.
error-token = Dieser Link funktioniert nicht

## Errors

# Ein Text, der in jeder Sprache gleich ist: was ein Parser einem Programm meldet.
verbatim = { $text }
field-refused = { $field }: { $reason }
fields-refused = Einige Felder brauchen eine Korrektur.
token-mismatch = Das Token passt nicht
signed-out = Du bist abgemeldet. Lade die Seite neu, um dich anzumelden.
wrong-login = Benutzername und Passwort passen nicht zusammen.
account-disabled = Dieses Konto ist gesperrt. Ein Admin kann es entsperren.
admins-only = Diese Seite ist für Admins.
wrong-address = Diese Seite gehört nicht zur Adresse des Chats.
other-site = Diese Anfrage kam von einer anderen Website.
no-such-page = Diese Seite gibt es nicht.
query-refused = Die Adresse hat einen Wert, der nicht passt: { $field }.
no-such-user = Diesen Benutzer gibt es nicht.
no-such-room = Diesen Raum gibt es nicht.
no-such-session = Diese Sitzung gibt es nicht.
method-not-allowed = Diese Adresse nimmt die Methode nicht an.
body-too-large = Die Anfrage ist zu groß. Kürze sie und sende sie noch einmal.
server-busy = Der Server ist ausgelastet. Es wurde nichts geändert; versuche es gleich noch einmal.
server-error = Hier ist etwas schiefgegangen. Versuche es noch einmal; wenn es wieder passiert, sag es dem Betreiber dieses Servers.
database-down = Die Datenbank antwortet nicht. Versuche es gleich noch einmal.
too-many-connections = Deine Adresse hat zu viele Verbindungen zu diesem Server. Schließe einige und versuche es noch einmal.
too-many-attempts-seconds = { $seconds ->
    [one] Zu viele Versuche. Versuche es in { $seconds } Sekunde noch einmal.
   *[other] Zu viele Versuche. Versuche es in { $seconds } Sekunden noch einmal.
}
too-many-attempts-minutes = { $minutes ->
    [one] Zu viele Versuche. Versuche es in { $minutes } Minute noch einmal.
   *[other] Zu viele Versuche. Versuche es in { $minutes } Minuten noch einmal.
}
too-many-messages = Du sendest zu viel zu schnell. Warte einen Moment und versuche es noch einmal.

## Refused fields

user-id-length = Verwende { $min } bis { $max } Zeichen.
user-id-characters = Verwende nur Buchstaben (ohne Umlaute), Ziffern und _ . -
user-id-dots = Verwende mindestens einen Buchstaben oder eine Ziffer.
user-id-reserved = Wähle einen anderen: Mit @room und @here erwähnt man alle.
user-id-taken = Dieser Benutzername ist vergeben. Verwende einen anderen.
name-length = Verwende 1 bis { $max } Zeichen.
name-control-characters = Lass Steuerzeichen und Zeichen für die Schreibrichtung weg.
name-invisible = Verwende mindestens ein sichtbares Zeichen.
name-reserved = „Du“ und „gelöschtes Konto“ (auch auf Englisch) verwendet der Chat selbst. Verwende einen anderen Namen.
email-too-long = Verwende höchstens { $max } Zeichen.
email-format = Verwende eine Adresse wie ada@example.org.
email-taken = Es gibt schon ein Konto mit dieser E-Mail-Adresse.
phone-characters = Verwende nur Ziffern, Leerzeichen und + ( ) -
phone-length = Verwende { $min } bis { $max } Zeichen, oder lass das Feld leer.
password-too-short = Verwende mindestens { $min } Zeichen.
password-too-long = Verwende höchstens { $max } Bytes (Umlaute und Emoji zählen zwei bis vier); dieses hat { $bytes }.
password-nul = Lass das NUL-Zeichen weg.
password-common = Das ist eines der häufigsten Passwörter. Verwende ein anderes.
current-password-wrong = Das ist nicht dein aktuelles Passwort.
own-password = Ändere dein eigenes Passwort unter Konto; dort wird das aktuelle verlangt.
role-unknown = Verwende „member“ oder „admin“.
theme-unknown = Verwende „auto“, „light“ oder „dark“.
language-unknown = Verwende „auto“, „en“ oder „de“.
time-format-unknown = Verwende „auto“, „12“ oder „24“.
last-admin = Das ist der letzte Admin. Mach zuerst jemand anderen zum Admin.
own-account-disabled = Dein eigenes Konto kannst du nicht sperren.
link-disabled = Dieses Konto ist gesperrt. Entsperre es, bevor du einen Link erzeugst.
client-id-format = Verwende 1 bis { $max } Buchstaben, Ziffern, _ und -, für jede Nachricht eine neue (zum Beispiel eine UUID).
client-id-reused = Diese clientID wurde für eine andere Nachricht benutzt. Verwende für jede eine neue.
mentions-many = @{ $name } benachrichtigt { $count } Leute.
slash-unknown = Den Befehl { $name } gibt es nicht. Tippe /, um alle zu sehen, oder // für einen Text, der mit einem Schrägstrich beginnt.
slash-arguments = So lässt sich { $name } nicht verwenden. Dies sind die Befehle: /me Text, /shrug Text, /topic Text, /invite @ada, /leave, /msg @ada Text. Eine Nachricht, die mit einem Schrägstrich beginnt, braucht zwei: //
too-many-files = Eine Nachricht hat höchstens { $max } Dateien.
no-such-upload = Diese Datei ist nicht mehr da, oder eine Nachricht hat sie. Füge sie noch einmal hinzu.
quota-of-user = Deine Dateien bräuchten mehr Platz, als eine Person hier hat. Lösche zuerst welche.
quota-of-server = Auf diesem Server ist kein Platz mehr für Dateien. Frage einen Admin.
file-empty = Eine Datei ohne Inhalt lässt sich nicht senden. Wähle eine andere.
file-too-large = Eine Datei hat höchstens { $max } MiB. Verkleinere sie, oder sende einen Link zu ihr.
too-many-uploads = Du hast viele Dateien hinzugefügt. Warte einen Moment, bevor du die nächste hinzufügst.
upload-interrupted = Die Verbindung brach ab, während eine Datei gesendet wurde. Sende sie noch einmal.
storage-full = Auf diesem Server ist kein Platz mehr. Nichts wurde gespeichert; sag es einem Admin.
no-such-file = Diese Datei ist nicht da: Ihre Nachricht wurde gelöscht, oder sie wurde daraus entfernt.
slash-with-files = Ein Befehl nimmt keine Dateien. Entferne sie, oder sende einen Text.
alt-too-long = Verwende höchstens { $max } Zeichen.
message-empty = Schreib erst etwas.
message-too-long = Eine Nachricht hat höchstens { $max } Zeichen; diese hat { $length }. Teile sie.

## Changes of messages and rooms that are refused

room-unchanged = Es ist schon so.
no-such-message = Diese Nachricht gibt es nicht.
message-deleted = Diese Nachricht ist gelöscht.
change-not-allowed = Das darfst du nicht ändern.
join-first = Das dürfen nur Mitglieder. Tritt dem Raum zuerst bei.
edit-stale = Die Nachricht wurde inzwischen geändert. Bearbeite den aktuellen Text.
too-many-emoji = Eine Nachricht hat höchstens { $max } verschiedene Emoji. Nimm eines, das schon da ist.
too-many-pins = Ein Raum hat höchstens { $max } angeheftete Nachrichten. Löse zuerst eine davon ab.
emoji-unknown = Verwende ein Emoji.
notice-unchangeable = Ein Hinweis lässt sich nicht ändern und nicht beantworten.
room-archived = Dieser Raum ist archiviert. Er lässt sich nur lesen.
room-direct = Die Mitglieder eines direkten Raums ändern sich nie, und er bleibt direkt.
room-everyone = Alle sind Mitglied dieses Raums: niemand kann ihn verlassen, und er kann nicht geschlossen oder archiviert werden.
no-such-member = Dieser Benutzer ist kein Mitglied des Raums.
last-owner = Das ist der letzte Eigentümer des Raums. Mach zuerst jemand anderen zum Eigentümer.
room-lobby = Die Lobby kann nicht gelöscht werden, und alle sind immer Mitglied.
room-not-open = Nur ein offener Raum kann alle als Mitglieder haben.
room-name-taken = Ein anderer offener Raum heißt schon so. Wähle einen anderen Namen.
topic-too-long = Nimm höchstens { $max } Zeichen.
about-too-long = Nimm höchstens { $max } Zeichen.
too-many-rooms = Es gibt { $max } Räume, und mehr können es nicht sein. Frage einen Admin.
too-many-new-rooms = Du kannst { $max ->
    [one] einen Raum
   *[other] { $max } Räume
} in der Stunde anlegen. Warte eine Weile und versuche es noch einmal.
too-many-members = Ein Raum hat höchstens { $max } Mitglieder.
too-many-joins = Du kannst { $max ->
    [one] einmal
   *[other] { $max } Mal
} in der Minute einem Raum beitreten oder Mitglieder hinzufügen. Warte kurz und versuche es noch einmal.
too-many-own-rooms = Du bist in { $max } Räumen, und mehr können es nicht sein. Verlasse zuerst einen.
too-many-rooms-of-user = { $user } ist in { $max } Räumen, und mehr können es nicht sein.
admins-create-rooms = Hier legen nur Admins Räume an.
room-kind-unknown = Verwende „open“ oder „closed“.
too-many-named = Nenne höchstens { $max } Leute.
no-such-user-named = Es gibt niemanden mit dem Benutzernamen { $user }.
user-is-disabled = Das Konto { $user } ist gesperrt.
direct-members = Ein direktes Gespräch hat höchstens { $max } Mitglieder, dich eingeschlossen.
level-unknown = Verwende „everything“, „mentions“, „nothing“ oder „hidden“.
member-role-unknown = Verwende „owner“ oder „member“.

search = Suche
search-messages = Alle Nachrichten durchsuchen
search-in-room = { $room } durchsuchen
search-order = Reihenfolge
search-newest = Neueste
search-best = Beste
search-none = Nichts gefunden. Versuche es mit weniger Wörtern oder nur dem Anfang eines Wortes.
search-indexing = { $percent } % der Nachrichten sind schon zu finden; der Rest folgt.
search-timed-out = Die Suche hat zu lange gedauert, Nachrichten können fehlen. Füge ein Wort, einen Raum oder einen Tag hinzu.
search-filters = Filter
search-without = { $filter } entfernen
search-from = Gesendet von
search-in = Im Raum
search-after = Nach dem
search-before = Vor dem
search-has = Mit
search-is = Art
search-any = alle
search-has-file = einer Datei
search-has-image = einem Bild
search-has-link = einem Link
search-has-code = Code
search-is-pinned = angeheftet
search-is-mine = von mir
search-is-reply = eine Antwort
search-example-words = Nachrichten mit beiden Wörtern, in beliebiger Reihenfolge; das letzte darf ein Wortanfang sein
search-example-phrase = genau diese Wörter hintereinander
search-example-place = von einer Person, in einem Raum
search-example-days = nach einem Tag und vor einem anderen, in UTC
search-example-has = mit einer Datei, einem Bild, einem Link oder Code
search-example-is = angeheftete Nachrichten, eigene, Antworten
search-example-scripts = Teile von Namen in Code und von Texten ohne Leerzeichen
search-key-from = eine Person
search-key-in = ein Raum
search-key-before = ein Tag, wie 2026-03-01
search-key-after = ein Tag, wie 2026-01-31
search-key-has = file, image, link oder code
search-key-is = pinned, mine oder reply
