//! The texts of the pages, in both languages.

use flexiti_contract::Lang;

macro_rules! words {
    ($($name:ident: $english:literal, $french:literal;)+) => {
        /// Every text of the pages in one language.
        #[derive(Debug)]
        pub struct Words { pub lang: Lang, $(pub $name: &'static str,)+ }

        /// English.
        pub const ENGLISH: Words = Words { lang: Lang::En, $($name: $english,)+ };
        /// French.
        pub const FRENCH: Words = Words { lang: Lang::Fr, $($name: $french,)+ };
        #[cfg(test)]
        const IN_FRENCH: &[&str] = &[$($french),+];
    };
}

/// Selects a text from either language.
pub type Text = fn(&Words) -> &'static str;

impl Words {
    /// The texts in a language.
    pub fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &ENGLISH,
            Lang::Fr => &FRENCH,
        }
    }

    /// An error message that names its field.
    pub fn problem(&self, label: &str, wrong: &str) -> String {
        format!("{label}{}{wrong}", self.says)
    }

    /// An error message to show beside its field, without the field's name.
    pub fn beside(wrong: &str) -> String {
        let mut letters = wrong.chars();
        let first = letters.next().map(char::to_uppercase);
        first.into_iter().flatten().chain(letters).collect()
    }
}

words! {
    checkout: "Financing checkout", "Paiement par financement";
    order: "Order number", "No de commande";
    amount: "Amount", "Montant";
    shop: "Shop", "Marchand";
    merchant_order: "Shop’s order number", "No de commande du marchand";
    summary: "Your order", "Votre commande";
    skip: "Skip to the content", "Aller au contenu";
    cancel: "Cancel this order", "Annuler cette commande";
    back: "Return to the shop", "Retourner au site du marchand";
    close: "You can close this window.", "Vous pouvez fermer cette fenêtre.";
    go_on: "Continue", "Continuer";
    error: "Error", "Erreur";
    errors: "There is a problem", "Il y a un problème";
    colon: ":\u{a0}", "\u{a0}:\u{a0}";
    says: ": ", "\u{a0}: ";
    optional: "optional", "facultatif";
    steps: "Steps", "Étapes";
    step_apply: "Application", "Demande";
    step_sign_in: "Sign in", "Connexion";
    step_confirm: "Confirmation code", "Code de confirmation";
    step_decision: "Decision", "Décision";
    step_plan: "Payment plan", "Plan de paiement";
    step_review: "Review", "Vérification";

    choice_title: "How would you like to pay?", "Comment souhaitez-vous payer?";
    choice_apply: "Apply for credit", "Faire une demande de crédit";
    choice_apply_help: "New here? Fill in a short application and get an answer right away.", "Nouveau client? Remplissez une courte demande et obtenez une réponse immédiate.";
    choice_buy: "Sign in and buy", "Se connecter et acheter";
    choice_buy_help: "Already have an account? Use your card.", "Vous avez déjà un compte? Utilisez votre carte.";

    form_title: "Apply for credit", "Faire une demande de crédit";
    form_help: "All fields are required unless marked optional.", "Tous les champs sont obligatoires, sauf ceux qui portent la mention «\u{a0}facultatif\u{a0}».";
    you: "About you", "À propos de vous";
    home: "Home address", "Adresse du domicile";
    fname: "First name", "Prénom";
    mname: "Middle name", "Deuxième prénom";
    lname: "Last name", "Nom de famille";
    dob: "Date of birth", "Date de naissance";
    dob_hint: "Year-month-day, for example 1988-07-24", "Année-mois-jour, par exemple 1988-07-24";
    email: "E-mail", "Courriel";
    phone_number: "Mobile phone", "Téléphone cellulaire";
    phone_hint: "10 digits, for example 416-555-0123", "10 chiffres, par exemple 514 555-0123";
    address_1: "Street address", "Adresse";
    address_2: "Apartment or unit", "Appartement";
    city: "City", "Ville";
    province: "Province or territory", "Province ou territoire";
    province_choose: "Choose…", "Choisir…";
    postal_code: "Postal code", "Code postal";
    postal_hint: "For example M1M 1M1", "Par exemple H2Y 1C6";
    consent: "I agree to the terms of the credit application and to a credit check.", "J’accepte les conditions de la demande de crédit et j’autorise une vérification de mon dossier de crédit.";
    send: "Send the application", "Envoyer la demande";
    required: "fill in this field", "remplissez ce champ";
    too_long: "too many characters", "trop de caractères";
    unreadable: "some characters are not allowed", "certains caractères ne sont pas permis";
    bad_email: "enter an address such as name@example.com", "entrez une adresse comme nom@example.com";
    bad_phone: "enter 10 digits", "entrez 10 chiffres";
    bad_date: "enter a date such as 1988-07-24", "entrez une date comme 1988-07-24";
    under_age: "you must be 18 or older", "vous devez avoir 18 ans ou plus";
    bad_province: "choose one from the list", "choisissez dans la liste";
    bad_postal: "enter a code such as M1M 1M1", "entrez un code comme H2Y 1C6";
    must_agree: "tick the box to continue", "cochez la case pour continuer";
    consent_name: "Your agreement", "Votre accord";

    pin_title: "Enter your confirmation code", "Entrez votre code de confirmation";
    pin_help: "We sent you a code to confirm your identity.", "Nous vous avons envoyé un code pour confirmer votre identité.";
    pin: "Confirmation code", "Code de confirmation";
    bad_pin: "this code is wrong. Try again.", "ce code est incorrect. Réessayez.";
    tries_left: "Tries left:", "Essais restants\u{a0}:";

    identify_title: "Sign in with your card", "Connectez-vous avec votre carte";
    card: "Card number", "Numéro de carte";
    card_hint: "16 digits", "16 chiffres";
    bad_card: "enter 16 digits", "entrez 16 chiffres";
    no_card: "no account has this card", "aucun compte ne correspond à cette carte";

    plan_title: "Choose your payment plan", "Choisissez votre plan de paiement";
    plan_title_one: "Your payment plan", "Votre plan de paiement";
    plan: "Payment plan", "Plan de paiement";
    plan_change: "Change the payment plan", "Changer de plan de paiement";
    plan_payments: "monthly payments of", "versements mensuels de";
    plan_last: "the last one of", "le dernier de";
    plan_total: "Total", "Total";
    plan_rate: "Annual\u{a0}rate", "Taux\u{a0}annuel";
    plan_fee: "Fee", "Frais";
    plan_none: "No payment plan fits this amount.", "Aucun plan de paiement ne convient à ce montant.";
    bad_plan: "choose a plan", "choisissez un plan";

    confirm_title: "Review and confirm", "Vérifiez et confirmez";
    terms_title: "Terms", "Conditions";
    terms: "You will make the monthly payments above on the same day of each month, the first one a month from today. You may repay at any time without a penalty.", "Vous ferez les versements mensuels ci-dessus le même jour de chaque mois, le premier dans un mois. Vous pouvez rembourser le solde en tout temps, sans pénalité.";
    terms_agree: "I have read the terms and agree to them.", "J’ai lu les conditions et je les accepte.";
    buy: "Buy", "Acheter";

    approved_title: "You are approved", "Votre demande est approuvée";
    approved_buy: "Choose a payment plan to finish your purchase.", "Choisissez un plan de paiement pour terminer votre achat.";
    limit: "Available credit", "Crédit disponible";
    card_number: "Your card number", "Votre numéro de carte";
    pending_title: "We need a little more time", "Il nous faut un peu plus de temps";
    pending: "Your application is being reviewed. We will write to you.", "Votre demande est à l’étude. Nous vous écrirons.";
    declined_title: "We cannot approve your application", "Nous ne pouvons pas approuver votre demande";
    declined: "You can choose another way to pay at the shop.", "Vous pouvez choisir un autre mode de paiement sur le site du marchand.";
    retry_title: "Something went wrong", "Un problème est survenu";
    retry: "Your application could not be processed. Your answers are kept.", "Votre demande n’a pas pu être traitée. Vos réponses sont conservées.";
    again: "Try again", "Réessayer";
    purchased_title: "Thank you for your purchase", "Merci de votre achat";
    purchased: "The shop will now be told.", "Le marchand en sera maintenant informé.";
    refused_title: "The purchase was refused", "L’achat a été refusé";
    refused: "Nothing was charged. You can choose another way to pay at the shop.", "Rien n’a été porté à votre compte. Vous pouvez choisir un autre mode de paiement sur le site du marchand.";
    credit_exceeded: "The amount is over your available credit.", "Le montant dépasse votre crédit disponible.";
    user_not_able_to_purchase: "Your account cannot be used at the moment.", "Votre compte ne peut pas être utilisé en ce moment.";
    tries_exceed: "The confirmation code was wrong too many times.", "Vous avez entré un code de confirmation incorrect à trop de reprises.";
    cancelled_title: "You cancelled this order", "Vous avez annulé cette commande";
    cancelled: "Nothing was charged.", "Rien n’a été porté à votre compte.";
    abandoned_title: "The window was closed", "La fenêtre a été fermée";
    abandoned: "The order was left before its end. Nothing was charged.", "Vous avez quitté la commande avant la fin. Rien n’a été porté à votre compte.";
    expired_title: "This page has timed out", "Cette page a expiré";
    expired: "Go back to the shop and start the checkout again.", "Retournez au site du marchand et recommencez le paiement.";

    gone_title: "This link is not valid", "Ce lien n’est pas valide";
    gone: "Go back to the shop and start the checkout again.", "Retournez au site du marchand et recommencez le paiement.";
    foreign_title: "This form belongs to another order", "Ce formulaire appartient à une autre commande";
    not_due_title: "This step is not available now", "Cette étape n’est pas disponible pour le moment";
    unknown_title: "There is no such page", "Cette page n’existe pas";
    too_large_title: "The form is too large", "Le formulaire est trop volumineux";
    unreadable_title: "The form cannot be read", "Le formulaire est illisible";
    method_title: "This page cannot be used in this way", "Cette page ne peut pas être utilisée de cette façon";
    nothing_changed: "Nothing was changed.", "Rien n’a été modifié.";
    to_order: "Go on with your order", "Poursuivre votre commande";

    sample_fname: "Jordan", "Camille";
    sample_mname: "", "";
    sample_lname: "Smith", "Tremblay";
    sample_dob: "1988-07-24", "1988-07-24";
    sample_email: "jordan.smith@example.com", "camille.tremblay@example.com";
    sample_phone_number: "416-555-0123", "514 555-0123";
    sample_address_1: "1 Main Street", "1, rue Principale";
    sample_address_2: "", "";
    sample_city: "Toronto", "Montréal";
    sample_province: "ON", "QC";
    sample_postal_code: "M1M 1M1", "H2Y 1C6";

    sandbox: "Sandbox", "Bac à sable";
    sandbox_help: "Local imitation for tests: nothing here is a real credit application. This bar is not part of what is imitated.", "Imitation locale pour les tests\u{a0}: rien ici n’est une véritable demande de crédit. Cette barre ne fait pas partie de ce qui est imité.";
    sandbox_more: "test data and outcomes", "données de test et résultats";
    sandbox_fill: "Fill in test data", "Remplir avec des données de test";
    sandbox_pin: "the code to enter is", "le code à entrer est";
    sandbox_keys: "The middle name decides the outcome, for example A-RR_L (approved), P-CREDIT (pending), D-NO_HIT (declined), D-EMAIL_DBL_TIMEOUT (retry).", "Le deuxième prénom détermine la décision, par exemple A-RR_L (approuvée), P-CREDIT (en attente), D-NO_HIT (refusée), D-EMAIL_DBL_TIMEOUT (à réessayer).";
    sandbox_cards: "Cards to sign in with:", "Cartes pour se connecter\u{a0}:";
    sandbox_frozen: "account frozen", "compte gelé";
    sandbox_unknown: "answered as unknown", "traitée comme inconnue";
    sandbox_force: "Force an outcome", "Forcer un résultat";
    force_approved: "Approved", "Approuvée";
    force_pending: "Pending", "En attente";
    force_declined: "Declined", "Refusée";
    force_retry: "Retry", "À réessayer";
    force_purchased: "Purchased", "Achat effectué";
    force_refused: "Purchase refused", "Achat refusé";
    force_cancelled: "Cancelled", "Annulée";
    force_abandoned: "Window closed", "Fenêtre fermée";
    force_expired: "Timed out", "Expirée";
}

