using System.Globalization;
using System.Net;
using Kopis.Mail.Smtp;

namespace Kopis.Server.ClientPolicy;

/// <summary>What follows from the lists and DNS names of a client. A refusal is permanent only if
/// no missing answer could change it.</summary>
internal static class ClientJudge
{
    private const int ZonesNamedMax = 3;

    /// <summary>The reply to each recipient; null if mail is accepted.</summary>
    internal static SmtpAnswer? Refusal(
        IPAddress client, ClientSettings settings, Listing listing, NameProof proof)
    {
        string zones = string.Join(", ", listing.Zones.Take(ZonesNamedMax));
        bool isBad = Reaches(listing.Score, settings.Reject);
        if (isBad && Reaches(listing.Least, settings.Reject))
        {
            return new SmtpAnswer($"550 5.7.1 sorry, {client} is listed by {zones}");
        }

        if (settings.NameRule == NameRule.Require && proof == NameProof.Unproven)
        {
            return new SmtpAnswer(
                $"550 5.7.25 sorry, {client} has no name that resolves back to it");
        }

        if (isBad || Reaches(listing.Score, settings.Defer))
        {
            return new SmtpAnswer(
                $"451 4.7.1 sorry, {client} is listed by {zones}; try again later");
        }

        return settings.NameRule is NameRule.Require or NameRule.Defer && proof != NameProof.Proven
            ? new SmtpAnswer($"451 4.7.25 sorry, I find no name that resolves back to {client}")
            : null;
    }

    /// <summary>The field that marks the client's mail; empty if there is nothing to mark.
    /// </summary>
    internal static string Mark(
        IPAddress client, ClientSettings settings, Listing listing, NameProof proof)
    {
        string lists = Reaches(listing.Score, settings.Tag)
            ? string.Create(CultureInfo.InvariantCulture,
                $" score={listing.Score} lists={string.Join(',', listing.Zones)}")
            : "";
        string name = settings.NameRule != NameRule.Tag ? ""
            : proof == NameProof.Unproven ? " name=unproven"
            : proof == NameProof.Unknown ? " name=unknown"
            : "";
        return lists.Length + name.Length == 0 ? "" : $"X-Client-Check: {client}{lists}{name}\n";
    }

    private static bool Reaches(int score, int threshold) => threshold > 0 && score >= threshold;
}
