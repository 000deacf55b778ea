//! What refusals say: status, error word, and the words for parameters. The reason of each is
//! known, since each request had one defect.

use crate::server::case::requests::request_to;
use crate::server::plan::{self, Working};
use crate::server::probe::heard::Refusal;
use crate::server::probe::prober::Prober;
use crate::server::probe::words::says;
use crate::server::wire::Stopped;
use flexiti_contract::{Check, Rulebook};

/// One more request for each clause about parameters, each with one defect, so that the words for
/// all of them are heard.
pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(foothold) = prober.foothold.clone() else {
        return Ok(());
    };
    let Ok(rulebook) = Rulebook::compile(prober.contract, prober.yardstick.clone()) else {
        return Ok(());
    };
    let working = Working {
        samples: prober.samples.clone(),
        encodings: prober.encodings.clone(),
        ..Working::everything(&rulebook)
    };
    let clauses = prober.contract.clauses.iter();
    for clause in clauses.filter(|c| c.check == Check::Request && c.msg.is_some()) {
        let mut sites = rulebook.sites(&clause.id).iter();
        let site = sites.find(|site| {
            let heard = |refusal: &Refusal| refusal.endpoint == site.endpoint;
            site.endpoint == foothold.endpoint
                && !prober
                    .refusals
                    .iter()
                    .any(|r| heard(r) && says(&rulebook, r) == Some(&clause.id))
        });
        let Some(site) = site else { continue };
        let broken = plan::broken_at(&rulebook, clause, site, &working);
        let Some(broken) = broken.first() else {
            continue;
        };
        let json = prober
            .encodings
            .contains(&crate::server::case::Encoding::Json);
        let request = request_to(site.endpoint, &broken.params, foothold.encoding).or_else(|| {
            let json = json.then_some(crate::server::case::Encoding::Json)?;
            request_to(site.endpoint, &broken.params, json)
        });
        if let Some(request) = request {
            prober.defect(site.endpoint, broken.params.clone(), request)?;
        }
    }
    Ok(())
}