/// The provinces and territories: code, English name, French name.
pub const PROVINCES: &[(&str, &str, &str)] = &[
    ("AB", "Alberta", "Alberta"),
    ("BC", "British Columbia", "Colombie-Britannique"),
    ("MB", "Manitoba", "Manitoba"),
    ("NB", "New Brunswick", "Nouveau-Brunswick"),
    ("NL", "Newfoundland and Labrador", "Terre-Neuve-et-Labrador"),
    ("NS", "Nova Scotia", "Nouvelle-Écosse"),
    ("NT", "Northwest Territories", "Territoires du Nord-Ouest"),
    ("NU", "Nunavut", "Nunavut"),
    ("ON", "Ontario", "Ontario"),
    ("PE", "Prince Edward Island", "Île-du-Prince-Édouard"),
    ("QC", "Quebec", "Québec"),
    ("SK", "Saskatchewan", "Saskatchewan"),
    ("YT", "Yukon", "Yukon"),
];

#[cfg(test)]
mod tests {
    use super::{FRENCH, IN_FRENCH, Words};

    #[test]
    fn french_is_that_of_canada_with_one_word_for_one_thing() {
        for text in IN_FRENCH {
            // A non-breaking space belongs before a colon only (Office québécois de la langue
            // française).
            for wrong in [" ?", " !", "\u{a0}?", "\u{a0}!", " ;", "\u{a0};", " :"] {
                assert!(!text.contains(wrong), "{text}");
            }
            for other in [
                "boutique",
                "Boutique",
                "Demander un crédit",
                "magasin",
                "détaillant",
            ] {
                assert!(!text.contains(other), "{other}: {text}");
            }
        }
    }

    #[test]
    fn an_order_has_a_number_and_the_shop_has_its_own() {
        assert_eq!(FRENCH.order, "No de commande");
        assert_eq!(FRENCH.merchant_order, "No de commande du marchand");
        assert_eq!(FRENCH.choice_apply, "Faire une demande de crédit");
        assert_eq!(FRENCH.choice_apply, FRENCH.form_title);
    }

    #[test]
    fn a_text_beside_its_label_begins_as_a_sentence() {
        assert_eq!(Words::beside("écrivez"), "Écrivez");
        assert_eq!(Words::beside(""), "");
    }
}
